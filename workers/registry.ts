/** The worker entry points, for the supervisor. URLs only: nothing of a worker's code is loaded by main. */

/** The agent worker: model access and the tool loop. Speaks `schemas/worker/agent.ts`. */
export const AGENT_WORKER_URL = new URL("./agent/main.ts", import.meta.url);
