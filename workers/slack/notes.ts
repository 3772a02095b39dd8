/** What happened in a conversation beside messages: one sentence each, for the session and not as a prompt. */
import type { MessageEvent, SlackBody } from "./wire.ts";

const MAX_QUOTE = 400;
export const clip = (text: string): string => text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}…` : text;

/** Messages of these kinds say nothing that a person wrote to anybody. */
export const SILENT_SUBTYPES: ReadonlySet<string> = new Set([
  "message_replied",
  "reply_broadcast",
  "assistant_app_thread",
  "bot_add",
  "bot_remove",
  "bot_enable",
  "bot_disable",
  "pinned_item",
  "unpinned_item",
  "tombstone",
  "channel_convert_to_private",
  "channel_posting_permissions",
  "reminder_add",
  "huddle_thread",
]);

/** A note of a notice that Slack writes into the conversation; undefined: it is no such notice. */
export function noticeOf(event: MessageEvent, who: string): string | undefined {
  switch (event.subtype) {
    case "channel_join":
    case "group_join":
      return `${who} joined`;
    case "channel_leave":
    case "group_leave":
      return `${who} left`;
    case "channel_name":
    case "group_name":
      return `${who} renamed the channel to ${event.name ?? "another name"}`;
    case "channel_topic":
    case "group_topic":
      return event.topic ? `${who} set the topic: ${clip(event.topic)}` : `${who} cleared the topic`;
    case "channel_purpose":
    case "group_purpose":
      return event.purpose ? `${who} set the purpose: ${clip(event.purpose)}` : `${who} cleared the purpose`;
    case "channel_archive":
    case "group_archive":
      return `${who} archived the channel`;
    case "channel_unarchive":
    case "group_unarchive":
      return `${who} opened the channel again`;
    default:
      return undefined;
  }
}

/** Whether an edit changed what was said: link previews come as edits as well. */
export const changed = (now: SlackBody, before: SlackBody | undefined): boolean =>
  before === undefined || (now.text ?? "") !== (before.text ?? "") ||
  (now.files ?? []).length !== (before.files ?? []).length;
