/** Builds the params of `connect` as clients of both generations send them. */
import { type Identity, type SignatureVersion, signFields } from "./identity.ts";

export const ALL_SCOPES = [
  "operator.admin",
  "operator.read",
  "operator.write",
  "operator.approvals",
  "operator.pairing",
] as const;

export interface ConnectOptions {
  /** The protocol range; one number means exactly this one. Default 4. */
  readonly protocol?: number | readonly [number, number];
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  readonly deviceToken?: string | undefined;
  readonly bootstrapToken?: string | undefined;
  readonly role?: string | undefined;
  readonly scopes?: readonly string[];
  readonly caps?: readonly string[];
  readonly commands?: readonly string[];
  /** Signs with this identity; without it the client is deviceless. */
  readonly device?: Identity | undefined;
  /** Default: v3 for protocol 4, v2 for protocol 3. */
  readonly signature?: SignatureVersion;
  /** Default: the challenge's ts for protocol 4, the own clock for protocol 3. */
  readonly signedAt?: number;
  /** Default: the challenge's nonce. `null` leaves it out. */
  readonly nonce?: string | null;
  readonly client?: Partial<ClientInfo>;
  /** Merged over the params at the end. */
  readonly extra?: Record<string, unknown>;
}

export interface ClientInfo {
  readonly id: string;
  readonly version: string;
  readonly platform: string;
  readonly mode: string;
  readonly displayName: string;
  readonly deviceFamily: string;
  readonly instanceId: string;
}

export interface Challenge {
  readonly nonce: string;
  readonly ts: number;
}

/** The `params` object of a connect request that answers `challenge`. */
export function connectParams(options: ConnectOptions, challenge: Challenge): Record<string, unknown> {
  const [min, max] = typeof options.protocol === "object"
    ? options.protocol
    : [options.protocol ?? 4, options.protocol ?? 4];
  const role = options.role ?? "operator";
  const scopes = options.scopes ?? (role === "operator" ? ALL_SCOPES : []);
  const client = { id: "cli", version: "1.0.0", platform: "linux", mode: "cli", ...options.client };
  const auth = present({
    token: options.token,
    password: options.password,
    deviceToken: options.deviceToken,
    bootstrapToken: options.bootstrapToken,
  });
  return {
    minProtocol: min,
    maxProtocol: max,
    client,
    ...(options.role === undefined ? {} : { role }),
    scopes,
    caps: options.caps ?? [],
    ...(options.commands === undefined ? {} : { commands: options.commands }),
    ...(Object.keys(auth).length === 0 ? {} : { auth }),
    ...(options.device === undefined
      ? {}
      : { device: signedDevice(options.device, options, { role, scopes, client, max }, challenge) }),
    ...options.extra,
  };
}

function signedDevice(
  identity: Identity,
  options: ConnectOptions,
  facts: {
    role: string;
    scopes: readonly string[];
    client: { id: string; mode: string; platform: string };
    max: number;
  },
  challenge: Challenge,
): Record<string, unknown> {
  const old = facts.max < 4;
  const nonce = options.nonce === undefined ? challenge.nonce : options.nonce;
  const version = options.signature ?? (nonce === null ? "v1" : old ? "v2" : "v3");
  const signedAt = options.signedAt ?? (old ? Date.now() : challenge.ts);
  const signature = signFields(version, identity, {
    clientId: facts.client.id,
    clientMode: facts.client.mode,
    role: facts.role,
    scopes: facts.scopes,
    signedAt,
    token: options.token ?? (old ? undefined : options.deviceToken ?? options.bootstrapToken) ?? "",
    nonce: nonce ?? "",
    platform: facts.client.platform,
    deviceFamily: options.client?.deviceFamily ?? "",
  });
  return {
    id: identity.id,
    publicKey: identity.publicKey,
    signature,
    signedAt,
    ...(nonce === null ? {} : { nonce }),
  };
}

function present(members: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
