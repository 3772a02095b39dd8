/** What this worker remembers, bounded: own messages, what was handed over, how far a send got. */
import type { Static } from "../../schemas/primitives.ts";
import type { MediaRef } from "../../schemas/worker/content.ts";

type Media = Static<typeof MediaRef>;

export interface Memory {
  own(guid: string): void;
  isOwn(guid: string): true | undefined;
  /** What of a message main has: its text alone, or with attachments; undefined: nothing after all. */
  taken(guid: string, what: "text" | "media" | undefined): void;
  hasTaken(guid: string): "text" | "media" | undefined;
  media(media: Media): void;
  mediaOf(ref: string): Media | undefined;
  /** The parts of a send that the server has accepted, by its idempotency key. */
  parts(key: string): Map<string, string>;
  /** The chat of a person that was looked up once. */
  chatOf(handle: string): string | undefined;
  rememberChat(handle: string, guid: string): void;
}

export function createMemory(): Memory {
  const own = new Map<string, true>();
  const taken = new Map<string, "text" | "media">();
  const files = new Map<string, Media>();
  const sends = new Map<string, Map<string, string>>();
  const chats = new Map<string, string>();
  return {
    own: (guid) => put(own, guid, true, 4_096),
    isOwn: (guid) => own.get(guid),
    taken(guid, what) {
      if (what === undefined) taken.delete(guid);
      else put(taken, guid, what, 4_096);
    },
    hasTaken: (guid) => taken.get(guid),
    media: (media) => put(files, media.ref, media, 1_024),
    mediaOf: (ref) => files.get(ref),
    parts(key) {
      const known = sends.get(key) ?? new Map<string, string>();
      put(sends, key, known, 512);
      return known;
    },
    chatOf: (handle) => chats.get(handle),
    rememberChat: (handle, guid) => put(chats, handle, guid, 512),
  };
}

/** The oldest goes first. */
function put<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
