/** The names of chats: `service;-;person` for two, `service;+;chat` for more. */
import type { ChatKind } from "../../schemas/worker/content.ts";

const FORM = /^[^;]+;([+-]);(.+)$/u;

/** Undefined when the text is no chat's name: whether it is a group must never be guessed. */
export function readChatGuid(guid: string): { readonly kind: ChatKind; readonly identifier: string } | undefined {
  const [, sign, identifier] = FORM.exec(guid) ?? [];
  if (identifier === undefined) return undefined;
  return { kind: sign === "+" ? "group" : "direct", identifier };
}

/** A telephone number by its digits, an address in lower case: the forms that allow lists hold. */
export function handleOf(written: string): string {
  const text = written.trim().replace(/^(?:imessage|sms|auto|tel|mailto):/iu, "");
  return /^\+?[\d\s().-]+$/u.test(text) ? text.replaceAll(/[\s().-]/gu, "") : text.toLowerCase();
}
