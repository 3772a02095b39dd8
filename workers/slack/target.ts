/** Addresses of the contract as Slack's. */
import type { Target } from "../../schemas/worker/content.ts";
import type { Api } from "./api.ts";
import { invalid, toProviderError } from "./errors.ts";
import { ProviderError } from "../runtime/provider.ts";
import { checker } from "../../schemas/validate.ts";
import { Opened } from "./wire.ts";

const checkOpened = checker(Opened);
const MAX_OPENED = 512;

export interface Address {
  /** A conversation's id, or `#name` of a public channel. */
  readonly channel: string;
  readonly threadTs: string | undefined;
}

/** Finds the conversation of a target; direct chats with people are opened once. */
export type Resolve = (target: Target, signal: AbortSignal) => Promise<Address>;

export function createResolve(api: Api): Resolve {
  const opened = new Map<string, string>();
  return async (target, signal) => {
    const written = target.chatId.trim().replace(/^slack:/iu, "").replace(/^(?:channel|user|group):/iu, "");
    const thread = target.threadId ?? target.replyToId;
    const threadTs = thread === undefined ? undefined : tsOf(thread, "thread");
    if (/^#[\p{L}\p{N}_.-]{1,80}$/u.test(written) || /^[CGD][A-Z0-9]{2,30}$/u.test(written)) {
      return { channel: written, threadTs };
    }
    if (!/^[UW][A-Z0-9]{2,30}$/u.test(written)) {
      throw invalid(`Cannot use the chat "${target.chatId}": it is neither a conversation nor a user of Slack`);
    }
    const known = opened.get(written);
    if (known !== undefined) return { channel: known, threadTs };
    try {
      const { channel } = await api.call("conversations.open", { users: written }, checkOpened, { signal });
      if (opened.size >= MAX_OPENED) opened.clear();
      opened.set(written, channel.id);
      return { channel: channel.id, threadTs };
    } catch (error) {
      // Nothing was said yet, whatever became of the answer.
      throw new ProviderError({ ...toProviderError(error).error, outcome: "not_sent" });
    }
  };
}

/** A message's id, which is its time. */
export function tsOf(written: string, what: string): string {
  if (/^\d{1,12}\.\d{1,9}$/u.test(written)) return written;
  throw invalid(`Cannot use the ${what} id "${written}": it is not a message of Slack`);
}

export const millisOf = (ts: string): number => Math.max(0, Math.round(Number(ts) * 1000));
