/**
 * Messages that are decrypted but not yet in main's inbox. Decrypting uses a key up, and the library tells WhatsApp that
 * the message arrived before anybody else hears of it: what is lost after that is lost for good. So the plain text is
 * committed in the transaction that uses the key up, and comes up again after a restart.
 */
import { createHash } from "node:crypto";
import type { BinaryNode } from "@whiskeysockets/baileys";
import type { KeyStore } from "../runtime/provider.ts";
import type { Baileys } from "./library.ts";

export const JOURNAL = "journal";
/** Messages between decryption and inbox at once. A full journal makes the connection wait. */
const SLOTS = 256;
/** A message that fails each time must not keep its place for ever. */
const KEEP_SECONDS = 3 * 24 * 60 * 60;
/** How long a message waits for a free slot before it goes on without one. */
const WAIT_MS = 10_000;

export interface Entry {
  readonly id: string;
  readonly hash: string;
  readonly plain: string;
  readonly stanza: string;
}

export interface Journal {
  /** Reads what an earlier run left. */
  load(): Promise<void>;
  /** Remembers which stanza a ciphertext came in; called for each stanza before it is decrypted. */
  arrived(stanza: BinaryNode): void;
  /** The plain text of a ciphertext that was decrypted before. */
  known(ciphertext: Uint8Array): Uint8Array<ArrayBuffer> | undefined;
  /** The row to commit together with the used key; undefined when the ciphertext is of no stanza. */
  entry(ciphertext: Uint8Array, plain: Uint8Array): Promise<{ readonly slot: string; readonly row: Entry } | undefined>;
  /** The row was not committed. */
  release(slot: string): void;
  /** The message is in the inbox, or is of no interest to it. */
  done(messageId: string): Promise<void>;
  /** Stanzas whose messages are not done, each once. What nobody took in three days is given up. */
  open(): Promise<BinaryNode[]>;
}

export function createJournal(
  { library, store, now = Date.now }: {
    readonly library: Baileys;
    readonly store: KeyStore;
    readonly now?: () => number;
  },
): Journal {
  const taken = new Map<string, Entry>();
  const free = Array.from({ length: SLOTS }, (_, index) => String(index));
  const waiting: ((slot: string) => void)[] = [];
  const stanzas = new WeakMap<Uint8Array, BinaryNode>();

  async function slotOf(): Promise<string | undefined> {
    const slot = free.pop();
    if (slot !== undefined) return slot;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    waiting.push(resolve);
    const timer = setTimeout(() => {
      const index = waiting.indexOf(resolve);
      if (index !== -1) waiting.splice(index, 1);
      resolve(undefined);
    }, WAIT_MS);
    return await promise.finally(() => clearTimeout(timer));
  }

  function release(slot: string): void {
    taken.delete(slot);
    const next = waiting.shift();
    if (next) next(slot);
    else free.push(slot);
  }

  const journal: Journal = {
    async load() {
      taken.clear();
      free.length = 0;
      const rows = await store.get(JOURNAL, Array.from({ length: SLOTS }, (_, index) => String(index)));
      for (let index = SLOTS - 1; index >= 0; index--) {
        const slot = String(index);
        const entry = readEntry(rows[slot]);
        if (entry) taken.set(slot, entry);
        else free.push(slot);
      }
    },
    arrived(stanza) {
      if (!Array.isArray(stanza.content)) return;
      for (const { tag, content } of stanza.content) {
        if (tag === "enc" && content instanceof Uint8Array) stanzas.set(content, stanza);
      }
    },
    known(ciphertext) {
      if (taken.size === 0) return undefined;
      const hash = hashOf(ciphertext);
      const entry = [...taken.values()].find((item) => item.hash === hash);
      return entry && Uint8Array.fromBase64(entry.plain);
    },
    async entry(ciphertext, plain) {
      const stanza = stanzas.get(ciphertext);
      const id = stanza?.attrs["id"];
      if (!stanza || id === undefined) return undefined;
      const slot = await slotOf();
      if (slot === undefined) return undefined;
      const row: Entry = {
        id,
        hash: hashOf(ciphertext),
        plain: toBase64(plain),
        stanza: toBase64(library.encodeBinaryNode(stanza)),
      };
      taken.set(slot, row);
      return { slot, row };
    },
    release,
    async done(messageId) {
      const slots = [...taken].filter(([, entry]) => entry.id === messageId).map(([slot]) => slot);
      if (slots.length === 0) return;
      await store.set({ [JOURNAL]: Object.fromEntries(slots.map((slot) => [slot, null])) });
      for (const slot of slots) release(slot);
    },
    async open() {
      const texts = new Set([...taken.values()].map(({ stanza }) => stanza));
      const nodes: BinaryNode[] = [];
      for (const text of texts) nodes.push(await library.decodeBinaryNode(Buffer.from(text, "base64")));
      const oldest = now() / 1000 - KEEP_SECONDS;
      for (const { attrs } of nodes) if (Number(attrs["t"]) < oldest) await journal.done(attrs["id"] ?? "");
      return nodes.filter(({ attrs }) => !(Number(attrs["t"]) < oldest));
    },
  };
  return journal;
}

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");
const toBase64 = (bytes: Uint8Array): string => new Uint8Array(bytes).toBase64();

function readEntry(text: string | undefined): Entry | undefined {
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return undefined;
  const field = (key: string): string => String(Reflect.get(value, key) ?? "");
  return { id: field("id"), hash: field("hash"), plain: field("plain"), stanza: field("stanza") };
}
