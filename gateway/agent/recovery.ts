/** After a restart: what the ledger still holds open is run again or ended, so that no session is ever stuck. */
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { Endings } from "./endings.ts";
import type { AcceptedRun, Ledger, LedgerRow } from "./ledger.ts";
import { type Run, type RunState, userMessage } from "./run.ts";

export const RESTARTED = "The gateway was restarted while this run was in progress; send the message again";
const TOO_OLD = "The gateway was not running for a long time and this message had not been answered; send it again";
/** A queued message older than this is not run any more: an answer to a forgotten question does harm. */
const MAX_QUEUED_AGE_MS = 15 * 60_000;

/** Beginnings anew at most: a message that ends the gateway each time must not do so for ever. */
const MAX_REPLAYS = 20;

/**
 * Nobody repeats a message to a bot because its host was restarted, so a channel's run begins anew, unless a tool has
 * changed something already.
 */
export const mayReplay = ({ method, request }: AcceptedRun, acted: boolean): boolean =>
  method === "channel" && !acted && (request.replays ?? 0) < MAX_REPLAYS;

export interface RecoveryDeps {
  readonly ledger: Ledger;
  readonly endings: Endings;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes the run live in the given state. */
  revive(row: LedgerRow, state: RunState): Run;
  /** Puts it into its lane. */
  enqueue(run: Run): void;
}

export function recoverRuns({ ledger, endings, clock, log, revive, enqueue }: RecoveryDeps): void {
  const counts = { queued: 0, ended: 0 };
  for (const found of ledger.open()) {
    const again = found.state === "running" && mayReplay(found, found.request.acted === true);
    const row = again ? ledger.requeue(found) : found;
    if (row.state === "queued" && row.acceptedAt + MAX_QUEUED_AGE_MS > clock.now()) {
      enqueue(revive(row, { at: "queued" }));
      counts.queued++;
      continue;
    }
    const startedAt = row.startedAt ?? row.acceptedAt;
    const run = revive(row, { at: "running", startedAt, sessionId: row.sessionId });
    // The transcript does not hold the message of a run that never started.
    if (row.state === "queued" && (row.request.replays ?? 0) === 0) run.produced.messages.push(userMessage(run));
    endings.error(run, row.state === "queued" ? TOO_OLD : RESTARTED, "restarted");
    counts.ended++;
  }
  if (counts.queued + counts.ended > 0) log.info("runs.recovered", counts);
}
