/** Messages of the contract as bodies of Discord's requests, within Discord's own limits. */
import type { Outbound, Poll, Target } from "../../schemas/worker/content.ts";
import { invalid } from "./errors.ts";
import { MAX_TEXT, toDiscordMarkdown } from "./format.ts";
import type { Settings } from "./settings.ts";

const SUPPRESS_EMBEDS = 1 << 2;
const SILENT = 1 << 12;
const MAX_LABEL = 80;
const MAX_IN_ROW = 5;
const MAX_ROWS = 5;
const MAX_QUESTION = 300;
const MAX_ANSWER = 55;
const MAX_ANSWERS = 10;
const MAX_POLL_HOURS = 768;
const DEFAULT_POLL_HOURS = 24;
const MAX_NONCE = 25;

export type Body = Readonly<Record<string, unknown>>;
type Dress = Pick<Settings, "pingUsers" | "linkPreview">;

/** `@everyone`, `@here` and roles never ring, whatever a model writes; whom a reply answers neither. */
export const allowedMentions = ({ pingUsers }: Pick<Settings, "pingUsers">): Body => ({
  parse: pingUsers ? ["users"] : [],
  replied_user: false,
});

/** Discord cuts nothing: what is too long is refused, so it is refused here with a better sentence. */
export function textOf(text: string | undefined): string {
  const written = toDiscordMarkdown(text ?? "");
  if (written.length > MAX_TEXT) {
    throw invalid(`Cannot send a text of ${written.length} characters: Discord takes ${MAX_TEXT}`);
  }
  return written;
}

export function messageBody(message: Outbound, settings: Dress): Body {
  const text = textOf(message.text);
  const { media, buttons } = message;
  if (text.trim() === "" && media === undefined) throw invalid("Cannot send a message without text and attachment");
  const flags = (settings.linkPreview && message.linkPreview !== false ? 0 : SUPPRESS_EMBEDS) |
    (message.silent === true ? SILENT : 0);
  return {
    ...(text.trim() === "" ? {} : { content: text }),
    allowed_mentions: allowedMentions(settings),
    ...(flags === 0 ? {} : { flags }),
    ...(buttons === undefined ? {} : { components: rowsOf(buttons) }),
    ...(media === undefined ? {} : { attachments: [{ id: 0, filename: fileNameOf(media) }] }),
  };
}

export const fileNameOf = ({ fileName, mimeType }: NonNullable<Outbound["media"]>): string => {
  const clean = fileName?.replaceAll(/[\p{Cc}/\\]+/gu, "_").trim().slice(0, 200);
  return clean || `file.${/^[\w-]+\/([\w-]+)/u.exec(mimeType)?.[1] ?? "bin"}`;
};

export function pollBody({ question, options, maxSelections, durationHours }: Poll, settings: Dress): Body {
  if (question.length > MAX_QUESTION) throw invalid(`Cannot ask: a question has at most ${MAX_QUESTION} characters`);
  if (options.length > MAX_ANSWERS) throw invalid(`Cannot ask: a poll has at most ${MAX_ANSWERS} answers`);
  const long = options.find((option) => option.length > MAX_ANSWER);
  if (long !== undefined) throw invalid(`Cannot offer "${long}": an answer has at most ${MAX_ANSWER} characters`);
  return {
    allowed_mentions: allowedMentions(settings),
    poll: {
      question: { text: question },
      answers: options.map((text) => ({ poll_media: { text } })),
      duration: Math.min(durationHours ?? DEFAULT_POLL_HOURS, MAX_POLL_HOURS),
      allow_multiselect: (maxSelections ?? 1) > 1,
      layout_type: 1,
    },
  };
}

/** What makes a repeat safe, and what the message answers to. */
export const placing = (target: Target, nonce: string): Body => ({
  nonce,
  enforce_nonce: true,
  ...(target.replyToId === undefined
    ? {}
    : { message_reference: { message_id: target.replyToId, fail_if_not_exists: false } }),
});

/** The same for every attempt, other for every message: 25 characters of a digest. */
export async function nonceOf(idempotencyKey: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(idempotencyKey));
  return new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true }).slice(0, MAX_NONCE);
}

/** Rows of at most five; longer ones are wrapped. Style 1 is blue, 4 red, 2 grey. */
function rowsOf(buttons: NonNullable<Outbound["buttons"]>): Body[] {
  const rows = buttons.flatMap((row) =>
    Array.from(
      { length: Math.ceil(row.length / MAX_IN_ROW) },
      (_, at) => row.slice(at * MAX_IN_ROW, (at + 1) * MAX_IN_ROW),
    )
  );
  if (rows.length > MAX_ROWS) throw invalid(`Cannot show the buttons: Discord takes ${MAX_ROWS} rows of ${MAX_IN_ROW}`);
  const ids = buttons.flat().map(({ data }) => data);
  if (new Set(ids).size < ids.length) throw invalid("Cannot show the buttons: two of them carry the same data");
  return rows.map((row) => ({
    type: 1,
    components: row.map(({ label, data, style }) => ({
      type: 2,
      style: style === "primary" ? 1 : style === "danger" ? 4 : 2,
      label: label.slice(0, MAX_LABEL),
      custom_id: data,
    })),
  }));
}
