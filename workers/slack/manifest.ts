/** What the Slack provider says of itself. Data and pure functions; the library is not loaded here. */
import { NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import type { AccountConfig, ChannelManifest } from "../../schemas/worker/manifest.ts";
import { hostOf, httpUrl, text } from "../runtime/manifest_values.ts";

const Opt = Type.Optional;
const OFFICIAL = "https://slack.com/api";
const DEFAULT_WEBHOOK_PATH = "/slack/events";
const Hosts = Opt(Type.Array(Type.String({ pattern: "^[A-Za-z0-9.\\-]+:\\d{1,5}$" }), { maxItems: 8 }));

const apiRootOf = (config: AccountConfig): string => text(config, "apiRoot") ?? OFFICIAL;
const isHttpMode = (config: AccountConfig): boolean => config["mode"] === "http";

const isOfficial = (config: AccountConfig): boolean => httpUrl(apiRootOf(config))?.origin === new URL(OFFICIAL).origin;
const hosts = (config: AccountConfig, key: string): string[] => {
  const value: unknown = config[key];
  return Array.isArray(value) ? value.filter((host) => typeof host === "string" && /^[\w.-]+:\d+$/u.test(host)) : [];
};

/** Hosts that the owner names beside `apiRoot`; Slack's own are known. */
const moreHosts = (
  config: AccountConfig,
): string[] => [...hosts(config, "socketHosts"), ...hosts(config, "mediaHosts")];

function missing(config: AccountConfig, secrets: ReadonlySet<string>): string[] {
  const lacks: string[] = [];
  if (!secrets.has("botToken")) lacks.push("The bot token is not set (channels.slack.botToken)");
  if (httpUrl(apiRootOf(config)) === undefined) lacks.push("channels.slack.apiRoot is not an http(s) address");
  if (isHttpMode(config)) {
    if (!secrets.has("signingSecret")) {
      lacks.push("HTTP mode needs channels.slack.signingSecret: without it anybody could post events");
    }
  } else if (!secrets.has("appToken")) {
    lacks.push("Socket Mode needs the app-level token with connections:write (channels.slack.appToken)");
  }
  return lacks;
}

export const manifest: ChannelManifest = {
  id: "slack",
  label: "Slack",
  personal: false,
  // Slack shares the events out among the sockets of one app: a second socket would take half of them away.
  singleSession: true,
  capabilities: {
    maxText: 4000,
    maxLines: 0,
    edit: true,
    reactions: true,
    // Only in threads of an app that is set up as an assistant; elsewhere it answers `unsupported`.
    typing: true,
    readReceipts: false,
    threads: true,
    buttons: true,
    polls: undefined,
    mediaIn: true,
    mediaOut: true,
    mediaMaxMb: 20,
    nativeCommands: true,
    // By our own look-up: each message carries its key as metadata, and a repeat reads the conversation first (repeat.ts).
    idempotentSend: true,
    idempotencyWindowMs: 60 * 60_000,
    detectsMentions: true,
    streaming: "blocks",
    // About one message per second and channel is what Slack bears, and 50 edits per minute.
    paceMs: 1200,
  },
  config: Open({
    mode: Opt(Type.Union([Type.Literal("socket"), Type.Literal("http")])),
    webhookPath: Opt(Type.String({ pattern: "^/[A-Za-z0-9/_.~-]*$" })),
    /** Another server than Slack's own, such as `http://127.0.0.1:8080/api`. It gets no access to Slack's hosts. */
    apiRoot: Opt(NonEmpty),
    /** Hosts (`host:port`) of another server's sockets and of its files, where they are not `apiRoot`'s. */
    socketHosts: Hosts,
    mediaHosts: Hosts,
    dm: Opt(Open({ groupEnabled: Opt(Type.Boolean()) })),
    channels: Opt(Type.Record(Type.String(), Open({}))),
    slashCommand: Opt(Open({
      enabled: Opt(Type.Boolean()),
      name: Opt(Type.String({ pattern: "^/?[a-z0-9_-]{1,32}$" })),
      ephemeral: Opt(Type.Boolean()),
    })),
    commands: Opt(Open({ native: Opt(Type.Union([Type.Boolean(), Type.Literal("auto")])) })),
    reactionNotifications: Opt(Type.Union(["off", "own", "all", "allowlist"].map((rule) => Type.Literal(rule)))),
    reactionAllowlist: Opt(Type.Array(Type.Union([Type.String(), Type.Number()]))),
    allowBots: Opt(Type.Boolean()),
    linkPreview: Opt(Type.Boolean()),
  }),
  secrets: ["botToken", "appToken", "signingSecret"],
  env: { botToken: "SLACK_BOT_TOKEN", appToken: "SLACK_APP_TOKEN" },
  missing,
  permissions(config) {
    const url = httpUrl(apiRootOf(config));
    // The library writes the system's release into its User-Agent when it is loaded.
    const sys = ["osRelease"];
    if (url === undefined) return { net: [], sys, run: [] };
    if (isOfficial(config)) return { net: ["*.slack.com:443"], sys, run: [] };
    return { net: [...new Set([hostOf(url), ...moreHosts(config)])], sys, run: [] };
  },
  foreignAddresses: (config) => isOfficial(config) ? [] : [apiRootOf(config), ...moreHosts(config)],
  login: [{ id: "token", label: "Check the tokens" }],
  webhookPath: (config) => isHttpMode(config) ? text(config, "webhookPath") ?? DEFAULT_WEBHOOK_PATH : undefined,
  setup: [
    {
      key: "botToken",
      label: "Bot token (xoxb-…)",
      secret: true,
      help:
        "At api.slack.com/apps make an app, open OAuth & Permissions, add the bot scopes, install it, and copy the " +
        "Bot User OAuth Token",
    },
    {
      key: "appToken",
      label: "App-level token (xapp-…)",
      secret: true,
      help:
        "In the app's Basic Information make an app-level token with connections:write, and switch on Socket Mode " +
        "and Event Subscriptions",
    },
  ],
};
