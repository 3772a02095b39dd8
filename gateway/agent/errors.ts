/** The sentences of runs that the worker itself could not finish. */
import type { LinkEnd } from "../supervisor/worker_link.ts";
import { ModelError } from "./types.ts";

/** What a run in flight is told when its worker ends. */
export function endedError(end: LinkEnd): ModelError {
  switch (end.kind) {
    case "crashed":
      return new ModelError("unknown", `The agent worker crashed (${end.message}); send the message again`);
    case "wedged":
      return new ModelError("unknown", `The agent worker was ended because ${end.message}; send the message again`);
    case "stopped":
      return new ModelError("unknown", "The agent worker was stopped; send the message again");
  }
}

export const budgetError = (failures: number, waitMs: number): ModelError =>
  new ModelError(
    "unknown",
    `The agent worker failed ${failures} times in a row; look at the log, or try again in ${
      Math.ceil(waitMs / 1000)
    } s`,
    waitMs,
  );

export const startError = (cause: unknown): ModelError =>
  new ModelError(
    "unknown",
    `The agent worker could not be started: ${cause instanceof Error ? cause.message : String(cause)}`,
  );

export const busyError = (limit: number): ModelError =>
  new ModelError("unknown", `${limit} model runs are under way; try again when one has ended`);

export const stoppedError = (): ModelError => new ModelError("unknown", "The gateway is stopping");
