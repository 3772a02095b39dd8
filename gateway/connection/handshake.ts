/**
 * The handshake of one socket: from `connect` parameters to an identity or a refusal, in the order of handshake facts,
 * section 4. What is decided here is all that later code knows about who the client is and what it may do.
 */
import { closeReason } from "../../schemas/close_code.ts";
import { ConnectParams } from "../../schemas/connect.ts";
import type { Protocol } from "../../schemas/frame.ts";
import { type Role, ROLES, SCOPES } from "../../schemas/scope.ts";
import { checker } from "../../schemas/validate.ts";
import type { DeviceKey } from "../auth/device_identity.ts";
import { grant } from "../auth/grant.ts";
import { type Locality, locate, type PeerFacts } from "../auth/locality.ts";
import { checkBrowser } from "../auth/origin.ts";
import type { PairWish } from "../auth/types.ts";
import { uuid } from "../observe/clock.ts";
import type { AuthMethod, ClientIdentity, NodeClaims } from "./client.ts";
import { authenticate, type Claim, presentedToken, redeemForApproval } from "./handshake_auth.ts";
import type { HandshakeDeps } from "./handshake_deps.ts";
import { proveDevice } from "./handshake_device.ts";
import { settlePairing } from "./handshake_pairing.ts";
import {
  browserDeviceRequired,
  deviceRequired,
  invalidParams,
  invalidRole,
  originRefused,
  protocolMismatch,
  type Refusal,
  refuse,
} from "./handshake_refusal.ts";

export type { HandshakeDeps } from "./handshake_deps.ts";

export interface Peer extends PeerFacts {
  readonly origin: string | undefined;
}

/** `auth` of hello-ok; undefined for a protocol 3 client without a device. `scopes` are the live, granted ones. */
export interface HelloAuth {
  readonly deviceToken?: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly issuedAtMs?: number;
}

export interface Accepted {
  readonly kind: "accepted";
  readonly identity: ClientIdentity;
  readonly auth: HelloAuth | undefined;
}

export type HandshakeOutcome = Accepted | Refusal;

const checkParams = checker(ConnectParams);
const KNOWN_SCOPES: ReadonlySet<string> = new Set(SCOPES);
/** Longest name and platform that is stored and shown. */
const MAX_LABEL = 128;

/** What is established before any credential is looked at. */
interface Stage {
  readonly params: ConnectParams;
  readonly protocol: Protocol;
  readonly role: Role;
  /** The wish; unknown scopes are ignored, so that they are neither stored nor ever granted. */
  readonly scopes: readonly string[];
  readonly where: Locality;
}

export class Handshake {
  readonly challenge: { readonly nonce: string; readonly ts: number };
  #used = false;

  constructor(
    private readonly deps: HandshakeDeps,
    private readonly peer: Peer,
    private readonly connId: string,
  ) {
    this.challenge = { nonce: uuid(), ts: deps.clock.now() };
  }

  /** Decides about the socket, once: a challenge answers for a single connect, else its nonce could be replayed. */
  // deno-lint-ignore require-await
  async connect(params: unknown): Promise<HandshakeOutcome> {
    if (this.#used) return refuse("connect is only valid as the first request");
    this.#used = true;
    const outcome = this.#decide(params);
    this.#report(outcome, params);
    return outcome;
  }

  #decide(input: unknown): HandshakeOutcome {
    const checked = checkParams(input);
    if (!checked.ok) return invalidParams(checked.error);
    const stage = this.#stage(checked.value);
    if ("kind" in stage) return stage;
    return stage.params.device ? this.#withDevice(stage, stage.params.device) : this.#withoutDevice(stage);
  }

  /** Rows 5 to 7: protocol, role, origin. */
  #stage(params: ConnectParams): Stage | Refusal {
    const protocol = negotiate(params);
    if (protocol === undefined) return protocolMismatch(params);
    const role = ROLES.find((known) => known === (params.role ?? "operator"));
    if (!role) return invalidRole();
    const { config, hosts } = this.deps;
    const { trustedProxies, allowedOrigins, publicUrl } = config.gateway;
    const where = locate(this.peer, hosts, trustedProxies);
    const { origin, host } = this.peer;
    if (origin === undefined && isBrowserUi(params)) return originRefused("origin-missing");
    const browser = checkBrowser(origin, host, where.scheme, { allowedOrigins, publicUrl }, hosts);
    if (!browser.ok) return originRefused(browser.reason);
    // `*` lets any page in, which says nothing about who wrote it: such a page waits for approval like a stranger.
    const local = where.local && browser.via !== "any";
    const scopes = role === "node" ? [] : [...new Set(params.scopes)].filter((scope) => KNOWN_SCOPES.has(scope));
    return { params, protocol, role, scopes, where: { ...where, local } };
  }

  /** Rows 9a to 9d. */
  #withoutDevice(stage: Stage): HandshakeOutcome {
    const { params, role, where, scopes, protocol } = stage;
    if (isBrowserUi(params)) return browserDeviceRequired();
    const { token, password } = params.auth ?? {};
    if (!token && !password && this.deps.secret.mode !== "none") return deviceRequired();
    const result = authenticate(this.deps, this.#claim(stage, undefined));
    if (result.kind === "refused") return result;
    if (role === "node") return deviceRequired();
    // On this host whoever has the secret could make a device and be approved silently: clearing the scopes would
    // protect nothing and break the deviceless CLI. From elsewhere scopes come only with an approval.
    const live = where.local ? scopes : [];
    return {
      kind: "accepted",
      identity: this.#identity(stage, result.method, live, undefined),
      auth: protocol === 3 ? undefined : { role, scopes: live },
    };
  }

  /** Rows 10 to 18. */
  #withDevice(stage: Stage, device: NonNullable<ConnectParams["device"]>): HandshakeOutcome {
    const { params, role, protocol, scopes, where } = stage;
    const { deps, challenge } = this;
    const proof = proveDevice({
      params,
      device,
      role,
      protocol,
      local: where.local,
      challengeNonce: challenge.nonce,
      now: deps.clock.now(),
    });
    if (proof.kind === "refused") return proof;
    const { deviceId } = proof.key;
    const claim = this.#claim(stage, deviceId);
    const result = authenticate(deps, claim);
    if (result.kind === "refused") return result;
    const redeemCode = () => result.method === "bootstrap-token" || redeemForApproval(deps, claim);
    const waiting = settlePairing(deps, wishOf(stage, proof.key), { protocol, local: where.local, redeemCode });
    if (waiting) return waiting;
    const { token, issuedAtMs } = deps.deviceTokens.ensure(deviceId, role, scopes, presentedToken(claim.auth));
    return {
      kind: "accepted",
      identity: this.#identity(stage, result.method, scopes, deviceId),
      auth: { deviceToken: token, role, scopes, issuedAtMs },
    };
  }

  #claim(stage: Stage, deviceId: string | undefined): Claim {
    const { params, protocol, role, scopes, where } = stage;
    const fromBrowser = this.peer.origin !== undefined;
    return {
      auth: params.auth ?? {},
      client: params.client,
      protocol,
      role,
      scopes,
      deviceId,
      peer: where,
      fromBrowser,
    };
  }

  #identity(
    { params, protocol, role, where }: Stage,
    method: AuthMethod,
    scopes: readonly string[],
    deviceId: string | undefined,
  ): ClientIdentity {
    return {
      connId: this.connId,
      protocol,
      grant: grant(role, scopes),
      method,
      info: params.client,
      caps: new Set(params.caps),
      deviceId,
      remoteIp: where.local ? undefined : where.address,
      local: where.local,
      host: this.peer.host,
      secure: where.scheme === "https",
      connectedAtMs: this.deps.clock.now(),
      node: role === "node" ? nodeClaims(params) : undefined,
    };
  }

  /** Refusals are worth a line each; what a stranger wrote goes in only cut and never with its credentials. */
  #report(outcome: HandshakeOutcome, params: unknown): void {
    const { log } = this.deps;
    if (outcome.kind === "accepted") {
      const { info, grant: held, method, deviceId, protocol, local } = outcome.identity;
      log.debug("handshake.accepted", {
        connId: this.connId,
        client: info.id,
        role: held.role,
        method,
        deviceId,
        protocol,
        local,
      });
      return;
    }
    const { code, message, details } = outcome.error;
    const client = checkParams.is(params) ? params.client.id : undefined;
    const address = this.peer.address;
    log.info("handshake.refused", {
      connId: this.connId,
      address,
      client,
      code,
      message: closeReason(message),
      reason: codeOf(details),
    });
  }
}

/** The highest protocol that both speak (generations facts, section 1). */
function negotiate({ minProtocol, maxProtocol }: ConnectParams): Protocol | undefined {
  if (maxProtocol >= 4) return minProtocol <= 4 ? 4 : undefined;
  return maxProtocol === 3 && minProtocol <= 3 ? 3 : undefined;
}

/** Clients that are pages and have to say which page they are (handshake facts, 3.1 and 9). */
const isBrowserUi = ({ client }: ConnectParams): boolean =>
  client.id === "openclaw-control-ui" || client.id === "webchat-ui" || client.mode === "webchat";

function wishOf({ params, role, scopes, where }: Stage, key: DeviceKey): PairWish {
  const { displayName, platform, deviceFamily, id, mode } = params.client;
  return {
    deviceId: key.deviceId,
    publicKey: key.publicKey,
    displayName: displayName?.slice(0, MAX_LABEL),
    platform: platform.slice(0, MAX_LABEL),
    deviceFamily: deviceFamily?.slice(0, MAX_LABEL),
    clientId: id,
    clientMode: mode,
    remoteIp: where.local ? undefined : where.address,
    role,
    scopes,
  };
}

const nodeClaims = ({ caps, commands, permissions, pathEnv }: ConnectParams): NodeClaims => ({
  caps: caps ?? [],
  commands: commands ?? [],
  permissions: permissions ?? {},
  pathEnv,
});

const codeOf = (details: unknown): unknown =>
  details !== null && typeof details === "object" && "code" in details ? details.code : undefined;
