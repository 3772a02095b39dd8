/** What people do: write, edit, press buttons, react, share places, open topics, move groups. */
import type { BotAccount } from "./methods.ts";
import type { Chat, Message, Person, Room, World } from "./world.ts";

export interface Said {
  readonly updateIds: readonly number[];
  readonly message: Message;
}

export interface SayOptions {
  readonly topic?: number;
  readonly replyTo?: number;
  /** Further keys of the message, such as `forward_origin`. */
  readonly more?: Record<string, unknown>;
}

export interface People {
  person(id: number, first_name: string, username?: string): Person;
  /** A private chat; it has the person's id. */
  direct(person: Person, topics?: readonly number[]): Room;
  group(id: number, title: string, options?: { readonly forum?: boolean; readonly topics?: readonly number[] }): Room;
  channel(id: number, title: string): Room;
  say(room: Room, from: Person, text: string, options?: SayOptions): Said;
  sendFile(
    room: Room,
    from: Person,
    kind: "photo" | "voice" | "audio" | "video" | "document" | "sticker",
    bytes: Uint8Array<ArrayBuffer>,
    info?: Record<string, unknown>,
    options?: SayOptions & { readonly caption?: string },
  ): Said;
  /** Any other content, such as a location. */
  share(room: Room, from: Person, content: Record<string, unknown>, options?: SayOptions): Said;
  edit(room: Room, messageId: number, text: string): void;
  press(room: Room, from: Person, messageId: number, data: string): string;
  react(room: Room, from: Person, messageId: number, before: readonly string[], after: readonly string[]): void;
  migrate(room: Room, newId: number): Room;
  post(room: Room, text: string): Said;
}

export function createPeople(world: World, bots: () => readonly BotAccount[]): People {
  let queries = 0;

  function tell(
    kind: string,
    body: Record<string, unknown>,
    sees: (bot: BotAccount) => boolean = () => true,
  ): number[] {
    return bots().filter(sees).map((bot) => bot.updates.push(kind, body));
  }

  function add(room: Room, from: Person | undefined, rest: Record<string, unknown>, options: SayOptions = {}): Said {
    const { topic, replyTo, more } = options;
    const answered = replyTo === undefined ? undefined : room.messages.get(replyTo);
    const place = topic === undefined || (topic === 1 && room.chat.is_forum)
      ? {}
      : { message_thread_id: topic, is_topic_message: true };
    const reply = answered ? { reply_to_message: withoutReply(answered) } : {};
    const message = world.addMessage(room, from, { ...place, ...reply, ...rest, ...more });
    const kind = room.chat.type === "channel" ? "channel_post" : "message";
    return { message, updateIds: tell(kind, message, (bot) => sees(bot, room, message)) };
  }

  return {
    person: (id, first_name, username) => ({
      id,
      is_bot: false,
      first_name,
      ...(username === undefined ? {} : { username }),
    }),
    direct: ({ id, first_name, username }, topics) =>
      world.addRoom({ id, type: "private", first_name, ...(username === undefined ? {} : { username }) }, topics),
    group(id, title, { forum = false, topics = [] } = {}) {
      const chat: Chat = forum ? { id, type: "supergroup", title, is_forum: true } : { id, type: "group", title };
      return world.addRoom(chat, forum ? [1, ...topics] : topics);
    },
    channel: (id, title) => world.addRoom({ id, type: "channel", title }),
    say: (room, from, text, options) => add(room, from, { text, ...entitiesOf(text) }, options),
    sendFile(room, from, kind, bytes, info = {}, { caption, ...options } = {}) {
      const file = world.addFile(bytes, `${kind}s/file_#.${info["extension"] ?? "bin"}`);
      const { extension: _notSent, ...more } = info;
      const one = { file_id: file.file_id, file_unique_id: file.file_unique_id, file_size: bytes.byteLength, ...more };
      const small = { ...one, file_id: `${file.file_id}small`, file_size: 10, width: 90, height: 60 };
      const content = kind === "photo" ? [small, { width: 1280, height: 853, ...one }] : one;
      return add(room, from, { [kind]: content, ...(caption === undefined ? {} : { caption }) }, options);
    },
    share: add,
    edit(room, messageId, text) {
      const old = room.messages.get(messageId);
      if (!old) throw new Error(`Cannot edit message ${messageId}: it does not exist`);
      const edited = { ...old, text, ...entitiesOf(text), edit_date: world.now() };
      room.messages.set(messageId, edited);
      tell("edited_message", edited);
    },
    press(room, from, messageId, data) {
      const id = `query${++queries}`;
      const message = room.messages.get(messageId);
      const owner = bots().find(({ me }) => me.id === message?.from?.id);
      if (!message || !owner) throw new Error(`Cannot press a button of message ${messageId}: no bot wrote it`);
      owner.queries.add(id);
      owner.updates.push("callback_query", { id, from, message, chat_instance: "1", data });
      return id;
    },
    react(room, from, messageId, before, after) {
      const types = (list: readonly string[]) => list.map((emoji) => ({ type: "emoji", emoji }));
      tell("message_reaction", {
        chat: room.chat,
        message_id: messageId,
        user: from,
        date: world.now(),
        old_reaction: types(before),
        new_reaction: types(after),
      });
    },
    migrate(room, newId) {
      const moved = world.addRoom({ ...room.chat, id: newId, type: "supergroup" });
      add(room, undefined, { from: ANONYMOUS, migrate_to_chat_id: newId });
      room.migratedTo = newId;
      return moved;
    },
    post: (room, text) => add(room, undefined, { sender_chat: room.chat, text, ...entitiesOf(text) }),
  };
}

const ANONYMOUS: Person = { id: 1087968824, is_bot: true, first_name: "Group", username: "GroupAnonymousBot" };

function withoutReply(message: Message): Record<string, unknown> {
  const { reply_to_message: _nested, ...rest } = message;
  return rest;
}

/** Telegram marks commands and mentions by itself. */
function entitiesOf(text: string): Record<string, unknown> {
  const found = [...text.matchAll(/(?<![\w/])\/[A-Za-z0-9_]+(?:@\w+)?|(?<!\w)@[A-Za-z]\w{3,31}/gu)].map((match) => ({
    type: match[0].startsWith("/") ? "bot_command" : "mention",
    offset: match.index,
    length: match[0].length,
  }));
  return found.length === 0 ? {} : { entities: found };
}

/** Privacy mode: in groups a bot sees commands, mentions of it and answers to it. */
function sees({ me }: BotAccount, { chat }: Room, message: Message): boolean {
  if (chat.type === "private" || chat.type === "channel" || me.can_read_all_group_messages) return true;
  const text = String(message["text"] ?? message["caption"] ?? "");
  const reply = message["reply_to_message"];
  const isReplyToBot = typeof reply === "object" && reply !== null && JSON.stringify(reply).includes(`"id":${me.id}`);
  return text.startsWith("/") || text.toLowerCase().includes(`@${me.username?.toLowerCase()}`) || isReplyToBot;
}
