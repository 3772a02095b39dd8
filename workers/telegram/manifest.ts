/** What the Telegram provider says of itself. Data and pure functions; the library is not loaded here. */
import { NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import type { AccountConfig, ChannelManifest } from "../../schemas/worker/manifest.ts";
import { hostOf, httpUrl, text } from "../runtime/manifest_values.ts";

const Opt = Type.Optional;
const OFFICIAL = "https://api.telegram.org";
const DEFAULT_WEBHOOK_PATH = "/telegram-webhook";

/** `apiRoot` of the configuration, or Telegram's own. */
const apiRootOf = (config: AccountConfig): string => text(config, "apiRoot") ?? OFFICIAL;

/** The way out of networks that do not let Telegram through. */
const proxyOf = (config: AccountConfig): URL | undefined => httpUrl(text(config, "proxy") ?? "");

function proxyFaults(config: AccountConfig): string[] {
  if (text(config, "proxy") === undefined) return [];
  const proxy = proxyOf(config);
  if (proxy === undefined) return ["channels.telegram.proxy is not an http(s) address"];
  // The address is shown in status and logs.
  return proxy.username + proxy.password === "" ? [] : ["channels.telegram.proxy must not hold a name or password"];
}

function missing(config: AccountConfig, secrets: ReadonlySet<string>): string[] {
  const lacks: string[] = [];
  if (!secrets.has("botToken")) lacks.push("The bot token is not set (channels.telegram.botToken)");
  if (httpUrl(apiRootOf(config)) === undefined) lacks.push("channels.telegram.apiRoot is not an http(s) address");
  lacks.push(...proxyFaults(config));
  const webhook = text(config, "webhookUrl");
  if (webhook === undefined) return lacks;
  if (httpUrl(webhook) === undefined) lacks.push("channels.telegram.webhookUrl is not an http(s) address");
  if (!secrets.has("webhookSecret")) {
    lacks.push("Webhook mode needs channels.telegram.webhookSecret: without it anybody could post updates");
  }
  return lacks;
}

export const manifest: ChannelManifest = {
  id: "telegram",
  label: "Telegram",
  personal: false,
  // Two pollers with one token throw each other out with 409, and both lose.
  singleSession: true,
  capabilities: {
    maxText: 4000,
    maxLines: 0,
    edit: true,
    reactions: true,
    typing: true,
    readReceipts: false,
    threads: true,
    buttons: true,
    polls: { maxOptions: 12 },
    mediaIn: true,
    mediaOut: true,
    mediaMaxMb: 5,
    nativeCommands: true,
    idempotentSend: false,
    detectsMentions: true,
    streaming: "edit",
    // About one message per second and chat is what Telegram bears.
    paceMs: 1000,
  },
  config: Open({
    apiRoot: Opt(NonEmpty),
    webhookUrl: Opt(NonEmpty),
    webhookPath: Opt(Type.String({ pattern: "^/[A-Za-z0-9/_.~-]*$" })),
    proxy: Opt(NonEmpty),
    linkPreview: Opt(Type.Boolean()),
    /** Seconds that one long poll waits for news. */
    pollSeconds: Opt(Type.Integer({ minimum: 1, maximum: 50 })),
    commands: Opt(Open({ native: Opt(Type.Union([Type.Boolean(), Type.Literal("auto")])) })),
    customCommands: Opt(Type.Array(Open({ command: NonEmpty, description: NonEmpty }), { maxItems: 90 })),
    reactionNotifications: Opt(Type.Union([Type.Literal("off"), Type.Literal("own"), Type.Literal("all")])),
  }),
  secrets: ["botToken", "webhookSecret"],
  env: { botToken: "TELEGRAM_BOT_TOKEN" },
  missing,
  permissions(config) {
    const hosts = [httpUrl(apiRootOf(config)), proxyOf(config)];
    return { net: hosts.flatMap((url) => url === undefined ? [] : [hostOf(url)]), sys: [], run: [] };
  },
  foreignAddresses(config) {
    const root = apiRootOf(config);
    const proxy = proxyOf(config);
    return [...httpUrl(root)?.origin === OFFICIAL ? [] : [root], ...proxy === undefined ? [] : [proxy.origin]];
  },
  login: [{ id: "token", label: "Check the bot token" }],
  webhookPath: (config) =>
    text(config, "webhookUrl") === undefined ? undefined : text(config, "webhookPath") ?? DEFAULT_WEBHOOK_PATH,
  setup: [
    {
      key: "botToken",
      label: "Bot token",
      secret: true,
      help: "Talk to @BotFather in Telegram, send /newbot, and copy the token that it shows",
    },
  ],
};
