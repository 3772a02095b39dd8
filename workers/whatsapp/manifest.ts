/** WhatsApp as a linked device of a person's own number. */
import { Int0, NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import type { AccountConfig, Capabilities, ChannelManifest } from "../../schemas/worker/manifest.ts";

const CAPABILITIES: Capabilities = {
  maxText: 4000,
  maxLines: 0,
  edit: true,
  reactions: true,
  typing: true,
  readReceipts: true,
  threads: false,
  buttons: false,
  polls: { maxOptions: 12 },
  mediaIn: true,
  mediaOut: true,
  mediaMaxMb: 50,
  nativeCommands: false,
  // A client drops a second message of the same sender with the same id, and we choose the id.
  idempotentSend: true,
  detectsMentions: true,
  streaming: "blocks",
  paceMs: 400,
};

const Opt = Type.Optional;

const CONFIG = Open({
  /** Another server than WhatsApp's own, for tests. It gets no access to the media hosts of WhatsApp. */
  webSocketUrl: Opt(NonEmpty),
  /** Hosts (`host:port`) for attachments of another server. */
  mediaHosts: Opt(Type.Array(NonEmpty, { maxItems: 8 })),
  /** The version of WhatsApp Web that this client says it is, such as `2.3000.1043857760`. */
  version: Opt(Type.String({ pattern: "^\\d+\\.\\d+\\.\\d+$" })),
  /** The name in the phone's list of linked devices. */
  deviceName: Opt(NonEmpty),
  sendReadReceipts: Opt(Type.Boolean()),
  /** Shows the number as online while the gateway is connected; the phone then rings less. */
  markOnline: Opt(Type.Boolean()),
  selfChatMode: Opt(Type.Boolean()),
  web: Opt(Open({
    heartbeatSeconds: Opt(Type.Integer({ minimum: 1, maximum: 600 })),
    reconnect: Opt(Open({
      initialMs: Opt(Type.Integer({ minimum: 1 })),
      maxMs: Opt(Type.Integer({ minimum: 1 })),
      factor: Opt(Type.Number({ minimum: 1 })),
      jitter: Opt(Type.Number({ minimum: 0, maximum: 1 })),
      /** 0: no limit. */
      maxAttempts: Opt(Int0),
    })),
  })),
});

export const manifest: ChannelManifest = {
  id: "whatsapp",
  label: "WhatsApp",
  personal: true,
  singleSession: true,
  capabilities: CAPABILITIES,
  config: CONFIG,
  secrets: [],
  env: {},
  missing(config) {
    const { webSocketUrl } = config;
    if (webSocketUrl === undefined || hostOf(webSocketUrl) !== undefined) return [];
    return ["channels.whatsapp.webSocketUrl is not a ws: or wss: address"];
  },
  permissions(config) {
    const sys = ["hostname"];
    if (config["webSocketUrl"] === undefined) {
      return { net: ["web.whatsapp.com:443", "*.whatsapp.net:443"], sys, run: [] };
    }
    const host = hostOf(config["webSocketUrl"]);
    return { net: [...host === undefined ? [] : [host], ...mediaHosts(config)], sys, run: [] };
  },
  foreignAddresses(config) {
    const { webSocketUrl } = config;
    return typeof webSocketUrl === "string" ? [webSocketUrl, ...mediaHosts(config)] : [];
  },
  login: [
    { id: "qr", label: "Scan a QR code with the phone" },
    { id: "code", label: "Type a pairing code into the phone" },
  ],
  webhookPath: () => undefined,
  setup: [],
};

function hostOf(url: unknown): string | undefined {
  const parsed = typeof url === "string" ? URL.parse(url) : null;
  if (parsed === null || (parsed.protocol !== "ws:" && parsed.protocol !== "wss:")) return undefined;
  return `${parsed.hostname}:${parsed.port || (parsed.protocol === "wss:" ? "443" : "80")}`;
}

function mediaHosts(config: AccountConfig): string[] {
  const hosts: unknown = config["mediaHosts"];
  return Array.isArray(hosts) ? hosts.filter((host) => typeof host === "string" && /^[\w.-]+:\d+$/u.test(host)) : [];
}
