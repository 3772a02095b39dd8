/** The WhatsApp provider: one account, one session, everything in memory or in main. */
import { type Provider, type ProviderContext, ProviderError } from "../runtime/provider.ts";
import { createAcks } from "./acks.ts";
import { readBackoff } from "./backoff.ts";
import { createConnection } from "./connection.ts";
import { invalid } from "./errors.ts";
import { createGroups } from "./groups.ts";
import { jidOfChat, personId } from "./identity.ts";
import { createJournal } from "./journal.ts";
import { loadLibrary } from "./library.ts";
import { createLibraryLogger } from "./logger.ts";
import { ASK_PHONE, createLogin, phoneDigits } from "./login.ts";
import { download, MediaGone, readAttachment } from "./media_in.ts";
import { createSender } from "./outbound.ts";
import { createReceiver } from "./receiver.ts";
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
    onSocket(socket) {
      socket.ws.on("CB:ack,class:message", (node) => acks.take(node));
      receiver.listen(socket);
    },
    onOpen: (socket) => void receiver.replay(socket),
    onLost: () => acks.lost(),
    async onLinked() {
      await saveRelinks(withLinked(readRelinks(saved["relinks"], Date.now()), Date.now()));
    },
  });
  const receiver = createReceiver({
    context,
    library,
    journal,
    sent,
    recent,
    groups,
    socket: () => connection.socket(),
    self: () => connection.self(),
  });
  const sender = createSender({ library, socket: () => connection.socket(), acks, sent, recent });

  async function saveRelinks(relinks: object): Promise<void> {
    saved = { ...saved, relinks };
    await context.save(saved);
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
