/** What a Slack workspace holds: people, conversations, messages, files. */
import { Refusal } from "./refusal.ts";

export interface User {
  readonly id: string;
  readonly name: string;
  readonly real_name: string;
  readonly is_bot: boolean;
}

export interface Message {
  readonly type: "message";
  readonly ts: string;
  user: string;
  bot_id?: string;
  text: string;
  thread_ts?: string;
  blocks?: unknown;
  metadata?: unknown;
  client_msg_id?: string;
  files?: FileRow[];
  edited?: { user: string; ts: string };
  readonly reactions: Map<string, Set<string>>;
  /** Every text that it has had. */
  readonly texts: string[];
}

export interface Conversation {
  readonly id: string;
  name: string | undefined;
  readonly type: "im" | "mpim" | "channel" | "group";
  readonly members: Set<string>;
  readonly messages: Map<string, Message>;
  archived: boolean;
}

export interface FileRow {
  readonly id: string;
  name: string;
  mimetype: string;
  size: number;
  mode: string;
  subtype?: string;
  url_private: string;
  url_private_download: string;
}

export interface StoredFile extends FileRow {
  bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly owner: string;
  /** Set when it is shared: conversation → message, and from when on `files.info` says so. */
  readonly shares: Map<string, { ts: string; visibleAt: number }>;
  /** The length that was announced for an upload. */
  readonly announced: number | undefined;
  caption?: string;
}

export interface World {
  readonly teamId: string;
  readonly users: Map<string, User>;
  readonly conversations: Map<string, Conversation>;
  readonly files: Map<string, StoredFile>;
  nextId(prefix: string): string;
  nextTs(): string;
  addUser(name: string, isBot?: boolean): User;
  addConversation(type: Conversation["type"], members: readonly string[], name?: string): Conversation;
  /** The conversation, or the refusal that Slack answers with. */
  conversation(id: string): Conversation;
  message(id: string, ts: string): Message;
  direct(a: string, b: string): Conversation;
}

export function createWorld(): World {
  let counter = 0;
  let lastTs = 0;
  const users = new Map<string, User>();
  const conversations = new Map<string, Conversation>();
  const world: World = {
    teamId: "T0HOUSE",
    users,
    conversations,
    files: new Map(),
    nextId: (prefix) => `${prefix}${(++counter).toString(36).toUpperCase().padStart(8, "0")}`,
    nextTs() {
      // Microseconds, and never the same twice.
      lastTs = Math.max(lastTs + 1, Math.round(Date.now() * 1000));
      return `${Math.floor(lastTs / 1e6)}.${String(lastTs % 1e6).padStart(6, "0")}`;
    },
    addUser(name, isBot = false) {
      const user = { id: world.nextId("U"), name, real_name: name[0]?.toUpperCase() + name.slice(1), is_bot: isBot };
      users.set(user.id, user);
      return user;
    },
    addConversation(type, members, name) {
      const id = world.nextId(type === "im" ? "D" : "C");
      const made: Conversation = { id, name, type, members: new Set(members), messages: new Map(), archived: false };
      conversations.set(id, made);
      return made;
    },
    conversation(id) {
      const named = id.startsWith("#") ? [...conversations.values()].find(({ name }) => `#${name}` === id) : undefined;
      const found = named ?? conversations.get(id);
      if (!found) throw new Refusal("channel_not_found");
      return found;
    },
    message(id, ts) {
      const found = world.conversation(id).messages.get(ts);
      if (!found) throw new Refusal("message_not_found");
      return found;
    },
    direct: (a, b) =>
      [...conversations.values()].find(({ type, members }) => type === "im" && members.has(a) && members.has(b)) ??
        world.addConversation("im", [a, b]),
  };
  return world;
}

/** As events and answers show it. */
export const shown = ({ reactions: _, texts: __, metadata: ___, ...rest }: Message): Record<string, unknown> => ({
  ...rest,
});
