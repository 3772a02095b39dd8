/** From the library's events to main: messages one after the other, marks as they come, unfinished ones once more. */
import type { WAMessage, WAMessageUpdate } from "@whiskeysockets/baileys";
import type { ProviderContext } from "../runtime/provider.ts";
import { contextOf } from "./content.ts";
import type { GroupCache } from "./groups.ts";
import { bareJid, numberOf, type Person, personId, personOf } from "./identity.ts";
import { type InboundParts, readMessage } from "./inbound.ts";
import type { Journal } from "./journal.ts";
import type { Baileys, Socket } from "./library.ts";
import type { RecentMessages } from "./recent.ts";
import type { SentMessages } from "./sent_messages.ts";

export interface ReceiverParts {
  readonly context: ProviderContext;
  readonly library: Baileys;
  readonly journal: Journal;
  readonly sent: SentMessages;
  readonly recent: RecentMessages;
  readonly groups: GroupCache;
  readonly socket: () => Socket;
  readonly self: () => Person;
}

export interface Receiver {
  /** Hears everything of a new connection. */
  listen(socket: Socket): void;
  /** Messages of an earlier run go through the library once more, as if WhatsApp had sent them again. */
  replay(socket: Socket): Promise<void>;
}

export function createReceiver(parts: ReceiverParts): Receiver {
  const { context, journal, groups } = parts;
  const inbound: InboundParts = {
    library: parts.library,
    self: parts.self,
    async numberOfLid(lid) {
      return numberOf(await parts.socket().signalRepository.lidMapping.getPNForLID(lid).catch(() => null));
    },
    groupTitle: (jid) => groups.title(jid),
    isOwnMessage: (id) => parts.sent.has(id),
  };
  return {
    listen(socket) {
      // One after the other: a later message must not overtake an earlier one of the same chat.
      let queue = Promise.resolve();
      socket.ev.on("messages.upsert", ({ messages }) => {
        for (const message of messages) queue = queue.then(() => take(parts, inbound, message));
      });
      socket.ev.on("messages.update", (updates) => updates.forEach((update) => mark(parts, update)));
      socket.ev.on("message-receipt.update", (updates) => {
        for (const { key, receipt: { readTimestamp, receiptTimestamp } } of updates) {
          tell(context, key, readTimestamp ? "read" : "delivered", Number(readTimestamp ?? receiptTimestamp));
        }
      });
      socket.ev.on("groups.update", (changes) => changes.forEach(({ id }) => id && groups.forget(id)));
      socket.ev.on("group-participants.update", ({ id }) => groups.forget(id));
    },
    async replay(socket) {
      for (const stanza of await journal.open()) {
        context.log("info", "whatsapp.message_resumed");
        socket.ws.emit("CB:message", stanza);
      }
    },
  };
}

/** Never rejects: the next message of the queue is another one's. */
async function take(parts: ReceiverParts, inbound: InboundParts, message: WAMessage): Promise<void> {
  const { context, library, recent, journal } = parts;
  const id = message.key.id ?? "";
  try {
    const read = await readMessage(inbound, message);
    if ("event" in read) {
      const content = library.normalizeMessageContent(message.message);
      const expiration = (content && contextOf(content)?.expiration) ?? 0;
      recent.add(read.event.chat.id, id, { key: message.key, message: content, expiration });
      await context.inbound(read.event);
    } else context.log(read.routine ? "debug" : "info", "whatsapp.message_skipped", { reason: read.skipped });
    await journal.done(id);
  } catch (error) {
    // It stays in the journal and comes again with the next connection.
    context.log("warn", "whatsapp.message_not_taken", { error });
  }
}

function mark({ context, library }: ReceiverParts, { key, update }: WAMessageUpdate): void {
  const { Status } = library.proto.WebMessageInfo;
  const at = Number(update.messageTimestamp ?? 0);
  if (update.status === Status.ERROR) tell(context, key, "failed", at);
  else if (update.status === Status.DELIVERY_ACK) tell(context, key, "delivered", at);
  else if (update.status === Status.READ || update.status === Status.PLAYED) tell(context, key, "read", at);
}

function tell(
  context: ProviderContext,
  key: WAMessage["key"],
  what: "delivered" | "read" | "failed",
  seconds: number,
): void {
  const chatId = personId(personOf(key.remoteJid, key.remoteJidAlt)) ?? bareJid(key.remoteJid);
  if (!key.fromMe || !key.id || chatId === undefined) return;
  const at = Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds * 1000) : Date.now();
  context.mark({ chatId, messageId: key.id, mark: what, at });
}
