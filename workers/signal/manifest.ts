/** What the Signal provider says of itself. The platform is a signal-cli daemon that the owner runs. */
import { NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import type { AccountConfig, ChannelManifest } from "../../schemas/worker/manifest.ts";
import { hostOf, httpUrl, text } from "../runtime/manifest_values.ts";

const Opt = Type.Optional;
const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8080;

/** `httpUrl`, or host and port, or the daemon's usual address. */
export function daemonAddress(config: AccountConfig): string {
  const port = config["httpPort"];
  const host = text(config, "httpHost") ?? DEFAULT_HOST;
  return (text(config, "httpUrl") ?? `http://${host}:${typeof port === "number" ? port : DEFAULT_PORT}`)
    .replace(/\/+$/u, "");
}

function missing(config: AccountConfig): string[] {
  const lacks: string[] = [];
  const url = httpUrl(daemonAddress(config));
  if (url === undefined) lacks.push("channels.signal.httpUrl is not an http(s) address");
  else if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    lacks.push("channels.signal.httpUrl may hold an address and a path only, no password and no query");
  }
  const account = text(config, "account");
  if (account !== undefined && !/^(?:\+\d{5,15}|(?:uuid:)?[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/iu.test(account)) {
    lacks.push(
      "channels.signal.account is neither a number with its country code, such as +15551234567, nor an account id",
    );
  }
  return lacks;
}

export const manifest: ChannelManifest = {
  id: "signal",
  label: "Signal",
  personal: true,
  // The daemon serves many readers; it alone holds the session.
  singleSession: false,
  capabilities: {
    maxText: 4000,
    maxLines: 0,
    edit: true,
    reactions: true,
    typing: true,
    readReceipts: true,
    threads: false,
    buttons: false,
    polls: undefined,
    mediaIn: true,
    mediaOut: true,
    mediaMaxMb: 8,
    nativeCommands: false,
    idempotentSend: false,
    detectsMentions: true,
    streaming: "blocks",
    paceMs: 500,
  },
  config: Open({
    httpUrl: Opt(NonEmpty),
    httpHost: Opt(NonEmpty),
    httpPort: Opt(Type.Integer({ minimum: 1, maximum: 65_535 })),
    /** The number that this account uses, or its account id. */
    account: Opt(NonEmpty),
    /** The account id that belongs to the number, to know ourselves by both. */
    accountUuid: Opt(NonEmpty),
    receiveMode: Opt(Type.Union([Type.Literal("on-start"), Type.Literal("manual")])),
    /** Silence after which the event stream counts as dead. */
    eventIdleMs: Opt(Type.Integer({ minimum: 100 })),
    deviceName: Opt(NonEmpty),
    ignoreAttachments: Opt(Type.Boolean()),
    /** Stories are for everybody who follows; answering them is off unless set to false. */
    ignoreStories: Opt(Type.Boolean()),
    sendReadReceipts: Opt(Type.Boolean({ default: false })),
    markdown: Opt(Open({
      tables: Opt(Type.Union([Type.Literal("bullets"), Type.Literal("code"), Type.Literal("off")])),
    })),
  }),
  secrets: [],
  env: {},
  missing,
  permissions(config) {
    const url = httpUrl(daemonAddress(config));
    return { net: url === undefined ? [] : [hostOf(url)], sys: [], run: [] };
  },
  foreignAddresses(config) {
    const address = daemonAddress(config);
    return address === `http://${DEFAULT_HOST}:${DEFAULT_PORT}` ? [] : [address];
  },
  login: [{ id: "qr", label: "Link as a device of the phone with a QR code" }],
  webhookPath: () => undefined,
  setup: [
    {
      key: "httpUrl",
      label: "Address of the signal-cli daemon",
      secret: false,
      help: "Start it with: signal-cli daemon --http 127.0.0.1:8080 (then the address is http://127.0.0.1:8080)",
    },
    {
      key: "account",
      label: "Signal number of the bot",
      secret: false,
      help: "With its country code, such as +15551234567; a number of its own is best",
    },
  ],
};
