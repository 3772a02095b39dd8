/** Messages, reactions, edits and polls on their way out. Every message id is chosen here. */
import { randomBytes } from "node:crypto";
import type { MessageRelayOptions, proto } from "@whiskeysockets/baileys";
import type { Outbound, Poll, Receipt, Target } from "../../schemas/worker/content.ts";
import type { Acks } from "./acks.ts";
import { invalid, sendFailure } from "./errors.ts";
import { toWhatsApp } from "./format.ts";
import { isGroupJid, jidOfChat } from "./identity.ts";
import type { Baileys, Socket } from "./library.ts";
import { hasCaption, uploadMedia } from "./media_out.ts";
import { messageIdOf } from "./message_id.ts";
import type { RecentMessages } from "./recent.ts";
import type { SentMessages } from "./sent_messages.ts";

export interface OutboundParts {
  readonly library: Baileys;
  /** The open connection; throws a ProviderError when there is none. */
  readonly socket: () => Socket;
  readonly acks: Acks;
  readonly sent: SentMessages;
  readonly recent: RecentMessages;
}

export interface Sender {
  send(message: Outbound, signal: AbortSignal): Promise<Receipt>;
  poll(poll: Poll): Promise<Receipt>;
  react(target: Target, messageId: string, emoji: string, senderId: string | undefined): Promise<void>;
  edit(target: Target, messageId: string, text: string): Promise<void>;
  delete(target: Target, messageId: string): Promise<void>;
  /** The key of a message as WhatsApp knows it. */
  keyOf(target: Target, messageId: string, senderId: string | undefined): proto.IMessageKey;
}

const IMAGES_AS_STICKER = "image/webp";

export function createSender(parts: OutboundParts): Sender {
  const { library, socket, acks, sent, recent } = parts;

  /** Sends and waits until WhatsApp has taken it. */
  async function relay(jid: string, message: proto.IMessage, id: string, options: MessageRelayOptions): Promise<void> {
    const connection = socket();
    const ack = acks.wait(id);
    try {
      // First kept, then sent: a device that asks for it again must find it.
      await sent.add(id, message);
      await connection.relayMessage(jid, message, { messageId: id, ...options });
      await ack.taken;
    } catch (error) {
      throw sendFailure(error);
    } finally {
      ack.cancel();
    }
  }

  function addressOf(target: Target): string {
    const jid = jidOfChat(target.chatId);
    if (jid === undefined) throw invalid(`Cannot send to "${target.chatId}": it is no number and no chat of WhatsApp`);
    return jid;
  }

  function keyOf(target: Target, messageId: string, senderId: string | undefined): proto.IMessageKey {
    const known = recent.get(target.chatId, messageId);
    if (known) return known.key;
    const remoteJid = addressOf(target);
    const fromMe = sent.has(messageId);
    const participant = isGroupJid(remoteJid) && !fromMe ? jidOfChat(senderId ?? "") : undefined;
    return { remoteJid, id: messageId, fromMe, ...participant === undefined ? {} : { participant } };
  }

  /** What a message says about the one it answers, and how long it lives. */
  function contextFor(target: Target): proto.IContextInfo | undefined {
    const expiration = recent.expiration(target.chatId);
    const base = expiration > 0 ? { expiration } : {};
    const { replyToId } = target;
    const known = replyToId === undefined ? undefined : recent.get(target.chatId, replyToId);
    if (replyToId === undefined || !known) return expiration > 0 ? base : undefined;
    const quotedMessage = known.message ?? { conversation: "" };
    return {
      ...base,
      stanzaId: replyToId,
      participant: known.key.participant ?? known.key.remoteJid ?? "",
      quotedMessage,
    };
  }

  const textMessage = (text: string, contextInfo: proto.IContextInfo | undefined): proto.IMessage =>
    secret({ extendedTextMessage: { text, ...contextInfo ? { contextInfo } : {} } });

  async function send(message: Outbound, signal: AbortSignal): Promise<Receipt> {
    const jid = addressOf(message.target);
    const text = toWhatsApp(message.text ?? "");
    const context = contextFor(message.target);
    const messageIds: string[] = [];
    const next = async (content: proto.IMessage): Promise<void> => {
      const id = messageIdOf(message.idempotencyKey, messageIds.length);
      await relay(jid, content, id, {});
      messageIds.push(id);
    };
    const { media } = message;
    if (!media && text === "") throw invalid("Cannot send an empty message");
    if (media) {
      if (media.kind === "sticker" && media.mimeType !== IMAGES_AS_STICKER) {
        throw invalid(`Cannot send ${media.mimeType} as a sticker: WhatsApp takes ${IMAGES_AS_STICKER}`);
      }
      const caption = hasCaption(media.kind) ? text : "";
      const connection = socket();
      const options = { caption, signal, connection: (fresh: boolean) => connection.refreshMediaConn(fresh) };
      const content = await uploadMedia(library, media, options);
      await next(secret(withContext(content, context)));
      if (text !== "" && caption === "") await next(textMessage(text, undefined));
    } else await next(textMessage(text, context));
    return { messageIds: [messageIds[0] ?? "", ...messageIds.slice(1)], chatId: message.target.chatId, at: Date.now() };
  }

  return {
    keyOf,
    send,
    async poll(poll) {
      const jid = addressOf(poll.target);
      const id = messageIdOf(poll.idempotencyKey);
      const selectableOptionsCount = Math.min(poll.maxSelections ?? 1, poll.options.length);
      const creation = {
        name: poll.question,
        options: poll.options.map((optionName) => ({ optionName })),
        selectableOptionsCount,
      };
      // One choice and several are two kinds of message.
      const content = selectableOptionsCount === 1
        ? { pollCreationMessageV3: creation }
        : { pollCreationMessage: creation };
      const additionalNodes = [{ tag: "meta", attrs: { polltype: "creation" } }];
      await relay(jid, secret(content), id, { additionalNodes });
      return { messageIds: [id], chatId: poll.target.chatId, at: Date.now() };
    },
    async react(target, messageId, emoji, senderId) {
      const reactionMessage = { key: keyOf(target, messageId, senderId), text: emoji, senderTimestampMs: Date.now() };
      await relay(addressOf(target), { reactionMessage }, newId(), {});
    },
    async edit(target, messageId, text) {
      const remoteJid = addressOf(target);
      const protocolMessage = {
        key: { remoteJid, id: messageId, fromMe: true },
        type: library.proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
        editedMessage: { extendedTextMessage: { text: toWhatsApp(text) } },
        timestampMs: Date.now(),
      };
      await relay(remoteJid, { protocolMessage }, newId(), { additionalAttributes: { edit: "1" } });
    },
    async delete(target, messageId) {
      const remoteJid = addressOf(target);
      const key = keyOf(target, messageId, undefined);
      const own = sent.has(messageId) || key.fromMe === true || !recent.get(target.chatId, messageId);
      const protocolMessage = {
        key: own ? { remoteJid, id: messageId, fromMe: true } : key,
        type: library.proto.Message.ProtocolMessage.Type.REVOKE,
      };
      await relay(remoteJid, { protocolMessage }, newId(), { additionalAttributes: { edit: own ? "7" : "8" } });
    },
  };
}

/** For messages that nobody sends twice on purpose. */
const newId = (): string => messageIdOf(crypto.randomUUID());

/** Reports, polls and replies of the phone derive keys from it. */
const secret = (message: proto.IMessage): proto.IMessage => ({
  ...message,
  messageContextInfo: { messageSecret: randomBytes(32) },
});

function withContext(message: proto.IMessage, contextInfo: proto.IContextInfo | undefined): proto.IMessage {
  if (!contextInfo) return message;
  return Object.fromEntries(Object.entries(message).map(([key, part]) => [key, { ...part, contextInfo }]));
}
