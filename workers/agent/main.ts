/** Entry of the agent worker. */
import "../runtime/bootstrap.ts";
import { AgentCommand, type AgentReport } from "../../schemas/worker/agent.ts";
import { messageChecker } from "../../schemas/worker/runtime.ts";
import { openWorkerPort } from "../runtime/port.ts";
import { loadEngine } from "./engine.ts";
import { createRuns } from "./runs.ts";

const port = openWorkerPort<AgentCommand, AgentReport>(
  messageChecker(AgentCommand),
  createRuns((report) => port.post(report), (start) => loadEngine(start.target.api)),
);
port.post({ type: "ready" });
