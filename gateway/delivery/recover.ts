/** After a restart: every call that was under way has an open outcome, and each is judged by what its platform can do. */
import { keyAge } from "./attempt.ts";
import type { Drafts } from "./drafts.ts";
import { giveUp, type GiveUpDeps } from "./give_up.ts";
import type { FullRow } from "./outbox_rows.ts";
import type { PolicyOf } from "./policy.ts";
import { judgeInterrupted } from "./retry.ts";

export interface RecoverDeps extends GiveUpDeps {
  readonly drafts: Drafts;
  readonly policy: PolicyOf;
}

const RESTARTED = "The gateway ended while the platform was being called";

/** Each row by itself, so that one that cannot be read keeps no other from being sent. */
export function recoverRows(deps: RecoverDeps): void {
  const { rows, log } = deps;
  const counts = { again: 0, unknown: 0, drafts: 0 };
  for (const row of rows.interrupted()) {
    if (row.class === "draft") {
      rows.finish(row.id, "unknown", RESTARTED);
      counts.drafts++;
    } else counts[recover(deps, row)]++;
  }
  if (counts.again + counts.unknown + counts.drafts > 0) log.info("outbox.recovered", counts);
}

function recover(deps: RecoverDeps, row: FullRow): "again" | "unknown" {
  const { rows, trail, drafts, policy } = deps;
  // With a draft that is there the call was an edit, which may be repeated.
  const edit = drafts.of(row.groupId, row.part)?.state === "sent";
  const interrupted = { keyAgeMs: keyAge(row, rows.clock.now()), edit };
  const verdict = judgeInterrupted(interrupted, policy(row.channel, row.accountId));
  if (verdict.to !== "again") {
    giveUp(deps, row, "unknown", RESTARTED);
    return "unknown";
  }
  rows.db.transaction(() => {
    // A crash uses up an attempt only where each one may add a copy.
    rows.requeue(row.id, { ...verdict, counted: verdict.duplicate, error: RESTARTED, unresolved: !edit });
    trail.add(row.id, "outbox.recovered", { possibleDuplicate: verdict.duplicate, how: edit ? "edit" : "send" });
  });
  return "again";
}
