/** What a Slack message says as plain text, and whom it mentions. */
import { unescapeText } from "./mrkdwn.ts";
import type { SlackBody } from "./wire.ts";

export interface Mentions {
  readonly self: boolean;
  readonly others: boolean;
}

const USER = /<@([UW][A-Z0-9]+)(?:\|([^>]*))?>/gu;
const MAX_NAMES = 10;

/** The people whose names the text needs, without the bot itself. */
export const mentionedUsers = (text: string, selfId: string): string[] =>
  [...new Set([...text.matchAll(USER)].flatMap(([, id]) => id === undefined || id === selfId ? [] : [id]))]
    .slice(0, MAX_NAMES);

export function mentionsOf(text: string, selfId: string): Mentions {
  const ids = [...text.matchAll(USER)].map(([, id]) => id);
  return {
    self: ids.includes(selfId),
    others: ids.some((id) => id !== selfId) || /<!subteam\^/u.test(text),
  };
}

/** The whole text of a message: what was written, or what its attachments say when it was forwarded or a bot's. */
export function rawText({ text, attachments = [] }: SlackBody): string {
  const shared = attachments
    .filter(({ is_share: isShare }) => isShare === true || (text ?? "") === "")
    .map((each) =>
      [each.title, each.text ?? each.fallback].filter((part) => part !== undefined && part !== "").join("\n")
    )
    .filter((part) => part !== "");
  return [text ?? "", ...shared].filter((part) => part !== "").join("\n");
}

/** Slack's tokens as words. A mention of the bot at the start says nothing more than that it was addressed. */
export function plainText(
  raw: string,
  selfId: string,
  nameOf: (userId: string) => string | undefined,
): string {
  const addressed = new RegExp(`^\\s*(?:<@${selfId}(?:\\|[^>]*)?>[\\s,:]*)+`, "u");
  const rest = raw.replace(addressed, "");
  const text = rest.trim() === "" ? raw : rest;
  return text.replaceAll(
    /<([^<>]+)>|&(?:amp|lt|gt);/gu,
    (whole, token: string | undefined) => token === undefined ? unescapeText(whole) : word(token, nameOf),
  ).trim();
}

function word(token: string, nameOf: (userId: string) => string | undefined): string {
  const bar = token.indexOf("|");
  const [target, label] = bar === -1 ? [token, undefined] : [token.slice(0, bar), unescapeText(token.slice(bar + 1))];
  if (target.startsWith("@")) return `@${nameOf(target.slice(1)) || label || target.slice(1)}`;
  if (target.startsWith("#")) return `#${label || target.slice(1)}`;
  if (target.startsWith("!")) return special(target.slice(1), label);
  const url = unescapeText(target);
  const shown = label ?? "";
  // `<http://example.org|example.org>` is a bare address that Slack completed.
  return shown === "" || url === shown || url.replace(/^(?:https?:\/\/|mailto:)/u, "") === shown
    ? url.replace(/^mailto:/u, "")
    : `${shown} (${url})`;
}

function special(name: string, label: string | undefined): string {
  if (label !== undefined && label !== "") return label;
  return `@${name.split("^")[0]}`;
}
