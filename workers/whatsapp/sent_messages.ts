/** The last messages that we sent, kept in main: a device that could not decrypt one asks for it again, also after a restart. */
import type { proto } from "@whiskeysockets/baileys";
import type { KeyStore } from "../runtime/provider.ts";
import type { Baileys } from "./library.ts";

const KIND = "sent";
const SLOTS = 128;
/** Larger ones are kept in memory by the library alone; attachments are links and small. */
const MAX_BYTES = 64 * 1024;

export interface SentMessages {
  load(): Promise<void>;
  has(id: string): boolean;
  get(id: string): proto.IMessage | undefined;
  /** Resolves when it is kept; called before the message leaves. */
  add(id: string, message: proto.IMessage): Promise<void>;
}

export function createSentMessages(
  { library, store }: { readonly library: Baileys; readonly store: KeyStore },
): SentMessages {
  const { Message } = library.proto;
  const slots: (string | undefined)[] = Array.from({ length: SLOTS });
  const messages = new Map<string, string>();
  let next = 0;

  return {
    async load() {
      const rows = await store.get(KIND, Array.from({ length: SLOTS }, (_, index) => String(index)));
      let newest = -1;
      for (const [slot, text] of Object.entries(rows)) {
        const [order = "", id = "", body = ""] = text.split("|");
        slots[Number(slot)] = id;
        messages.set(id, body);
        if (Number(order) > newest) [newest, next] = [Number(order), Number(order) + 1];
      }
    },
    has: (id) => messages.has(id),
    get(id) {
      const body = messages.get(id);
      return body === undefined ? undefined : Message.decode(Uint8Array.fromBase64(body));
    },
    async add(id, message) {
      if (messages.has(id)) return;
      const bytes = Message.encode(Message.fromObject(message)).finish();
      if (bytes.byteLength > MAX_BYTES) return;
      const order = next++;
      const slot = order % SLOTS;
      const body = new Uint8Array(bytes).toBase64();
      await store.set({ [KIND]: { [slot]: `${order}|${id}|${body}` } });
      const old = slots[slot];
      if (old !== undefined) messages.delete(old);
      slots[slot] = id;
      messages.set(id, body);
    },
  };
}
