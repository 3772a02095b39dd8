/** One run inside the agent worker, seen from main: its reports to the observer, its tools, its end. */
import type { ImagePart } from "../../schemas/message.ts";
import type { AgentCommand, AgentReport, RunStart } from "../../schemas/worker/agent.ts";
import type { Log } from "../observe/log.ts";
import { ModelError, type ModelObserver } from "./types.ts";

/** Tools of one run that execute at once. */
const MAX_TOOLS = 64;

/** A report that names a run. */
export type RunReport = Extract<AgentReport, { runId: string }>;

export interface WorkerRunOptions {
  readonly runId: string;
  readonly observer: ModelObserver;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly send: (command: AgentCommand) => void;
}

export interface WorkerRun {
  readonly done: Promise<{ readonly aborted: boolean }>;
  /** Sends the start, unless the run has ended before the worker was ready. */
  begin(start: RunStart): void;
  take(report: RunReport): void;
  fail(error: ModelError): void;
}

/**
 * An abort ends the run at once: Stop must not wait for a worker that may be slow. The worker is told, and what it
 * still sends of this run finds nobody.
 */
export function createWorkerRun(options: WorkerRunOptions): WorkerRun {
  const { runId, observer, signal, send, log } = options;
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly aborted: boolean }>();
  const tools = new AbortController();
  let settled = false;
  let running = 0;

  function settle(action: () => void): void {
    if (settled) return;
    settled = true;
    signal.removeEventListener("abort", onAbort);
    tools.abort();
    action();
  }

  function onAbort(): void {
    settle(() => {
      send({ type: "run.abort", runId });
      resolve({ aborted: true });
    });
  }

  function callTool(report: Extract<RunReport, { type: "tool.call" }>): void {
    const { callId, name, args } = report;
    const answer = (text: string, isError: boolean, images: readonly ImagePart[] = []): void => {
      running--;
      const seen = images.length === 0 ? {} : { images: [...images] };
      if (!settled) send({ type: "tool.result", runId, callId, text, isError, ...seen });
    };
    if (++running > MAX_TOOLS) return answer(`Cannot run ${name}: ${MAX_TOOLS} tools run already`, true);
    observer.tool({ id: callId, name, args }, tools.signal).then(
      (result) => answer(result.text, result.isError, result.images),
      (error: unknown) => {
        // The contract says that it never throws; a run must not hang when it does.
        log.error("tool.threw", { runId, tool: name, error });
        answer(`The tool ${name} failed`, true);
      },
    );
  }

  function deliver(report: RunReport): void {
    switch (report.type) {
      case "run.delta":
        return observer.delta(report.kind, report.text);
      case "run.message": {
        const { text, thinking, toolCalls, stopReason, usage } = report;
        const calls = toolCalls.map((call) => ({ id: call.id, name: call.name, arguments: call.arguments }));
        return observer.message({ text, thinking, toolCalls: calls, stopReason, usage });
      }
      case "tool.call":
        return callTool(report);
      case "run.end":
        return settle(() => resolve({ aborted: report.aborted }));
      case "run.error":
        return settle(() => reject(new ModelError(report.kind, report.message, report.retryAfterMs)));
    }
  }

  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });

  return {
    done: promise,
    begin: (start) => {
      if (settled) return;
      try {
        send(start);
      } catch (error) {
        // A value that cannot be cloned: a fault of ours, and it must end this run, not the process.
        log.error("run.not_sent", { runId, error });
        settle(() => reject(new ModelError("unknown", "The gateway could not hand the message to the agent worker")));
      }
    },
    take: (report) => {
      if (settled) return;
      try {
        deliver(report);
      } catch (error) {
        // An observer that fails would otherwise leave the run waiting for ever.
        log.error("run.observer_failed", { runId, error });
        settle(() => {
          send({ type: "run.abort", runId });
          reject(new ModelError("unknown", "The gateway could not record the answer; see its log"));
        });
      }
    },
    fail: (error) => settle(() => reject(error)),
  };
}
