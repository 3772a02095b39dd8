/** The `connect` parameters of this CLI: who it is, what it asks for, the signed proof. */
import { PROTOCOLS } from "../../schemas/frame.ts";
import type { ConnectParams } from "../../schemas/connect.ts";
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

/** `signedAt` is the challenge's time, so that a wrong clock on this host does not matter (generations facts, section 2). */
export async function connectParams(options: {
  readonly challenge: Challenge;
  readonly credential: Credential;
  readonly identity: Identity;
  readonly version: string;
  readonly caps: readonly string[];
}): Promise<ConnectParams> {
  const { challenge, credential, identity } = options;
  const { platform, deviceFamily } = hostPlatform(Deno.build.os);
  const token = credential.token?.reveal();
  const password = credential.password?.reveal();
  const deviceToken = credential.deviceToken?.reveal();
  const text = signedText({
    deviceId: identity.deviceId,
    clientId: "cli",
    clientMode: "cli",
    role: CLI_ROLE,
    scopes: CLI_SCOPES,
    signedAtMs: challenge.ts,
    token: token ?? deviceToken ?? "",
    nonce: challenge.nonce,
    platform,
    deviceFamily,
  });
  const auth = {
    ...(token === undefined ? {} : { token }),
    ...(password === undefined ? {} : { password }),
    ...(deviceToken === undefined ? {} : { deviceToken }),
  };
  return {
    minProtocol: PROTOCOLS[0],
    maxProtocol: PROTOCOLS[1],
    client: { id: "cli", mode: "cli", version: options.version, platform, deviceFamily },
    role: CLI_ROLE,
    scopes: [...CLI_SCOPES],
    caps: [...options.caps],
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

/** The names that Node clients send, which are the ones that paired devices are remembered by. */
export function hostPlatform(os: typeof Deno.build.os): { readonly platform: string; readonly deviceFamily: string } {
  if (os === "darwin") return { platform: "darwin", deviceFamily: "Mac" };
  if (os === "windows") return { platform: "win32", deviceFamily: "Windows" };
  return { platform: os, deviceFamily: "Linux" };
}
