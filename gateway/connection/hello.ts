/** Builds hello-ok for one connection, with the differences between the protocol generations (generations facts, 2). */
import type { HelloOk, Snapshot } from "../../schemas/connect.ts";
import type { ClientIdentity } from "./client.ts";
import type { HandshakeOutcome } from "./handshake.ts";

export interface HelloFacts {
  readonly version: string;
  readonly bootId: string;
  readonly hostname: string;
  readonly methods: readonly string[];
  readonly events: readonly string[];
  readonly authMode: "none" | "token" | "password";
  readonly maxPayload: number;
  readonly maxBufferedBytes: number;
  readonly tickIntervalMs: number;
  readonly attachmentBytes: number;
  /** Where this client reaches the canvas, with its capability in the path; undefined when there is no canvas host. */
  readonly canvasUrl?: string | undefined;
  readonly snapshot: () => Omit<Snapshot, "authMode">;
}

type HelloAuth = Extract<HandshakeOutcome, { kind: "accepted" }>["auth"];

/** The payload of the response to `connect`. */
export function helloOk(facts: HelloFacts, identity: ClientIdentity, auth: HelloAuth): HelloOk {
  const four = identity.protocol === 4;
  return {
    type: "hello-ok",
    protocol: identity.protocol,
    server: {
      version: facts.version,
      ...(four ? { bootId: facts.bootId, controlUiBuildSource: "configured" as const } : { host: facts.hostname }),
      connId: identity.connId,
    },
    features: { methods: [...facts.methods], events: [...facts.events] },
    snapshot: { ...facts.snapshot(), ...(four ? { authMode: facts.authMode } : {}) },
    ...(facts.canvasUrl === undefined
      ? {}
      : four
      ? { pluginSurfaceUrls: { canvas: facts.canvasUrl } }
      : { canvasHostUrl: facts.canvasUrl }),
    ...helloAuth(identity, auth),
    policy: {
      maxPayload: facts.maxPayload,
      maxBufferedBytes: facts.maxBufferedBytes,
      tickIntervalMs: facts.tickIntervalMs,
      ...(four ? { attachments: { maxBytes: facts.attachmentBytes, maxImageBytes: facts.attachmentBytes } } : {}),
    },
  };
}

/** Protocol 3 knows `auth` only with a device; protocol 4 always has it, with the method that let the client in. */
function helloAuth(identity: ClientIdentity, auth: HelloAuth): Pick<HelloOk, "auth"> {
  if (identity.protocol === 3) {
    if (auth?.deviceToken === undefined) return {};
    const { deviceToken, role, scopes, issuedAtMs } = auth;
    return { auth: { deviceToken, role, scopes: [...scopes], ...(issuedAtMs === undefined ? {} : { issuedAtMs }) } };
  }
  return {
    auth: {
      method: identity.method,
      role: identity.grant.role,
      scopes: [...identity.grant.scopes],
      ...(auth?.deviceToken === undefined ? {} : { deviceToken: auth.deviceToken }),
      ...(auth?.issuedAtMs === undefined ? {} : { issuedAtMs: auth.issuedAtMs }),
    },
  };
}
