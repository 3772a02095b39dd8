/** Everything that is done to a message or a chat beside sending: edit, delete, react, typing. */
import { checker } from "../../schemas/validate.ts";
import type { Target } from "../../schemas/worker/content.ts";
import type { Api } from "./api.ts";
import { emojiName } from "./emoji.ts";
import { failed, slackCode, toProviderError } from "./errors.ts";
import { MAX_MESSAGE, toMrkdwn } from "./format.ts";
import { type Resolve, tsOf } from "./target.ts";
import { Done } from "./wire.ts";

const checkDone = checker(Done);
/** What Slack shows behind the bot's name. */
const STATUS = "is thinking…";

export interface Shared {
  readonly api: Api;
  readonly resolve: Resolve;
}

/** Replaces the text. Blocks of the old one go with it, for buttons of a question that is answered have no use. */
export async function edit({ api, resolve }: Shared, target: Target, id: string, text: string, signal: AbortSignal) {
  const ts = tsOf(id, "message");
  const mrkdwn = toMrkdwn(text);
  if (mrkdwn.length > MAX_MESSAGE) {
    throw failed("too_large", `Slack edits messages of ${MAX_MESSAGE} characters at most`);
  }
  const { channel } = await resolve(target, signal);
  await carryOut(api, "chat.update", { channel, ts, text: mrkdwn === "" ? " " : mrkdwn, blocks: [] }, signal);
}

/** A message that is gone already is what was wanted. */
export async function remove({ api, resolve }: Shared, target: Target, id: string, signal: AbortSignal) {
  if (/^F[A-Z0-9]{2,30}$/u.test(id)) {
    return await carryOut(api, "files.delete", { file: id }, signal, ["file_not_found"]);
  }
  const ts = tsOf(id, "message");
  const { channel } = await resolve(target, signal);
  await carryOut(api, "chat.delete", { channel, ts }, signal, ["message_not_found"]);
}

/** Adds our reaction, or takes it away; what is so already is no error. */
export async function react(
  { api, resolve }: Shared,
  target: Target,
  id: string,
  emoji: string,
  { remove: isRemoval }: { readonly remove: boolean },
  signal: AbortSignal,
): Promise<void> {
  const name = emojiName(emoji);
  const timestamp = tsOf(id, "message");
  const { channel } = await resolve(target, signal);
  const method = isRemoval ? "reactions.remove" : "reactions.add";
  await carryOut(api, method, { channel, timestamp, name }, signal, ["already_reacted", "no_reaction"]);
}

/** Slack shows it in threads of assistants alone; `unsupported` everywhere else, and then for good. */
export function createTyping({ api, resolve }: Shared) {
  let unavailable: string | undefined;
  return async (target: Target, on: boolean, signal: AbortSignal): Promise<void> => {
    if (unavailable !== undefined) throw failed("unsupported", unavailable);
    if (target.threadId === undefined || target.kind !== "direct") {
      throw failed("unsupported", "Slack shows that somebody writes in threads of direct chats only");
    }
    const { channel, threadTs } = await resolve(target, signal);
    try {
      const args = { channel_id: channel, thread_ts: threadTs, status: on ? STATUS : "" };
      await api.call("assistant.threads.setStatus", args, checkDone, { signal });
    } catch (error) {
      const code = slackCode(error);
      if (code === undefined || !NOT_AN_ASSISTANT.has(code)) throw toProviderError(error);
      unavailable = `Slack shows no status for this app (${code})`;
      throw failed("unsupported", unavailable);
    }
  };
}

const NOT_AN_ASSISTANT = new Set([
  "missing_scope",
  "unknown_method",
  "not_allowed",
  "method_not_supported_for_channel_type",
  "no_permission",
  "access_denied",
]);

/** `fine`: refusals that mean that it is so already. */
async function carryOut(
  api: Api,
  method: string,
  args: Record<string, unknown>,
  signal: AbortSignal,
  fine: readonly string[] = [],
): Promise<void> {
  try {
    await api.call(method, args, checkDone, { signal });
  } catch (error) {
    if (!fine.includes(slackCode(error) ?? "")) throw toProviderError(error);
  }
}
