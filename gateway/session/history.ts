/** What chat.history shows of a transcript, and how it is kept under its cap (methods facts, section 6.1). */
import { Buffer } from "node:buffer";
import type { Message, TextPart, Usage } from "../../schemas/message.ts";
import type { HistoryMessage, UsageView } from "../../schemas/method/history.ts";
import { messageText } from "./title.ts";
import type { StoredMessage } from "./types.ts";

/** Bytes of JSON that one answer may hold in all. */
export const HISTORY_MAX_BYTES = 6 * 1024 * 1024;
/** JSON writes one UTF-16 unit as at most six bytes (`\u0000`). */
const WORST_BYTES_PER_UNIT = 6;
/** Room for the keys around the text of a message that was cut. */
const CUT_OVERHEAD = 2048;

/** UTF-8 bytes of `value` as JSON. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "");

/**
 * The newest of `stored` (oldest first) whose JSON fits into `maxBytes`, oldest first. The newest one is always there:
 * when it is too large alone, its pictures are left out and its text is cut.
 */
export function fitHistory(stored: readonly StoredMessage[], maxBytes: number): HistoryMessage[] {
  const kept: HistoryMessage[] = [];
  let total = 2;
  for (const item of stored.toReversed()) {
    const whole = historyMessage(item);
    const bytes = jsonBytes(whole) + 1;
    if (total + bytes <= maxBytes) {
      kept.push(whole);
      total += bytes;
      continue;
    }
    if (kept.length === 0) kept.push(historyMessage({ ...item, message: shrink(item.message, maxBytes - 2) }, true));
    break;
  }
  return kept.reverse();
}

/** A stored message in its wire form: with its place in the transcript, and usage under the wire's names. */
export function historyMessage({ id, seq, message }: StoredMessage, cut = false): HistoryMessage {
  const __openclaw = { id, seq, ...(cut ? { cut } : {}) };
  if (message.role === "system") return { ...message, __openclaw: { ...message.__openclaw, id, seq } };
  if (message.role !== "assistant") return { ...message, __openclaw };
  const { usage, ...rest } = message;
  return { ...rest, ...(usage ? { usage: usageView(usage) } : {}), __openclaw };
}

function usageView({ input, output, cacheRead = 0, cacheWrite = 0, total }: Usage): UsageView {
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 };
  return { input, output, cacheRead, cacheWrite, totalTokens: total, cost };
}

/** The message in at most `maxBytes` of JSON (some kilobytes at least): as it is, without pictures, or without its end. */
export function shrink(message: Message, maxBytes: number): Message {
  if (jsonBytes(message) + CUT_OVERHEAD <= maxBytes) return message;
  const plain = withoutPictures(message);
  if (jsonBytes(plain) + CUT_OVERHEAD <= maxBytes) return plain;
  const text = messageText(plain);
  const units = Math.max(0, Math.floor((maxBytes - CUT_OVERHEAD) / WORST_BYTES_PER_UNIT));
  return {
    ...plain,
    content: [{ type: "text", text: `${text.slice(0, units).toWellFormed()}\n[cut: too long to show]` }],
  };
}

function withoutPictures(message: Message): Message {
  if (message.role !== "user" && message.role !== "toolResult") return message;
  const content = message.content.map((part): TextPart =>
    part.type === "text" ? part : { type: "text", text: `[${part.mimeType} left out: too large to show]` }
  );
  return { ...message, content };
}
