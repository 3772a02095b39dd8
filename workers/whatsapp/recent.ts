/** The last messages that came in, so that an answer, a reaction and a read mark can name them as WhatsApp knows them. */
import type { proto, WAMessage } from "@whiskeysockets/baileys";

const MAX = 2_000;

export interface Recent {
  readonly key: WAMessage["key"];
  readonly message: proto.IMessage | undefined;
  /** Seconds after which messages of the chat disappear. */
  readonly expiration: number;
}

export interface RecentMessages {
  add(chatId: string, id: string, recent: Recent): void;
  get(chatId: string, id: string): Recent | undefined;
  /** The time to live of messages in a chat, as the last message of it said. */
  expiration(chatId: string): number;
}

export function createRecentMessages(): RecentMessages {
  const messages = new Map<string, Recent>();
  const lives = new Map<string, number>();
  const put = <T>(map: Map<string, T>, key: string, value: T): void => {
    map.delete(key);
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > MAX && oldest !== undefined) map.delete(oldest);
  };
  return {
    add(chatId, id, recent) {
      put(messages, `${chatId}|${id}`, recent);
      put(lives, chatId, recent.expiration);
    },
    get: (chatId, id) => messages.get(`${chatId}|${id}`),
    expiration: (chatId) => lives.get(chatId) ?? 0,
  };
}
