/** What happens to a message that finds its session busy: modes, caps and overflow (sessions facts, section 5). */
import type { Config, QueueMode } from "../config/types.ts";
import type { TurnPlan } from "../session/lane.ts";
import type { SessionEntry } from "../session/types.ts";
import type { Run } from "./run.ts";

export interface QueueSettings {
  readonly mode: QueueMode;
  readonly debounceMs: number;
  readonly cap: number;
  readonly drop: "summarize" | "old" | "new";
}

/** The message's own wish goes first, then the session, the channel, the configuration. */
export function queueSettings(
  config: Config,
  entry: SessionEntry,
  channel: string,
  wish: QueueMode | undefined,
): QueueSettings {
  const { queue } = config;
  return {
    mode: wish ?? entry.queueMode ?? queue.byChannel[channel] ?? queue.mode,
    debounceMs: entry.queueDebounceMs ?? queue.debounceMsByChannel?.[channel] ?? queue.debounceMs,
    cap: entry.queueCap ?? queue.cap,
    drop: entry.queueDrop ?? queue.drop,
  };
}

/**
 * The next turn of a session: messages that may merge and stand together at the front become one turn, after a pause in
 * which no further one came; anything else runs by itself and at once.
 */
export function planTurn(queue: readonly Run[], debounceMs: (run: Run) => number): TurnPlan {
  const place = placeOf(queue[0]);
  const end = queue.findIndex((run) => !run.facts.request.merge || placeOf(run) !== place);
  const count = end < 0 ? queue.length : end;
  const newest = queue[count - 1];
  if (!newest) return { count: 1, notBefore: 0 };
  // A message behind the group that cannot merge ends the waiting: nothing can join the group any more.
  return { count, notBefore: count < queue.length ? 0 : newest.facts.acceptedAt + debounceMs(newest) };
}

/** Messages with different chats to be answered in never share a turn: one of them would stay unanswered. */
function placeOf(run: Run | undefined): string {
  const reply = run?.facts.request.reply;
  if (!reply) return "";
  const { chatId, threadId, replyHandle } = reply.target;
  return JSON.stringify([reply.channel, reply.accountId, chatId, threadId ?? "", replyHandle ?? ""]);
}

const SUMMARY_CHARS = 140;
const MAX_SUMMARY = 50;

/** The lines that a dropped message leaves in a newer one: those it carried itself, then its own beginning. */
export function summaryOf(dropped: Run): string[] {
  const { message, images, summary } = dropped.facts.request;
  const text = message.replaceAll(/\s+/gu, " ").trim();
  const cut = text.length > SUMMARY_CHARS ? `${text.slice(0, SUMMARY_CHARS)}…` : text;
  const line = images.length === 0 ? cut : `${cut} (with ${images.length} image${images.length === 1 ? "" : "s"})`;
  return [...summary, line.trim()].slice(-MAX_SUMMARY);
}
