/** Whether a sender stands in an allow list: ids, numbers and names in the forms that people write them in. */
import type { Sender } from "../../schemas/worker/content.ts";

/** Entries of one list that count; a longer list is cut, so that one message cannot cost a long search. */
const MAX_ENTRIES = 10_000;

/** A list of the configuration: strings and numbers are kept, everything else is passed over. */
export function idList(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MAX_ENTRIES)
    .filter((item): item is string | number => typeof item === "string" || typeof item === "number")
    .map((item) => String(item).trim())
    .filter((item) => item !== "");
}

/** Whether the list lets everybody in. */
export const hasWildcard = (list: readonly string[]): boolean => list.includes("*");

/** Whether an entry names this sender. `*` is no name: who asks for it asks `hasWildcard`. */
export function names(list: readonly string[], sender: Pick<Sender, "id" | "aliases">, channel: string): boolean {
  const forms = new Set([sender.id, ...sender.aliases ?? []].flatMap((form) => formsOf(form, channel)));
  return list.some((entry) => entry !== "*" && formsOf(entry, channel).some((form) => forms.has(form)));
}

/** Whether one of two ids of chats, guilds or teams stands for the other. */
export const sameId = (a: string, b: string): boolean => plain(a) === plain(b);

/** Lower case, without `<channel>:`, `user:` and `@`; a number also by its digits. */
function formsOf(written: string, channel: string): string[] {
  const text = plain(written);
  const bare = without(without(text, `${channel}:`), "user:").replace(/^@/u, "");
  // Nothing is left of `@`: it would match every other entry of which nothing is left.
  if (bare === "") return [];
  const digits = phoneDigits(bare);
  return digits === undefined ? [bare] : [bare, digits];
}

const plain = (text: string): string => text.trim().toLowerCase();
const without = (text: string, prefix: string): string =>
  text.startsWith(prefix) && text.length > prefix.length ? text.slice(prefix.length) : text;

/** `+1 (555) 010-4477` as `+15550104477`; undefined for what is no telephone number. */
function phoneDigits(text: string): string | undefined {
  if (!/^\+[\d\s().-]{6,}$/u.test(text)) return undefined;
  return `+${text.replaceAll(/\D/gu, "")}`;
}
