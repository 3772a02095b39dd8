/** The two ends of the handshake: the connect parameters we send and what we keep of hello-ok. */
import { type Fields, fields, number, word, words } from "./read.ts";
import type { Identity } from "./identity.ts";
import type { AuthUsed } from "./refusal.ts";
import { signedText } from "./signature.ts";

/** What a page says of itself at connect; the gateway grants what its device was approved for. */
export interface Announcement {
  readonly client: {
    readonly id: string;
    readonly displayName: string;
    readonly version: string;
    readonly platform: string;
    readonly deviceFamily?: string;
    readonly mode: string;
  };
  readonly role: "operator" | "node";
  readonly scopes: readonly string[];
  readonly caps: readonly string[];
  /** Nodes only: what they can be asked to do, and what the system lets them. */
  readonly commands?: readonly string[];
  readonly permissions?: Readonly<Record<string, boolean>>;
}

export interface Credential {
  readonly used: AuthUsed;
  readonly secret: string;
}

export interface Challenge {
  readonly nonce: string;
  readonly ts: number;
}

export interface Hello {
  readonly version: string;
  readonly connId: string;
  readonly mainKey: string;
  readonly agentId: string;
  readonly tickMs: number;
  readonly maxImageBytes: number;
  readonly scopes: readonly string[];
  readonly methods: ReadonlySet<string>;
  readonly deviceToken: string | undefined;
  /** Where this client reaches the canvas host, with its capability in the path. */
  readonly canvasUrl: string | undefined;
}

export function readChallenge(payload: unknown): Challenge | undefined {
  const nonce = word(fields(payload)["nonce"]);
  const ts = number(fields(payload)["ts"]);
  return nonce === undefined || ts === undefined ? undefined : { nonce, ts };
}

function authOf(credential: Credential): Fields {
  if (credential.used === "token") return { token: credential.secret, password: credential.secret };
  if (credential.used === "deviceToken") return { deviceToken: credential.secret };
  if (credential.used === "code") return { bootstrapToken: credential.secret };
  return {};
}

/** The parameters of `connect`, signed for this challenge. */
export async function connectParams(
  identity: Identity,
  challenge: Challenge,
  credential: Credential,
  announcement: Announcement,
): Promise<Fields> {
  const { client, role, scopes } = announcement;
  const signature = await identity.sign(signedText({
    deviceId: identity.deviceId,
    clientId: client.id,
    clientMode: client.mode,
    role,
    scopes,
    signedAt: challenge.ts,
    secret: credential.secret,
    nonce: challenge.nonce,
    platform: client.platform,
    deviceFamily: client.deviceFamily ?? "",
  }));
  return {
    minProtocol: 3,
    maxProtocol: 4,
    ...announcement,
    auth: authOf(credential),
    device: {
      id: identity.deviceId,
      publicKey: identity.publicKey,
      signature,
      signedAt: challenge.ts,
      nonce: challenge.nonce,
    },
    locale: navigator.language,
    userAgent: navigator.userAgent,
  };
}

/** A name that an owner recognises in the list of devices that wait. */
export function browserName(agent: string = navigator.userAgent): string {
  const browser = /Edg\//.test(agent)
    ? "Edge"
    : /Firefox\//.test(agent)
    ? "Firefox"
    : /Chrome\//.test(agent)
    ? "Chrome"
    : /Safari\//.test(agent)
    ? "Safari"
    : "browser";
  // Android says Linux too, and before its own name.
  const system = /iPhone|iPad|Android/.exec(agent)?.[0] ?? /Windows|Mac OS|Linux/.exec(agent)?.[0];
  return system ? `${browser}, ${system}` : browser;
}

export function readHello(payload: unknown): Hello | undefined {
  const hello = fields(payload);
  if (hello["type"] !== "hello-ok") return undefined;
  const defaults = fields(fields(hello["snapshot"])["sessionDefaults"]);
  const policy = fields(hello["policy"]);
  const auth = fields(hello["auth"]);
  const server = fields(hello["server"]);
  return {
    version: word(server["version"]) ?? "",
    connId: word(server["connId"]) ?? "",
    mainKey: word(defaults["mainSessionKey"]) ?? "agent:main:main",
    agentId: word(defaults["defaultAgentId"]) ?? "main",
    tickMs: number(policy["tickIntervalMs"]) ?? 30_000,
    maxImageBytes: Math.min(5_000_000, number(fields(policy["attachments"])["maxImageBytes"]) ?? 5_000_000),
    scopes: words(auth["scopes"]),
    methods: new Set(words(fields(hello["features"])["methods"])),
    deviceToken: word(auth["deviceToken"]),
    canvasUrl: word(fields(hello["pluginSurfaceUrls"])["canvas"]),
  };
}
