/** What lies on the Mac behind the test's BlueBubbles server: chats, messages and files. */

export interface BubbleChat {
  readonly guid: string;
  readonly name: string;
  readonly participants: readonly string[];
}

export interface BubbleFile {
  readonly guid: string;
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface BubbleMessage {
  readonly guid: string;
  readonly chat: BubbleChat;
  /** Undefined: we wrote it. */
  readonly sender: string | undefined;
  text: string;
  files: readonly BubbleFile[];
  readonly dateCreated: number;
  edited: number | null;
  retracted: number | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface World {
  readonly chats: BubbleChat[];
  readonly messages: BubbleMessage[];
  direct(handle: string): BubbleChat;
  group(name: string, handles: readonly string[]): BubbleChat;
  add(
    message: Pick<BubbleMessage, "chat" | "sender" | "text"> & Partial<BubbleMessage>,
  ): BubbleMessage;
  file(guid: string): BubbleFile | undefined;
}

export function createWorld(): World {
  const chats: BubbleChat[] = [];
  const messages: BubbleMessage[] = [];
  return {
    chats,
    messages,
    direct(handle) {
      const guid = `iMessage;-;${handle}`;
      const known = chats.find((chat) => chat.guid === guid);
      if (known) return known;
      const chat = { guid, name: "", participants: [handle] };
      chats.push(chat);
      return chat;
    },
    group(name, participants) {
      const chat = { guid: `iMessage;+;chat7000${chats.length}`, name, participants };
      chats.push(chat);
      return chat;
    },
    add(message) {
      const guid = crypto.randomUUID().toUpperCase();
      const made = { guid, files: [], dateCreated: Date.now(), edited: null, retracted: null, extra: {}, ...message };
      messages.push(made);
      return made;
    },
    file: (guid) => messages.flatMap(({ files }) => files).find((file) => file.guid === guid),
  };
}

/** A message as REST and webhooks show it. `where`: older servers write the chat at the top, newer ones in `chats`. */
export function shown(
  { guid, chat, sender, text, files, dateCreated, edited, retracted, extra }: BubbleMessage,
  where: "top" | "chats" | "none" = "chats",
): Record<string, unknown> {
  const inside = {
    guid: chat.guid,
    displayName: chat.name,
    participants: chat.participants.map((address) => ({ address })),
  };
  return {
    originalROWID: 1,
    guid,
    text: files.length > 0 ? `${"\uFFFC".repeat(files.length)}${text}` : text,
    handle: sender === undefined ? null : { address: sender, service: "iMessage" },
    isFromMe: sender === undefined,
    dateCreated,
    dateEdited: edited,
    dateRetracted: retracted,
    dateRead: null,
    dateDelivered: null,
    error: 0,
    itemType: 0,
    groupTitle: null,
    associatedMessageGuid: null,
    associatedMessageType: null,
    attachments: files.map((file) => ({
      guid: file.guid,
      transferName: file.name,
      mimeType: file.mimeType,
      totalBytes: file.bytes.byteLength,
    })),
    ...(where === "top" ? { chatGuid: chat.guid } : where === "chats" ? { chats: [inside] } : {}),
    ...extra,
  };
}
