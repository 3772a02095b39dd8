/** A provider for tests: its platform is a WebSocket server of the test. Not offered unless `channels.fake` is configured. */
import { Int0, NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import type { AccountConfig, Capabilities, ChannelManifest } from "../../schemas/worker/manifest.ts";

export interface FakeOptions {
  readonly id?: string;
  readonly personal?: boolean;
  readonly singleSession?: boolean;
  readonly capabilities?: Partial<Capabilities>;
}

const CAPABILITIES: Capabilities = {
  maxText: 4000,
  maxLines: 0,
  edit: true,
  reactions: true,
  typing: true,
  readReceipts: true,
  threads: true,
  buttons: true,
  polls: { maxOptions: 10 },
  mediaIn: true,
  mediaOut: true,
  mediaMaxMb: 8,
  nativeCommands: true,
  idempotentSend: false,
  detectsMentions: true,
  streaming: "blocks",
  paceMs: 0,
};

/** The fake with other abilities or another id, so that a test can have two kinds of platform. */
export function createFakeManifest(options: FakeOptions = {}): ChannelManifest {
  return {
    id: options.id ?? "fake",
    label: "Fake (tests only)",
    personal: options.personal ?? false,
    singleSession: options.singleSession ?? false,
    capabilities: { ...CAPABILITIES, ...options.capabilities },
    config: Open({
      url: Type.Optional(NonEmpty),
      token: Type.Optional(Type.String()),
      /** First wait before a new connection, in milliseconds. */
      retryMs: Type.Optional(Int0),
      /** The account waits for a login before it connects. */
      loginFirst: Type.Optional(Type.Boolean()),
      webhookPath: Type.Optional(NonEmpty),
    }),
    secrets: ["token"],
    env: {},
    missing: (config) => hostOf(config) === undefined ? ["channels.fake.url is not set"] : [],
    permissions(config) {
      const host = hostOf(config);
      return { net: host === undefined ? [] : [host], sys: [], run: [] };
    },
    foreignAddresses: (config) => typeof config["url"] === "string" ? [config["url"]] : [],
    login: [{ id: "qr", label: "Scan a code" }],
    webhookPath: (config) => typeof config["webhookPath"] === "string" ? config["webhookPath"] : undefined,
    setup: [{ key: "url", label: "WebSocket address", secret: false, help: "Where the test listens" }],
  };
}

function hostOf(config: AccountConfig): string | undefined {
  const url = typeof config["url"] === "string" ? URL.parse(config["url"]) : null;
  return url === null ? undefined : `${url.hostname}:${url.port || "80"}`;
}

export const manifest: ChannelManifest = createFakeManifest();
