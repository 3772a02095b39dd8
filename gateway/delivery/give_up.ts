/** The end of a delivery that did not arrive, or may not have: written down, its later parts stopped, the owner told. */
import type { Log } from "../observe/log.ts";
import type { FullRow, OutboxRows } from "./outbox_rows.ts";
import type { Trail } from "./types.ts";

/** What the owner is told. `sentence` says what happened and what can be done. */
export interface GiveUp {
  readonly kind: "delivery.given_up";
  readonly state: "failed" | "unknown" | "expired";
  readonly id: string;
  readonly groupId: string;
  readonly channel: string;
  readonly accountId: string;
  readonly chatId: string;
  readonly inboxId: string | undefined;
  readonly runId: string | undefined;
  readonly sessionKey: string | undefined;
  readonly error: string;
  readonly sentence: string;
  readonly at: number;
}

export interface GiveUpDeps {
  readonly rows: OutboxRows;
  readonly trail: Trail;
  readonly log: Log;
  /** Called within the transaction: what it writes to the same database is committed with the give-up, or not at all. */
  readonly notifyOwner: (event: GiveUp) => void;
}

/** Later parts say so, and a retry of the stopped part takes them along. */
export const STOPPED = "An earlier part of this message was not delivered, so this part was not sent";

/** Ends the row, and what hangs on it, in one commit. A lost answer is never called a failure. */
export function giveUp(deps: GiveUpDeps, row: FullRow, wanted: GiveUp["state"], error: string): void {
  const { rows, trail, log } = deps;
  const state = row.unresolved ? "unknown" : wanted;
  rows.db.transaction(() => {
    rows.finish(row.id, state, error);
    trail.add(row.id, `outbox.${state}`, { error });
    for (const later of rows.group(row.groupId)) {
      if (later.part <= row.part || later.state !== "queued") continue;
      rows.finish(later.id, "failed", STOPPED);
      trail.add(later.id, "outbox.stopped", { part: later.part, after: row.id });
    }
    try {
      deps.notifyOwner(eventOf(row, state, error, rows.clock.now()));
    } catch (cause) {
      log.error("outbox.notify_failed", { id: row.id, error: cause });
    }
  });
  log.warn("outbox.given_up", { id: row.id, channel: row.channel, account: row.accountId, state, error });
}

function eventOf(row: FullRow, state: GiveUp["state"], error: string, at: number): GiveUp {
  const { id, groupId, channel, accountId, chatId, inboxId, runId, sessionKey } = row;
  const where = `to ${chatId} over ${channel} (account ${accountId})`;
  const what = {
    failed: `A message ${where} was not sent: ${error}`,
    expired: `A message ${where} was not sent in time: ${error}`,
    unknown: `A message ${where} may or may not have arrived: ${error}`,
  }[state];
  const next = state === "unknown" ? "Look at the chat, then" : "Then";
  return {
    kind: "delivery.given_up",
    state,
    id,
    groupId,
    channel,
    accountId,
    chatId,
    inboxId,
    runId,
    sessionKey,
    error,
    sentence: `${what}. ${next}: openclaw outbox retry ${id}, or openclaw outbox drop ${id}`,
    at,
  };
}
