/** What this worker remembers of its own messages, bounded: which they are, and how far a send got. */
import type { MediaRef } from "../../schemas/worker/content.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { Sent } from "./wire.ts";

type Media = Static<typeof MediaRef>;

const MAX_OWN = 4_096;
const MAX_SENDS = 256;
const MAX_MEDIA = 1_024;

export interface Memory {
  /** Writes down a message that Telegram accepted from us. */
  own(sent: Sent): void;
  isOwn(chatId: number, messageId: number): true | undefined;
  /**
   * The parts of a send that Telegram has accepted, by its idempotency key. When the second part fails, an attempt with the
   * same key goes on there instead of sending the first part twice.
   */
  parts(key: string): Map<string, Sent>;
  /** The supergroup that a group has become, or the id itself. */
  follow(chatId: number | string): number | string;
  moved(from: number | string, to: number): void;
  /** Writes down what a message said of its file: the file itself is served without its type. */
  media(media: Media): void;
  mediaOf(ref: string): Media | undefined;
}

export function createMemory(): Memory {
  const owned = new Set<string>();
  const sends = new Map<string, Map<string, Sent>>();
  const moves = new Map<string, number>();
  const files = new Map<string, Media>();
  return {
    own({ chat, message_id }) {
      owned.add(`${chat.id}:${message_id}`);
      drop(owned, MAX_OWN);
    },
    isOwn: (chatId, messageId) => owned.has(`${chatId}:${messageId}`) || undefined,
    parts(key) {
      const known = sends.get(key) ?? new Map<string, Sent>();
      sends.delete(key);
      sends.set(key, known);
      drop(sends, MAX_SENDS);
      return known;
    },
    follow: (chatId) => moves.get(String(chatId)) ?? chatId,
    moved(from, to) {
      moves.set(String(from), to);
      drop(moves, MAX_SENDS);
    },
    media(media) {
      files.set(media.ref, media);
      drop(files, MAX_MEDIA);
    },
    mediaOf: (ref) => files.get(ref),
  };
}

/** The oldest go first. */
function drop(kept: { readonly size: number; keys(): Iterator<string>; delete(key: string): boolean }, most: number) {
  if (kept.size <= most) return;
  const oldest = kept.keys().next();
  if (oldest.done !== true) kept.delete(oldest.value);
}
