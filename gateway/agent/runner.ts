/**
 * The agent worker as a service: started by the first run, ended after a long idle time, started again after a failure
 * within a budget. A run ends in every case: by itself, by abort, or with the worker.
 */
import { type AgentCommand, AgentReport } from "../../schemas/worker/agent.ts";
import { messageChecker } from "../../schemas/worker/runtime.ts";
import { AGENT_WORKER_URL } from "../../workers/registry.ts";
import type { Config } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { agentPermissions, type WorkerPermissions } from "../supervisor/permissions.ts";
import { createRestartBudget } from "../supervisor/restart_budget.ts";
import { LINK_TIMES, type LinkEnd, type LinkTimes, linkWorker, type WorkerLink } from "../supervisor/worker_link.ts";
import { budgetError, busyError, endedError, startError, stoppedError } from "./errors.ts";
import { ModelError, type ModelObserver, type ModelRequest, type ModelRunner } from "./types.ts";
import { createWorkerRun, type WorkerRun } from "./worker_run.ts";

/** Above every sensible number of lanes; keeps a fault elsewhere from filling the worker. */
const MAX_RUNS = 128;
const IDLE_MS = 10 * 60_000;
const FAILURES = 5;
const FAILURE_WINDOW_MS = 10 * 60_000;

export interface RunnerOptions {
  readonly config: Pick<Config, "models">;
  readonly clock: Clock;
  readonly log: Log;
  /** Another entry than the agent worker's; for tests. */
  readonly workerUrl?: URL;
  readonly permissions?: WorkerPermissions;
  /** Without a run for this long the worker ends. */
  readonly idleMs?: number;
  readonly times?: LinkTimes;
}

export interface RunnerStatus {
  readonly state: "idle" | "running";
  readonly runs: number;
  /** How many workers were started. */
  readonly generation: number;
  readonly failures: number;
  /** Workers that no longer answered; each may still burn a core until the gateway is restarted. */
  readonly wedged: number;
}

export interface AgentRunner extends ModelRunner {
  status(): RunnerStatus;
}

type Link = WorkerLink<AgentReport, AgentCommand>;

export function createModelRunner(options: RunnerOptions): AgentRunner {
  const { config, clock, times = LINK_TIMES, idleMs = IDLE_MS } = options;
  const log = options.log.with({ part: "agent" });
  const runs = new Map<string, WorkerRun>();
  const budget = createRestartBudget(clock, FAILURES, FAILURE_WINDOW_MS);
  const check = messageChecker(AgentReport);
  let link: Link | undefined;
  let cancelIdle = (): void => {};
  let generation = 0;
  let failures = 0;
  let wedged = 0;
  let stopping = false;

  function onEnd(end: LinkEnd): void {
    link = undefined;
    cancelIdle();
    if (end.kind !== "stopped") {
      failures++;
      budget.spend();
    }
    if (end.kind === "wedged") wedged++;
    const error = stopping ? stoppedError() : endedError(end);
    for (const run of [...runs.values()]) run.fail(error);
  }

  function open(): Link {
    const waitMs = budget.waitMs();
    if (waitMs > 0) throw budgetError(FAILURES, waitMs);
    try {
      return link = linkWorker<AgentReport, AgentCommand>({
        url: options.workerUrl ?? AGENT_WORKER_URL,
        name: "agent",
        permissions: options.permissions ?? agentPermissions(config.models.providers),
        generation: ++generation,
        check,
        handle: (report) => {
          if ("runId" in report) runs.get(report.runId)?.take(report);
        },
        onEnd,
        clock,
        log,
        times,
      });
    } catch (error) {
      throw startError(error);
    }
  }

  function idle(): void {
    cancelIdle();
    cancelIdle = clock.after(idleMs, () => link?.stop());
  }

  function launch(request: ModelRequest, observer: ModelObserver, signal: AbortSignal): WorkerRun {
    if (stopping) throw stoppedError();
    if (runs.size >= MAX_RUNS) throw busyError(MAX_RUNS);
    if (runs.has(request.runId)) {
      throw new ModelError("unknown", `Cannot start the run "${request.runId}": a run with this id is under way`);
    }
    cancelIdle();
    const worker = link ?? open();
    const run = createWorkerRun({
      runId: request.runId,
      observer,
      signal,
      log,
      send: (command) => worker.send(command),
    });
    runs.set(request.runId, run);
    // Messages sent before the worker listens would be lost.
    worker.ready.then(() => run.begin({ ...request, type: "run.start" }));
    return run;
  }

  return {
    async run(request, observer, signal) {
      if (signal.aborted) return { aborted: true };
      const run = launch(request, observer, signal);
      try {
        return await run.done;
      } finally {
        runs.delete(request.runId);
        if (runs.size === 0 && link) idle();
      }
    },
    stop() {
      stopping = true;
      cancelIdle();
      link?.stop();
      return Promise.resolve();
    },
    status: () => ({
      state: link ? "running" : "idle",
      runs: runs.size,
      generation,
      failures,
      wedged,
    }),
  };
}
