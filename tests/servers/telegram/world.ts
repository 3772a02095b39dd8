/** The chats, people, messages and files of a small Telegram. */
import { bad, Refusal } from "./refusal.ts";

export interface Person {
  readonly id: number;
  readonly first_name: string;
  readonly last_name?: string;
  readonly username?: string;
  readonly is_bot: boolean;
}

export type ChatType = "private" | "group" | "supergroup" | "channel";

export interface Chat {
  readonly id: number;
  readonly type: ChatType;
  readonly title?: string;
  readonly first_name?: string;
  readonly username?: string;
  readonly is_forum?: true;
}

export interface Room {
  readonly chat: Chat;
  /** Topics by id, the general one (1) included, when it is a forum or a private chat with threads. */
  readonly topics: Set<number>;
  /** Whether the person has blocked the bot; for groups: whether it was thrown out. */
  blocked: boolean;
  migratedTo: number | undefined;
  nextMessageId: number;
  readonly messages: Map<number, Message>;
  /** Reactions of bots by message id. */
  readonly reactions: Map<number, readonly string[]>;
}

export type Message = Record<string, unknown> & {
  readonly message_id: number;
  readonly chat: Chat;
  readonly from?: Person;
  readonly date: number;
};

export interface StoredFile {
  readonly file_id: string;
  readonly file_unique_id: string;
  readonly file_path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** A length that getFile says instead of the true one. */
  readonly declared?: number;
}

export interface World {
  readonly rooms: Map<number, Room>;
  readonly files: Map<string, StoredFile>;
  addRoom(chat: Chat, topics?: readonly number[]): Room;
  /** The room as a bot addresses it; throws what Telegram would answer. */
  roomFor(chatId: unknown): Room;
  addMessage(room: Room, from: Person | undefined, rest: Record<string, unknown>): Message;
  addFile(bytes: Uint8Array<ArrayBuffer>, path: string): StoredFile;
  now(): number;
}

export function createWorld(): World {
  const rooms = new Map<number, Room>();
  const files = new Map<string, StoredFile>();
  let fileCount = 0;
  const now = () => Math.floor(Date.now() / 1000);
  return {
    rooms,
    files,
    now,
    addRoom(chat, topics = []) {
      const room: Room = {
        chat,
        topics: new Set(topics),
        blocked: false,
        migratedTo: undefined,
        nextMessageId: 1,
        messages: new Map(),
        reactions: new Map(),
      };
      rooms.set(chat.id, room);
      return room;
    },
    roomFor(chatId) {
      const name = typeof chatId === "string" && chatId.startsWith("@") ? chatId.slice(1).toLowerCase() : undefined;
      const room = name === undefined
        ? rooms.get(Number(chatId))
        : [...rooms.values()].find(({ chat }) => chat.type !== "private" && chat.username?.toLowerCase() === name);
      if (!room) throw bad("chat not found");
      if (room.migratedTo !== undefined) {
        throw new Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", {
          migrate_to_chat_id: room.migratedTo,
        });
      }
      if (room.blocked) {
        throw new Refusal(
          403,
          room.chat.type === "private"
            ? "Forbidden: bot was blocked by the user"
            : `Forbidden: bot was kicked from the ${room.chat.type} chat`,
        );
      }
      return room;
    },
    addMessage(room, from, rest) {
      const message: Message = {
        message_id: room.nextMessageId++,
        ...(from === undefined ? {} : { from }),
        chat: room.chat,
        date: now(),
        ...rest,
      };
      room.messages.set(message.message_id, message);
      return message;
    },
    addFile(bytes, path) {
      const file_id = `AgACAgQAAxkBAAI${++fileCount}file${bytes.byteLength}`;
      const file = {
        file_id,
        file_unique_id: `unique${fileCount}`,
        file_path: path.replace("#", String(fileCount)),
        bytes,
      };
      files.set(file_id, file);
      return file;
    },
  };
}
