/** What the Discord provider says of itself. Data and pure functions; the library is not loaded here. */
import { NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import type { AccountConfig, ChannelManifest } from "../../schemas/worker/manifest.ts";
import { hostOf, httpUrl, text } from "../runtime/manifest_values.ts";

const Opt = Type.Optional;
const OFFICIAL = "https://discord.com/api";
/** The gateway's resume address is a regional sub-domain, so the wildcard is needed. */
const OFFICIAL_NET = ["discord.com:443", "*.discord.gg:443", "cdn.discordapp.com:443", "media.discordapp.net:443"];
const Hosts = Opt(Type.Array(Type.String({ pattern: "^[A-Za-z0-9.\\-]+:\\d{1,5}$" }), { maxItems: 8 }));

const apiRootOf = (config: AccountConfig): string => text(config, "apiRoot") ?? OFFICIAL;

const isOfficial = (config: AccountConfig): boolean => httpUrl(apiRootOf(config))?.origin === new URL(OFFICIAL).origin;

const hosts = (config: AccountConfig, key: string): string[] => {
  const value: unknown = config[key];
  return Array.isArray(value) ? value.filter((host) => typeof host === "string" && /^[\w.-]+:\d+$/u.test(host)) : [];
};

/** Hosts that the owner names beside `apiRoot`; Discord's own are known. */
const moreHosts = (config: AccountConfig): string[] => [
  ...hosts(config, "gatewayHosts"),
  ...hosts(config, "mediaHosts"),
];

function missing(config: AccountConfig, secrets: ReadonlySet<string>): string[] {
  const lacks: string[] = [];
  if (!secrets.has("token")) lacks.push("The bot token is not set (channels.discord.token)");
  if (httpUrl(apiRootOf(config)) === undefined) lacks.push("channels.discord.apiRoot is not an http(s) address");
  return lacks;
}

export const manifest: ChannelManifest = {
  id: "discord",
  label: "Discord",
  personal: false,
  // Discord serves several connections of one bot; the inbox drops what comes twice.
  singleSession: false,
  capabilities: {
    maxText: 2000,
    maxLines: 17,
    edit: true,
    reactions: true,
    typing: true,
    readReceipts: false,
    threads: true,
    buttons: true,
    polls: { maxOptions: 10 },
    mediaIn: true,
    mediaOut: true,
    mediaMaxMb: 8,
    nativeCommands: true,
    // A message with the nonce of an earlier one is answered by the earlier one (enforce_nonce) …
    idempotentSend: true,
    // … "in the past few minutes", says the reference, and no number.
    idempotencyWindowMs: 2 * 60_000,
    detectsMentions: true,
    streaming: "blocks",
    // Five messages in five seconds per channel is what Discord bears.
    paceMs: 1000,
  },
  config: Open({
    /** Another server than Discord's own, such as `http://127.0.0.1:8080/api`. It gets no access to Discord's hosts. */
    apiRoot: Opt(NonEmpty),
    /** Hosts (`host:port`) of another server's gateway and of its attachments, where they are not `apiRoot`'s. */
    gatewayHosts: Hosts,
    mediaHosts: Hosts,
    intents: Opt(Open({ messageContent: Opt(Type.Boolean()), guildMembers: Opt(Type.Boolean()) })),
    guilds: Opt(Type.Record(Type.String(), Open({}))),
    commands: Opt(Open({ native: Opt(Type.Union([Type.Boolean(), Type.Literal("auto")])) })),
    customCommands: Opt(Type.Array(Open({ command: NonEmpty, description: NonEmpty }), { maxItems: 90 })),
    reactionNotifications: Opt(Type.Union(["off", "own", "all", "allowlist"].map((rule) => Type.Literal(rule)))),
    reactionAllowlist: Opt(Type.Array(Type.Union([Type.String(), Type.Number()]))),
    allowBots: Opt(Type.Boolean()),
    /** Whether a mention in an answer rings at the people it names. `@everyone`, `@here` and roles never do. */
    pingUsers: Opt(Type.Boolean()),
    linkPreview: Opt(Type.Boolean()),
    /** Seconds without any sign of Discord after which the connection is given up. Its own beat takes 41. */
    silenceSeconds: Opt(Type.Integer({ minimum: 1, maximum: 3600 })),
    /** After a connection that could not be resumed: how old a missed message may be to be fetched. 0: none is. */
    catchUpMinutes: Opt(Type.Integer({ minimum: 0, maximum: 24 * 60 })),
  }),
  secrets: ["token"],
  env: { token: "DISCORD_BOT_TOKEN" },
  missing,
  permissions(config) {
    const url = httpUrl(apiRootOf(config));
    if (isOfficial(config) || url === undefined) {
      return { net: url === undefined ? [] : OFFICIAL_NET, sys: [], run: [] };
    }
    return { net: [...new Set([hostOf(url), ...moreHosts(config)])], sys: [], run: [] };
  },
  foreignAddresses: (config) => isOfficial(config) ? [] : [apiRootOf(config), ...moreHosts(config)],
  login: [{ id: "token", label: "Check the bot token" }],
  webhookPath: () => undefined,
  setup: [
    {
      key: "token",
      label: "Bot token",
      secret: true,
      help:
        "In the Discord Developer Portal make an application, open Bot, press Reset Token and copy it; on the same " +
        "page switch on Message Content Intent, then invite the bot with the scopes bot and applications.commands",
    },
  ],
};
