/** The WhatsApp provider: one account, one session, everything in memory or in main. */
import type { WAMessage, WAMessageUpdate } from "@whiskeysockets/baileys";
import { type Provider, type ProviderContext, ProviderError } from "../runtime/provider.ts";
import { createAcks } from "./acks.ts";
import { readBackoff } from "./backoff.ts";
import { createConnection } from "./connection.ts";
import { contextOf } from "./content.ts";
import { invalid } from "./errors.ts";
import { createGroups } from "./groups.ts";
import { bareJid, jidOfChat, numberOf, personId, personOf } from "./identity.ts";
import { readMessage } from "./inbound.ts";
import { createJournal } from "./journal.ts";
import { loadLibrary, type Socket } from "./library.ts";
import { createLibraryLogger } from "./logger.ts";
import { ASK_PHONE, createLogin, phoneDigits } from "./login.ts";
import { download, MediaGone, readAttachment } from "./media_in.ts";
import { createSender } from "./outbound.ts";
import { createRecentMessages } from "./recent.ts";
import { mayRelink, readRelinks, withAttempt, withLinked } from "./relink_budget.ts";
import { createSentMessages } from "./sent_messages.ts";

export async function createProvider(context: ProviderContext): Promise<Provider> {
  const library = await loadLibrary();
  const { config, store } = context;
  const acks = createAcks();
  const journal = createJournal({ library, store });
  const sent = createSentMessages({ library, store });
  const recent = createRecentMessages();
  const groups = createGroups((jid) => connection.socket().groupMetadata(jid));
  let saved = context.saved;

  const connection = createConnection({
    context,
    library,
    config,
    logger: createLibraryLogger(context.log),
    journal,
    sent,
    groups,
    backoff: readBackoff(config),
    random: Math.random,
    onSocket: listen,
    onOpen: (socket) => void replay(socket),
    onLost: () => acks.lost(),
    async onLinked() {
      await saveRelinks(withLinked(readRelinks(saved["relinks"], Date.now()), Date.now()));
    },
  });
  const sender = createSender({ library, socket: () => connection.socket(), acks, sent, recent });

  async function saveRelinks(relinks: object): Promise<void> {
    saved = { ...saved, relinks };
    await context.save(saved);
  }

  function listen(socket: Socket): void {
    socket.ws.on("CB:ack,class:message", (node) => acks.take(node));
    // One after the other: a later message must not overtake an earlier one of the same chat.
    let queue = Promise.resolve();
    socket.ev.on("messages.upsert", ({ messages }) => {
      for (const message of messages) queue = queue.then(() => take(message));
    });
    socket.ev.on("messages.update", (updates) => updates.forEach(mark));
    socket.ev.on("message-receipt.update", (updates) => {
      for (const { key, receipt } of updates) {
        tell(
          key,
          receipt.readTimestamp ? "read" : "delivered",
          Number(receipt.readTimestamp ?? receipt.receiptTimestamp),
        );
      }
    });
    socket.ev.on("groups.update", (changes) => changes.forEach(({ id }) => id && groups.forget(id)));
    socket.ev.on("group-participants.update", ({ id }) => groups.forget(id));
  }

  /** Messages of an earlier run go through the library once more, as if WhatsApp had sent them again. */
  async function replay(socket: Socket): Promise<void> {
    for (const stanza of await journal.open()) {
      context.log("info", "whatsapp.message_resumed", {});
      socket.ws.emit("CB:message", stanza);
    }
  }

  const inboundParts = {
    library,
    self: () => connection.self(),
    async numberOfLid(lid: string) {
      const jid = await connection.socket().signalRepository.lidMapping.getPNForLID(lid).catch(() => null);
      return numberOf(jid);
    },
    groupTitle: (jid: string) => groups.title(jid),
    isOwnMessage: (id: string) => sent.has(id),
  };

  /** Never rejects: the next message of the queue is another one's. */
  async function take(message: WAMessage): Promise<void> {
    const id = message.key.id ?? "";
    try {
      const read = await readMessage(inboundParts, message);
      if ("event" in read) {
        const { chat } = read.event;
        const content = library.normalizeMessageContent(message.message);
        const expiration = (content && contextOf(content)?.expiration) ?? 0;
        recent.add(chat.id, id, { key: message.key, message: content, expiration });
        await context.inbound(read.event);
      } else context.log(read.routine ? "debug" : "info", "whatsapp.message_skipped", { reason: read.skipped });
      await journal.done(id);
    } catch (error) {
      // It stays in the journal and comes again with the next connection.
      context.log("warn", "whatsapp.message_not_taken", { error });
    }
  }

  function mark({ key, update }: WAMessageUpdate): void {
    const { Status } = library.proto.WebMessageInfo;
    const at = Number(update.messageTimestamp ?? 0);
    if (update.status === Status.ERROR) tell(key, "failed", at);
    else if (update.status === Status.DELIVERY_ACK) tell(key, "delivered", at);
    else if (update.status === Status.READ || update.status === Status.PLAYED) tell(key, "read", at);
  }

  function tell(key: WAMessage["key"], what: "delivered" | "read" | "failed", seconds: number): void {
    const chatId = personId(personOf(key.remoteJid, key.remoteJidAlt)) ?? bareJid(key.remoteJid);
    if (!key.fromMe || !key.id || chatId === undefined) return;
    const at = Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds * 1000) : Date.now();
    context.mark({ chatId, messageId: key.id, mark: what, at });
  }

  const addressOf = (chatId: string): string => {
    const jid = jidOfChat(chatId);
    if (jid === undefined) throw invalid(`Cannot find the chat "${chatId}": it is no number and no chat of WhatsApp`);
    return jid;
  };

  return {
    connect: () => void connection.start(),
    disconnect: () => connection.close(),
    send: (message, signal) => sender.send(message, signal),
    edit: (target, messageId, text) => sender.edit(target, messageId, text),
    delete: (target, messageId) => sender.delete(target, messageId),
    react: (target, messageId, emoji, { remove, senderId }) =>
      sender.react(target, messageId, remove ? "" : emoji, senderId),
    async typing(target, on) {
      await connection.socket().sendPresenceUpdate(on ? "composing" : "paused", addressOf(target.chatId));
    },
    async read(target, messageId, senderId) {
      if (config["sendReadReceipts"] === false) return;
      const key = sender.keyOf(target, messageId, senderId);
      // In the chat with oneself there is nobody to tell.
      if (!key.fromMe) await connection.socket().readMessages([key]);
    },
    async poll(poll) {
      const receipt = await sender.poll(poll);
      return { receipt, pollId: receipt.messageIds[0] ?? "" };
    },
    async fetchMedia(ref, maxBytes, signal) {
      const attachment = readAttachment(ref);
      const { mime: mimeType, name } = attachment;
      const named = name === undefined ? {} : { fileName: name };
      try {
        return { kind: "media", data: await download(library, attachment, maxBytes, signal), mimeType, ...named };
      } catch (error) {
        if (!(error instanceof MediaGone)) throw error;
        throw new ProviderError({
          code: "not_found",
          message: "The attachment is no longer on WhatsApp's servers; ask for it to be sent again",
          retryable: false,
          outcome: "not_sent",
        });
      }
    },
    probe() {
      const { number, lid } = connection.self();
      const user = connection.socket().user;
      return Promise.resolve({ id: number ?? lid ?? null, name: user?.name ?? null, connected: true });
    },
    async login(flow, input) {
      const now = Date.now();
      if (connection.linked()) {
        const account = personId(connection.self()) ?? "unknown";
        return context.loginStep({
          kind: "done",
          text: `Already linked as ${account}; log out first to link anew`,
          account,
        });
      }
      const phone = phoneDigits(input["phone"]);
      if (flow === "code" && phone === undefined) return context.loginStep(ASK_PHONE);
      const relinks = readRelinks(saved["relinks"], now);
      const answer = mayRelink(relinks, now);
      if (!answer.allowed) return context.loginStep({ kind: "failed", text: answer.sentence, retryable: false });
      await saveRelinks(withAttempt(relinks, now));
      const { warning } = answer;
      const kind = flow === "code" ? "code" : "qr";
      await connection.link(createLogin({ flow: kind, phone, warning, tell: context.loginStep, now: Date.now }));
    },
    cancelLogin: () => connection.cancelLink(),
    logout: () => connection.unlink(),
  };
}
