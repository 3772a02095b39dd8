/** Addresses of the contract as Telegram's numbers. */
import type { Target } from "../../schemas/worker/content.ts";
import { ProviderError } from "../runtime/provider.ts";
import { GENERAL_TOPIC } from "./people.ts";

export interface Address {
  /** A number, or `@name` of a public group or channel. */
  readonly chatId: number | string;
  /** For messages: the general topic of a forum is addressed by leaving it out. */
  readonly threadId: number | undefined;
  /** For typing, where the general topic has to be named. */
  readonly typingThreadId: number | undefined;
  readonly replyTo: number | undefined;
}

export function addressOf(target: Target): Address {
  const [chat = "", topic] = target.chatId.trim().replace(/^(?:telegram|tg):/iu, "").split(":topic:", 2);
  const thread = topic ?? target.threadId;
  const threadId = thread === undefined ? undefined : numberOf(thread, "thread");
  return {
    chatId: chatIdOf(chat),
    threadId: thread === GENERAL_TOPIC ? undefined : threadId,
    typingThreadId: threadId,
    replyTo: target.replyToId === undefined ? undefined : numberOf(target.replyToId, "message"),
  };
}

export const messageIdOf = (written: string): number => numberOf(written, "message");

function chatIdOf(written: string): number | string {
  if (/^-?\d{1,16}$/u.test(written)) return Number(written);
  if (/^@[A-Za-z]\w{3,31}$/u.test(written)) return written;
  throw invalid(`Cannot use the chat "${written}": it is neither a number nor an @name`);
}

function numberOf(written: string, what: string): number {
  if (/^\d{1,15}$/u.test(written)) return Number(written);
  throw invalid(`Cannot use the ${what} id "${written}": it is not a number`);
}

export const invalid = (message: string): ProviderError =>
  new ProviderError({ code: "invalid", message, retryable: false, outcome: "not_sent" });
