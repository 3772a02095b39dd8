/** What the BlueBubbles provider says of itself. Data and pure functions. */
import { NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import type { AccountConfig, ChannelManifest } from "../../schemas/worker/manifest.ts";
import { text } from "../runtime/manifest_values.ts";

const Opt = Type.Optional;
const DEFAULT_WEBHOOK_PATH = "/bluebubbles-webhook";

function serverOf(config: AccountConfig): URL | undefined {
  const url = URL.parse(text(config, "serverUrl") ?? "");
  const http = url !== null && (url.protocol === "https:" || url.protocol === "http:");
  return http && url.username === "" && url.search === "" ? url : undefined;
}

function missing(config: AccountConfig, secrets: ReadonlySet<string>): string[] {
  const lacks: string[] = [];
  if (text(config, "serverUrl") === undefined) {
    lacks.push("The address of the BlueBubbles server is not set (channels.bluebubbles.serverUrl)");
  } else if (serverOf(config) === undefined) {
    lacks.push("channels.bluebubbles.serverUrl is not a plain http(s) address: the password does not belong into it");
  }
  if (!secrets.has("password")) lacks.push("The server's password is not set (channels.bluebubbles.password)");
  if (!secrets.has("webhookSecret")) {
    lacks.push("channels.bluebubbles.webhookSecret is not set: without it anybody could post messages");
  }
  return lacks;
}

export const manifest: ChannelManifest = {
  id: "bluebubbles",
  label: "iMessage (BlueBubbles)",
  personal: true,
  // Two workers take webhooks of the gateway's one path; the server itself does not mind.
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
    detectsMentions: false,
    streaming: "blocks",
    paceMs: 300,
  },
  config: Open({
    serverUrl: Opt(NonEmpty),
    webhookPath: Opt(Type.String({ pattern: "^/[A-Za-z0-9/_.~-]*$" })),
    /** Each false switches an ability off; what macOS or the server cannot do is off by itself. */
    actions: Opt(Open({
      reactions: Opt(Type.Boolean()),
      edit: Opt(Type.Boolean()),
      unsend: Opt(Type.Boolean()),
      reply: Opt(Type.Boolean()),
      sendAttachment: Opt(Type.Boolean()),
    })),
    /** Older messages are not answered: the server may post what is a week old again. */
    maxMessageAgeMinutes: Opt(Type.Integer({ minimum: 1 })),
    /** Between two looks at whether the server answers. */
    healthEveryMs: Opt(Type.Integer({ minimum: 100 })),
    reactionNotifications: Opt(Type.Union([Type.Literal("off"), Type.Literal("own"), Type.Literal("all")])),
  }),
  secrets: ["password", "webhookSecret"],
  env: {},
  missing,
  permissions(config) {
    const url = serverOf(config);
    return {
      net: url === undefined ? [] : [`${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`],
      sys: [],
      run: [],
    };
  },
  // Every server is its owner's own: there is none of the platform.
  foreignAddresses: (config) => {
    const url = serverOf(config);
    return url === undefined ? [] : [url.origin];
  },
  login: [{ id: "check", label: "Check the server and its password" }],
  webhookPath: (config) => text(config, "webhookPath") ?? DEFAULT_WEBHOOK_PATH,
  setup: [
    {
      key: "serverUrl",
      label: "Server address",
      secret: false,
      help: "The address that the BlueBubbles server on your Mac shows, such as http://192.168.1.20:1234",
    },
    { key: "password", label: "Server password", secret: true, help: "The password set in the BlueBubbles server" },
    {
      key: "webhookSecret",
      label: "Webhook secret",
      secret: true,
      help:
        "Make up 16 characters or more, other than the password, and add in BlueBubbles a webhook to this gateway: " +
        "http://<gateway>/bluebubbles-webhook?secret=<the secret>, for new messages, updated messages and reactions",
    },
  ],
};
