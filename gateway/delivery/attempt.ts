/** One attempt at one row: committed before the call, judged after it. */
import type { ReplyValue } from "../../schemas/worker/channel.ts";
import type { Log } from "../observe/log.ts";
import type { ChannelRequest, Channels } from "../supervisor/types.ts";
import { type Drafts, failureOf } from "./drafts.ts";
import { type GiveUp, giveUp } from "./give_up.ts";
import type { FullRow, OutboxRows, StoredReceipt } from "./outbox_rows.ts";
import type { PolicyOf } from "./policy.ts";
import { isRepeatSafe, judge } from "./retry.ts";
import type { Trail } from "./types.ts";

const CALL_MS = 30_000;
const MEDIA_CALL_MS = 120_000;
/** Wait between giving a draft up and sending the answer by itself. */
const AT_ONCE = { afterMs: 0, counted: false, error: undefined, duplicate: false, unresolved: false } as const;

export interface AttemptDeps {
  readonly rows: OutboxRows;
  readonly channels: Pick<Channels, "request" | "account">;
  readonly drafts: Drafts;
  readonly trail: Trail;
  readonly policy: PolicyOf;
  readonly log: Log;
  /** 0 to 1. */
  readonly random: () => number;
  readonly notifyOwner: (event: GiveUp) => void;
  /** True once the database may be closed: results are not written any more, recovery judges them. */
  readonly stopped: () => boolean;
}

/** What the call does: a new message, the final text of a draft, or a repeat that finds out a draft's id. */
type Plan =
  | { readonly how: "send" }
  | { readonly how: "edit"; readonly draft: FullRow; readonly messageId: string }
  | { readonly how: "find_draft"; readonly draft: FullRow };

/** Sends the row. Returns for how long the whole account must be left alone. Rejects only on a broken database. */
export async function attempt(deps: AttemptDeps, id: string): Promise<{ readonly pauseAccountMs: number }> {
  const queued = deps.rows.get(id);
  // A draft's call that is still under way could overtake the answer and put an old text over it.
  if (queued) await deps.drafts.idle(queued.groupId);
  const row = deps.stopped() ? undefined : deps.rows.get(id);
  if (row?.state !== "queued") return { pauseAccountMs: 0 };
  const plan = planOf(deps, row);
  begin(deps, row, plan);
  if (plan.how === "edit" && plan.draft.message.text === row.message.text) {
    succeed(deps, row, plan, { kind: "ok" });
    return { pauseAccountMs: 0 };
  }
  try {
    const deadline = row.media === undefined ? CALL_MS : MEDIA_CALL_MS;
    const value = await deps.channels.request(row.channel, row.accountId, requestOf(row, plan), deadline);
    if (!deps.stopped()) succeed(deps, row, plan, value);
    return { pauseAccountMs: 0 };
  } catch (error) {
    return deps.stopped() ? { pauseAccountMs: 0 } : fail(deps, row, plan, error);
  }
}

function planOf({ rows, drafts, policy }: AttemptDeps, row: FullRow): Plan {
  const { text, media, buttons, poll } = row.message;
  const draft = drafts.of(row.groupId, row.part);
  if (draft === undefined || text === undefined || media !== undefined || buttons !== undefined || poll !== undefined) {
    return { how: "send" };
  }
  const messageId = draft.receipt?.messageIds[0];
  if (draft.state === "sent" && messageId !== undefined) return { how: "edit", draft, messageId };
  const safe = isRepeatSafe({ keyAgeMs: keyAge(draft, rows.clock.now()) }, policy(row.channel, row.accountId));
  return draft.state === "unknown" && safe ? { how: "find_draft", draft } : { how: "send" };
}

/** Milliseconds since the first call with this row's key. */
export const keyAge = (row: FullRow, now: number): number => now - (row.firstAttemptAt ?? now);

function begin({ rows, trail }: AttemptDeps, row: FullRow, plan: Plan): void {
  rows.db.transaction(() => {
    rows.attempting(row.id);
    trail.add(row.id, "outbox.attempting", { attempt: row.attempts + 1, how: plan.how, part: row.part });
  });
}

function requestOf(row: FullRow, plan: Plan): ChannelRequest {
  const { target, text, poll, media, source: _, ...rest } = row.message;
  if (plan.how === "edit") return { type: "edit", target, messageId: plan.messageId, text: text ?? "" };
  const idempotencyKey = plan.how === "find_draft" ? plan.draft.id : row.id;
  if (poll !== undefined) return { type: "poll", poll: { ...poll, target, idempotencyKey } };
  const attachment = media && { media: { ...media, data: new Uint8Array(row.media ?? new Uint8Array()) } };
  const repeat = plan.how === "find_draft" || row.unresolved ? { repeat: true } : {};
  return {
    type: "send",
    message: { ...rest, ...attachment, ...(text === undefined ? {} : { text }), target, idempotencyKey, ...repeat },
  };
}

function succeed(deps: AttemptDeps, row: FullRow, plan: Plan, value: ReplyValue): void {
  const { rows, trail } = deps;
  const receipt = receiptOf(row, plan, value, rows.clock.now());
  rows.db.transaction(() => {
    if (plan.how === "find_draft") {
      rows.sent(plan.draft.id, receipt);
      rows.requeue(row.id, AT_ONCE);
    } else rows.sent(row.id, receipt);
    const step = plan.how === "find_draft" ? "draft.found" : "outbox.sent";
    trail.add(row.id, step, { messageIds: receipt.messageIds, attempt: row.attempts + 1 });
  });
}

function receiptOf(row: FullRow, plan: Plan, value: ReplyValue, at: number): StoredReceipt {
  if (plan.how === "edit") return { messageIds: [plan.messageId], chatId: row.chatId, at };
  if (value.kind !== "receipt") throw new Error(`a ${plan.how} was answered by ${value.kind}`);
  return { ...value.receipt, ...(value.pollId === undefined ? {} : { pollId: value.pollId }) };
}

function fail(deps: AttemptDeps, row: FullRow, plan: Plan, cause: unknown): { readonly pauseAccountMs: number } {
  const { rows, trail, channels } = deps;
  const error = failureOf(cause);
  const text = `${error.message}${error.platformCode === undefined ? "" : ` (${error.platformCode})`}`;
  trail.add(row.id, "outbox.attempt_failed", {
    code: error.code,
    outcome: error.outcome,
    message: error.message,
    ...(error.platformCode === undefined ? {} : { platformCode: error.platformCode }),
  });
  const now = rows.clock.now();
  const connected = channels.account(row.channel, row.accountId)?.state === "connected";
  const state = { attempts: row.attempts + 1, keyAgeMs: keyAge(row, now), edit: plan.how === "edit", connected };
  const policy = deps.policy(row.channel, row.accountId);
  const verdict = judge(
    error,
    plan.how === "find_draft" ? { ...state, keyAgeMs: keyAge(plan.draft, now) } : state,
    policy,
    deps.random,
  );
  if (plan.how === "edit" && verdict.to === "failed") return abandonDraft(deps, row, plan.draft, text);
  if (verdict.to !== "again") {
    giveUp(deps, row, verdict.to, text);
    return { pauseAccountMs: 0 };
  }
  const unresolved = error.outcome === "unknown" && plan.how === "send";
  rows.requeue(row.id, { ...verdict, error: text, unresolved });
  trail.add(row.id, "outbox.again", { afterMs: verdict.afterMs, possibleDuplicate: verdict.duplicate });
  return { pauseAccountMs: verdict.pauseAccountMs };
}

/** The message is gone or too old to be edited: the answer goes out by itself. */
function abandonDraft({ rows, drafts, trail }: AttemptDeps, row: FullRow, draft: FullRow, error: string) {
  rows.db.transaction(() => {
    drafts.forget(draft);
    rows.requeue(row.id, { ...AT_ONCE, error });
    trail.add(row.id, "draft.abandoned", { error });
  });
  return { pauseAccountMs: 0 };
}
