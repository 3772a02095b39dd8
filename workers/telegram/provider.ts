/** The Telegram provider: connection, abilities, and what they share. */
import { checker } from "../../schemas/validate.ts";
import { type Provider, type ProviderContext, ProviderError } from "../runtime/provider.ts";
import { createApi, openClient, readAnswer } from "./api.ts";
import { connectForLife } from "./connection.ts";
import { edit, react, remove, typing } from "./actions.ts";
import { toChannelError, toProviderError } from "./errors.ts";
import { fetchFile } from "./files.ts";
import type { Intake } from "./intake.ts";
import { createMemory } from "./memory.ts";
import { createSender } from "./outbound.ts";
import { factsOf } from "./self.ts";
import { readSettings } from "./settings.ts";
import { answerPost, checkSecret, leaveWebhook } from "./webhook.ts";
import { Me, WebhookInfo } from "./wire.ts";

const checkMe = checker(Me);
const checkInfo = checker(WebhookInfo);

/** Throws ProviderError for a configuration that can never work. */
export function createProvider(context: ProviderContext): Provider {
  const settings = readSettings(context);
  if (settings.tokenBotId === undefined) {
    const message = "This is no bot token: it must look like 123456:ABC-DEF, as @BotFather shows it";
    throw new ProviderError({ code: "unauthorized", message, retryable: false, fatal: true, outcome: "not_sent" });
  }
  if (settings.webhook) checkSecret(settings.webhook.secret);
  const client = openClient(settings);
  const api = createApi(settings, client);
  const memory = createMemory();
  const sender = createSender({ api, settings, memory });
  const shared = { api, settings, sender };
  let life: Promise<void> | undefined;
  let intake: Intake | undefined;

  return {
    connect() {
      life = connectForLife({ context, api, settings, memory, onIntake: (made) => intake = made });
    },
    // The poll listens to the account's signal; a successor must not start while it is open.
    disconnect: async () => await life,
    send: sender.send,
    poll: sender.poll,
    edit: (target, messageId, text, signal) => edit(shared, target, messageId, text, signal),
    delete: (target, messageId, signal) => remove(shared, target, messageId, signal),
    react: (target, messageId, emoji, options, signal) => react(shared, target, messageId, emoji, options, signal),
    typing: (target, on, signal) => typing(shared, target, on, signal),
    async fetchMedia(ref, maxBytes, signal) {
      const known = memory.mediaOf(ref);
      const file = await fetchFile(ref, maxBytes, { api, settings, client }, signal);
      const fileName = known?.fileName ?? file.fileName;
      return { ...file, mimeType: known?.mimeType ?? file.mimeType, ...(fileName === undefined ? {} : { fileName }) };
    },
    async probe(signal) {
      try {
        const me = readAnswer(checkMe, "getMe", await api(signal).getMe());
        const info = readAnswer(checkInfo, "getWebhookInfo", await api(signal).getWebhookInfo());
        return { ...factsOf(me, settings), webhookUrl: info.url, pendingUpdates: info.pending_update_count ?? 0 };
      } catch (error) {
        throw toProviderError(error);
      }
    },
    async login() {
      context.loginStep({ kind: "wait", text: "Asking Telegram about the bot token" });
      try {
        const me = readAnswer(checkMe, "getMe", await api(context.signal).getMe());
        const { sentence } = factsOf(me, settings);
        context.loginStep({ kind: "done", text: sentence, account: me.username ?? String(me.id) });
      } catch (error) {
        const { message, retryable } = toChannelError(error);
        context.loginStep({ kind: "failed", text: message, retryable });
      }
    },
    async logout(signal) {
      // The token stays valid until @BotFather revokes it; what is ours is the webhook and the saved number.
      await leaveWebhook(api, signal).catch((error: unknown) => {
        context.log("warn", "telegram.webhook_not_removed", { reason: toChannelError(error).message });
      });
      await context.save({});
      const sentence = "Logged out; the token itself ends only when @BotFather revokes it";
      context.state({ state: "logged_out", sentence, userAction: "set_token" });
    },
    async webhook(request) {
      if (!settings.webhook) return { status: 404, body: "webhook mode is off" };
      const taker = intake;
      if (!taker) return { status: 503, headers: { "retry-after": "2" }, body: "starting" };
      context.alive();
      return await answerPost(request, settings.webhook.secret, (update) => taker.take(update));
    },
  };
}
