/** The message store of the test's Mac: chats and rows, numbered as the real store numbers them. */

export interface MacChat {
  readonly id: number;
  readonly guid: string;
  readonly identifier: string;
  readonly name: string;
  readonly group: boolean;
  readonly participants: readonly string[];
}

export interface MacMessage {
  readonly id: number;
  readonly guid: string;
  readonly chat: MacChat;
  readonly sender: string;
  readonly fromMe: boolean;
  readonly text: string;
  readonly at: number;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface World {
  readonly chats: readonly MacChat[];
  readonly rows: readonly MacMessage[];
  /** The chat with this person, made when there is none. */
  direct(handle: string): MacChat;
  group(name: string, handles: readonly string[]): MacChat;
  add(message: Omit<MacMessage, "id" | "guid" | "at" | "extra"> & Partial<MacMessage>): MacMessage;
}

export function createWorld(): World {
  const chats: MacChat[] = [];
  const rows: MacMessage[] = [];
  return {
    chats,
    rows,
    direct(handle) {
      const known = chats.find(({ group, identifier }) => !group && identifier === handle);
      if (known) return known;
      const id = chats.length + 1;
      const guid = `iMessage;-;${handle}`;
      const chat = { id, guid, identifier: handle, name: "", group: false, participants: [handle] };
      chats.push(chat);
      return chat;
    },
    group(name, participants) {
      const id = chats.length + 1;
      const identifier = `chat90000${id}`;
      const chat = { id, guid: `iMessage;+;${identifier}`, identifier, name, group: true, participants };
      chats.push(chat);
      return chat;
    },
    add(message) {
      const id = rows.length + 1;
      const row = { id, guid: `GUID-${id}-${crypto.randomUUID()}`, at: Date.now(), extra: {}, ...message };
      rows.push(row);
      return row;
    },
  };
}

/** A row as imsg shows it. */
export function shown({ id, guid, chat, sender, fromMe, text, at, extra }: MacMessage): Record<string, unknown> {
  return {
    id,
    guid,
    chat_id: chat.id,
    sender,
    is_from_me: fromMe,
    text,
    created_at: new Date(at).toISOString(),
    attachments: [],
    reactions: [],
    chat_identifier: chat.identifier,
    chat_guid: chat.guid,
    chat_name: chat.name,
    participants: chat.participants,
    is_group: chat.group,
    ...extra,
  };
}
