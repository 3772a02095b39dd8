/** What the iMessage provider (program imsg, macOS) says of itself. Data and pure functions. */
import { NonEmpty, OneOf, Open, Type } from "../../schemas/primitives.ts";
import type { AccountConfig, ChannelManifest } from "../../schemas/worker/manifest.ts";

const Opt = Type.Optional;
/** An absolute path without spaces and commas, which a permission cannot hold. */
const PATH = /^\/[^\s,]+$/u;

const cliPathOf = (config: AccountConfig): string | undefined => {
  const value = config["cliPath"];
  return typeof value === "string" && PATH.test(value) ? value : undefined;
};

function missing(config: AccountConfig): string[] {
  if (config["cliPath"] === undefined) {
    return ["The program imsg is not set (channels.imessage.cliPath, in the configuration file on this host)"];
  }
  return cliPathOf(config) === undefined
    ? ["channels.imessage.cliPath must be an absolute path without spaces and commas"]
    : [];
}

export const manifest: ChannelManifest = {
  id: "imessage",
  label: "iMessage (imsg)",
  personal: true,
  // Two children would hand every message over twice and each see the other's answers as somebody else's.
  singleSession: true,
  capabilities: {
    maxText: 4000,
    maxLines: 0,
    edit: false,
    reactions: false,
    typing: false,
    readReceipts: false,
    threads: false,
    buttons: false,
    polls: undefined,
    mediaIn: false,
    mediaOut: false,
    mediaMaxMb: 16,
    nativeCommands: false,
    idempotentSend: false,
    detectsMentions: false,
    streaming: "blocks",
    paceMs: 300,
  },
  config: Open({
    cliPath: Opt(NonEmpty),
    dbPath: Opt(Type.String({ pattern: "^/" })),
    service: Opt(OneOf(["auto", "imessage", "sms"])),
    region: Opt(Type.String({ pattern: "^[A-Za-z]{2}$" })),
    /** How long `chats.list` may take: a large message store needs a minute at its first reading. */
    probeTimeoutMs: Opt(Type.Integer({ minimum: 100 })),
    /** Between two looks at whether the program still answers. */
    healthEveryMs: Opt(Type.Integer({ minimum: 100 })),
    /** How long one of our texts that comes back counts as an echo. */
    echoWindowMs: Opt(Type.Integer({ minimum: 0 })),
    /** Older messages, which come after a long pause, are not answered. */
    maxMessageAgeMinutes: Opt(Type.Integer({ minimum: 1 })),
  }),
  secrets: [],
  env: {},
  missing,
  permissions(config) {
    const path = cliPathOf(config);
    return { net: [], sys: [], run: path === undefined ? [] : [path] };
  },
  foreignAddresses: () => [],
  login: [{ id: "check", label: "Check imsg" }],
  webhookPath: () => undefined,
  setup: [
    {
      key: "cliPath",
      label: "Path of imsg",
      secret: false,
      help:
        "Install imsg on this Mac (brew install steipete/tap/imsg), give the terminal Full Disk Access, and type the " +
        "absolute path that `which imsg` prints",
    },
  ],
};
