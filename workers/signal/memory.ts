/** What this worker remembers of messages, bounded: which are ours, who wrote which, and what they said. */
import { messageIdOf } from "./identity.ts";

const MAX_OWN = 4_096;
const MAX_SEEN = 2_048;
/** Signal shows little of a quoted message. */
const MAX_QUOTE = 500;

export interface Memory {
  /** Writes down a message that the daemon took from us. */
  own(timestamp: number, chatId: string): void;
  /** The chat of a message of ours; undefined when it is none, or too old to know. */
  ownChat(timestamp: number): string | undefined;
  seen(timestamp: number, author: string, text: string): void;
  /** Who wrote the message with this timestamp, when only one person did. */
  authorOf(timestamp: number): string | undefined;
  textOf(timestamp: number, author: string): string | undefined;
}

export function createMemory(): Memory {
  const owned = new Map<number, string>();
  const texts = new Map<string, string>();
  const authors = new Map<number, string>();
  return {
    own(timestamp, chatId) {
      owned.set(timestamp, chatId);
      drop(owned, MAX_OWN);
    },
    ownChat: (timestamp) => owned.get(timestamp),
    seen(timestamp, author, text) {
      texts.set(messageIdOf(timestamp, author), text.slice(0, MAX_QUOTE));
      authors.set(timestamp, authors.get(timestamp) === undefined || authors.get(timestamp) === author ? author : "");
      drop(texts, MAX_SEEN);
      drop(authors, MAX_SEEN);
    },
    authorOf: (timestamp) => authors.get(timestamp) || undefined,
    textOf: (timestamp, author) => texts.get(messageIdOf(timestamp, author)),
  };
}

/** The oldest go first. */
function drop<K>(kept: Map<K, unknown>, most: number): void {
  if (kept.size <= most) return;
  const oldest = kept.keys().next();
  if (oldest.done !== true) kept.delete(oldest.value);
}
