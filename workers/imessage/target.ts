/** Where a text goes: a chat by its number, guid or identifier, or a person by number or address. */
import type { Target } from "../../schemas/worker/content.ts";
import { invalid } from "./errors.ts";

export interface Place {
  /** Exactly one of imsg's ways to name a chat, and what belongs to it. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The name alone, as an echo carries it. */
  readonly name: string;
}

const CHAT = /^(chat_id|chat_guid|chat_identifier):(.+)$/iu;
const PERSON = /^(?:(imessage|sms|auto):)?(.+)$/iu;

/**
 * A group is its chat number; with `kind` "group" bare digits are one, anywhere else they are a short number that writes
 * text messages. Throws ProviderError for what is neither.
 */
export function placeOf(
  { chatId, kind }: Pick<Target, "chatId" | "kind">,
  { service, region }: { readonly service: string; readonly region: string },
): Place {
  const written = chatId.trim().replace(/^imessage:(?=chat_|.*;)/iu, "");
  const [, form = "", value = ""] = CHAT.exec(written) ?? [];
  if (form.toLowerCase() === "chat_id" || (form === "" && kind === "group" && /^\d+$/u.test(written))) {
    const name = form === "" ? written : value.trim();
    const id = Number(name);
    if (!Number.isSafeInteger(id) || id < 1) throw invalid(`Cannot send to "${written}": chat_id is a number`);
    return { params: { chat_id: id }, name: String(id) };
  }
  if (form !== "") return { params: { [form.toLowerCase()]: value.trim() }, name: value.trim() };
  if (/;[+-];/u.test(written)) return { params: { chat_guid: written }, name: written };
  if (kind === "group") return { params: { chat_identifier: written }, name: written };
  return person(written, service, region);
}

function person(written: string, service: string, region: string): Place {
  const [, asked, value = ""] = PERSON.exec(written) ?? [];
  const to = handleOf(value);
  if (!/^\+?\d{3,15}$/u.test(to) && !/^[^\s@]+@[^\s@]+$/u.test(to)) {
    throw invalid(`Cannot send to "${written}": it is no telephone number, e-mail address or chat`);
  }
  return { params: { to, service: asked?.toLowerCase() ?? service, region }, name: to };
}

/** A telephone number by its digits, an address in lower case: the forms that allow lists hold. */
export function handleOf(written: string): string {
  const text = written.trim().replace(/^(?:imessage|sms|auto|tel|mailto):/iu, "");
  return /^\+?[\d\s().-]+$/u.test(text) ? text.replaceAll(/[\s().-]/gu, "") : text.toLowerCase();
}
