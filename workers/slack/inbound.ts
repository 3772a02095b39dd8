/** Slack's events as events of the contract. Nothing is sent from here; names are looked up. */
import { type Inbound, type InboundMessage, MAX_TEXT } from "../../schemas/worker/content.ts";
import type { Directory } from "./directory.ts";
import { emojiOf } from "./emoji.ts";
import { mediaOf, unavailable } from "./inbound_media.ts";
import { mentionedUsers, mentionsOf, plainText, rawText } from "./inbound_text.ts";
import { changed, clip, noticeOf, SILENT_SUBTYPES } from "./notes.ts";
import { chatOf, type Self, senderOf } from "./people.ts";
import { millisOf } from "./target.ts";
import type { MemberEvent, MessageEvent, PinEvent, ReactionEvent, SlackBody } from "./wire.ts";

export interface Known {
  readonly self: Self;
  readonly directory: Directory;
  hasSpoken(channel: string, threadTs: string): boolean;
}

/** What stands on the envelope. */
export interface Envelope {
  readonly eventId: string;
  readonly teamId: string | undefined;
}

/** Why nothing came of an event. */
export type Nothing = { readonly ignored: string };
export type Mapped = Inbound | Nothing;
const nothing = (ignored: string): Nothing => ({ ignored });

/** A message reply stands in its thread; the first message of a thread stands in the channel. */
const threadOf = ({ thread_ts: thread, ts }: Pick<SlackBody, "thread_ts" | "ts">): string | undefined =>
  thread === undefined || thread === ts ? undefined : thread;

export async function messageEvent(event: MessageEvent, envelope: Envelope, known: Known): Promise<Mapped> {
  if (event.subtype === "message_changed") return await edited(event, envelope, known);
  if (event.subtype === "message_deleted") return await deleted(event, envelope, known);
  if (event.hidden === true || (event.subtype !== undefined && SILENT_SUBTYPES.has(event.subtype))) {
    return nothing(event.subtype ?? "hidden");
  }
  const placed = await place(event, event, envelope, known);
  if (!placed) return nothing("no sender");
  const notice = noticeOf(event, placed.sender.name ?? placed.sender.id);
  if (notice !== undefined) {
    if (placed.sender.isSelf) return nothing("own notice");
    return { ...placed, kind: "note", dedupeKey: `notice:${event.channel}:${event.ts}`, text: notice };
  }
  const said = await textOf(event, known);
  const media = mediaOf(event.files);
  const text = [said.text, ...unavailable(event.files)].filter((part) => part !== "").join("\n");
  if (text === "" && media.length === 0) return nothing("empty");
  const direct = placed.chat.kind === "direct";
  return {
    ...placed,
    kind: "message",
    // A mention comes as `message` and as `app_mention`: one and the same to us.
    dedupeKey: `message:${event.channel}:${event.ts}`,
    messageId: event.ts,
    text: text.slice(0, MAX_TEXT),
    mentioned: direct || said.mentions.self,
    ...(said.mentions.others ? { mentionsOthers: true } : {}),
    ...replyOf(event, known),
    media,
  };
}

type Base = Pick<InboundMessage, "chat" | "sender" | "timestamp">;

/** Where and by whom. `said`: the message that it is about. */
async function place(
  event: MessageEvent,
  said: SlackBody,
  { teamId }: Envelope,
  { self, directory }: Known,
): Promise<Base | undefined> {
  const { channel, channel_type: channelType } = event;
  const [conversation, sender] = await Promise.all([
    directory.conversation(channel),
    senderOf(said, self, directory),
  ]);
  if (!sender) return undefined;
  const chat = chatOf({ channel, channelType, threadTs: threadOf(said), teamId }, conversation, {
    name: sender.isSelf ? undefined : sender.name,
    handle: undefined,
    isBot: false,
  });
  return { chat, sender, timestamp: millisOf(event.ts) };
}

async function textOf(body: SlackBody, { self, directory }: Known) {
  const raw = rawText(body);
  const ids = mentionedUsers(raw, self.userId);
  const people = await Promise.all(ids.map(async (id) => [id, (await directory.person(id)).name] as const));
  const names = new Map(people);
  const own = (await directory.person(self.userId)).name;
  const text = plainText(raw, self.userId, (id) => id === self.userId ? own : names.get(id));
  return { text, mentions: mentionsOf(raw, self.userId) };
}

/** An answer in a thread that is ours, or in which we have spoken, is an answer to us. */
function replyOf(event: MessageEvent, { self, hasSpoken }: Known): Pick<InboundMessage, "replyTo"> {
  const thread = threadOf(event);
  if (thread === undefined) return {};
  const fromSelf = event.parent_user_id === self.userId || hasSpoken(event.channel, thread);
  return { replyTo: { messageId: thread, fromSelf } };
}

async function edited(event: MessageEvent, envelope: Envelope, known: Known): Promise<Mapped> {
  const { message, previous_message: before, channel } = event;
  if (!message || message.ts === undefined || !changed(message, before)) return nothing("nothing was changed");
  const placed = await place(event, message, envelope, known);
  if (!placed || placed.sender.isSelf) return nothing("own edit");
  const { text } = await textOf(message, known);
  return {
    ...placed,
    kind: "note",
    dedupeKey: `edit:${channel}:${message.ts}:${message.edited?.ts ?? event.ts}`,
    text: `${placed.sender.name ?? placed.sender.id} edited message ${message.ts}: "${clip(text)}"`,
  };
}

async function deleted(event: MessageEvent, envelope: Envelope, known: Known): Promise<Mapped> {
  const { previous_message: before, deleted_ts: ts, channel } = event;
  if (!before || ts === undefined) return nothing("nobody knows what was deleted");
  const placed = await place(event, before, envelope, known);
  if (!placed || placed.sender.isSelf) return nothing("own deletion");
  const text = `${placed.sender.name ?? placed.sender.id} deleted message ${ts}`;
  return { ...placed, kind: "note", dedupeKey: `delete:${channel}:${ts}`, text };
}

/** `added` false: it was taken away. */
export async function reactionEvent(event: ReactionEvent, envelope: Envelope, known: Known): Promise<Mapped> {
  const { channel, ts } = event.item;
  if (event.item.type !== "message" || channel === undefined || ts === undefined) return nothing("no message");
  const base = await simple(event.user, channel, event.event_ts, envelope, known);
  if (!base) return nothing("no sender");
  return {
    ...base,
    kind: "reaction",
    dedupeKey: `event:${envelope.eventId}`,
    messageId: ts,
    emoji: emojiOf(event.reaction),
    added: event.type === "reaction_added",
    ...(event.item_user === undefined ? {} : { onOwnMessage: event.item_user === known.self.userId }),
  };
}

export async function pinEvent(event: PinEvent, envelope: Envelope, known: Known): Promise<Mapped> {
  const base = event.user && await simple(event.user, event.channel_id, event.event_ts, envelope, known);
  if (!base || base.sender.isSelf) return nothing("own or unknown");
  const what = event.item?.message?.text ? `: "${clip(event.item.message.text)}"` : "";
  const verb = event.type === "pin_added" ? "pinned" : "unpinned";
  const text = `${base.sender.name ?? base.sender.id} ${verb} a message${what}`;
  return { ...base, kind: "note", dedupeKey: `event:${envelope.eventId}`, text };
}

/** Only the bot's own coming and going: other people's stand as notices among the messages. */
export async function memberEvent(event: MemberEvent, envelope: Envelope, known: Known): Promise<Mapped> {
  if (event.user !== known.self.userId) return nothing("stands among the messages");
  const base = await simple(event.inviter ?? event.user, event.channel, event.event_ts, envelope, known);
  if (!base) return nothing("no sender");
  const text = event.type === "member_joined_channel" ? "The bot was added" : "The bot was removed";
  return { ...base, kind: "note", dedupeKey: `event:${envelope.eventId}`, text };
}

async function simple(
  user: string,
  channel: string,
  at: string | undefined,
  { teamId }: Envelope,
  { self, directory }: Known,
): Promise<Base | undefined> {
  const [conversation, sender] = await Promise.all([
    directory.conversation(channel),
    senderOf({ user }, self, directory),
  ]);
  const timestamp = at === undefined || !Number.isFinite(Number(at)) ? Date.now() : millisOf(at);
  return sender && { chat: chatOf({ channel, teamId }, conversation), sender, timestamp };
}
