/** The `connect` parameters of this CLI: who it is, what it asks for, the signed proof. */
import { PROTOCOLS } from "../../schemas/frame.ts";
import type { ConnectAuth, ConnectParams } from "../../schemas/connect.ts";
import type { Challenge } from "./client.ts";
import type { Credential } from "./credentials.ts";
import type { Identity } from "./identity.ts";
import { sign, signedText } from "./signature.ts";

export const CLI_ROLE = "operator";
/** All that the commands need; the gateway grants no more than the owner approved. */
export const CLI_SCOPES = [
  "operator.admin",
  "operator.read",
  "operator.write",
  "operator.approvals",
  "operator.pairing",
] as const;

/** Who connects and what it announces, beside its proof. */
export interface ClientSelf {
  readonly id: "cli" | "node-host";
  readonly mode: "cli" | "node";
  readonly displayName?: string | undefined;
  readonly role: "operator" | "node";
  readonly scopes: readonly string[];
  readonly caps: readonly string[];
  /** What a node can be asked for. */
  readonly commands?: readonly string[];
  readonly pathEnv?: string | undefined;
}

interface ConnectFacts {
  readonly challenge: Challenge;
  readonly credential: Credential;
  readonly identity: Identity;
  readonly version: string;
}

export const connectParams = ({ caps, ...facts }: ConnectFacts & { readonly caps: readonly string[] }) =>
  connectParamsOf({ id: "cli", mode: "cli", role: CLI_ROLE, scopes: CLI_SCOPES, caps }, facts);

/** `signedAt` is the challenge's time, so that a wrong clock on this host does not matter (generations facts, section 2). */
export async function connectParamsOf(self: ClientSelf, facts: ConnectFacts): Promise<ConnectParams> {
  const { challenge, credential, identity } = facts;
  const { platform, deviceFamily } = hostPlatform(Deno.build.os);
  const { id, mode, displayName, role, scopes } = self;
  const auth = revealed(credential);
  const text = signedText({
    deviceId: identity.deviceId,
    clientId: id,
    clientMode: mode,
    role,
    scopes,
    signedAtMs: challenge.ts,
    token: auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? "",
    nonce: challenge.nonce,
    platform,
    deviceFamily,
  });
  return {
    minProtocol: PROTOCOLS[0],
    maxProtocol: PROTOCOLS[1],
    client: {
      id,
      mode,
      version: facts.version,
      platform,
      deviceFamily,
      ...(displayName === undefined ? {} : { displayName }),
    },
    role,
    scopes: [...scopes],
    caps: [...self.caps],
    ...(self.commands === undefined ? {} : { commands: [...self.commands] }),
    ...(self.pathEnv === undefined ? {} : { pathEnv: self.pathEnv }),
    ...(Object.keys(auth).length === 0 ? {} : { auth }),
    device: {
      id: identity.deviceId,
      publicKey: identity.publicKey,
      signature: await sign(identity.privateKey, text),
      signedAt: challenge.ts,
      nonce: challenge.nonce,
    },
  };
}

function revealed(credential: Credential): ConnectAuth {
  const { token, password, deviceToken, bootstrapToken } = credential;
  return {
    ...(token === undefined ? {} : { token: token.reveal() }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(deviceToken === undefined ? {} : { deviceToken: deviceToken.reveal() }),
    ...(bootstrapToken === undefined ? {} : { bootstrapToken: bootstrapToken.reveal() }),
  };
}

/** The names that Node clients send, which are the ones that paired devices are remembered by. */
export function hostPlatform(os: typeof Deno.build.os): { readonly platform: string; readonly deviceFamily: string } {
  if (os === "darwin") return { platform: "darwin", deviceFamily: "Mac" };
  if (os === "windows") return { platform: "win32", deviceFamily: "Windows" };
  return { platform: os, deviceFamily: "Linux" };
}
