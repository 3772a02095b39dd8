/** The pairing decision of the handshake: silent for local clients, by an owner for remote ones. */
import { closeReason } from "../../schemas/close_code.ts";
import { DevicePairRequestedEvent, DevicePairResolvedEvent, type PairRequest } from "../../schemas/event/pairing.ts";
import type { Protocol } from "../../schemas/frame.ts";
import type { PairReason, PairWish } from "../auth/types.ts";
import type { HandshakeDeps } from "./handshake_deps.ts";
import { type Refusal, refuse } from "./handshake_refusal.ts";

export interface PairingContext {
  readonly protocol: Protocol;
  readonly local: boolean;
  /** Takes the client's one-use code; true once. Called only when an approval is really needed. */
  redeemCode(): boolean;
}

/**
 * Makes sure that the device is approved for what it asks. Undefined: it is. A refusal: it waits for an owner.
 * The caller has checked the key's proof and a credential: without both, a stranger could fill the owner's list.
 */
export function settlePairing(deps: HandshakeDeps, wish: PairWish, context: PairingContext): Refusal | undefined {
  const reason = deps.pairing.needs(wish);
  if (reason === undefined) {
    deps.pairing.touch(wish);
    return undefined;
  }
  const via = approvedBy(deps, reason, context);
  if (via === undefined) return waitForOwner(deps, wish, reason, context.protocol);
  const { request } = deps.pairing.admit(wish, via);
  deps.pairing.touch(wish);
  deps.log.info("pairing.admitted", { deviceId: wish.deviceId, role: wish.role, reason, via });
  publishResolved(deps, request, "approved");
  return undefined;
}

/** What stands for the owner's yes, or undefined when the owner has to be asked. */
function approvedBy(deps: HandshakeDeps, reason: PairReason, context: PairingContext): string | undefined {
  const asks = reason === "role-upgrade" && deps.config.gateway.localRoles === "ask";
  if (context.local && !asks) return "silent";
  return context.redeemCode() ? "bootstrap" : undefined;
}

function waitForOwner(deps: HandshakeDeps, wish: PairWish, reason: PairReason, protocol: Protocol): Refusal {
  const { request, created, replaced } = deps.pairing.request(wish);
  if (replaced !== undefined) publishResolved(deps, { ...request, requestId: replaced }, "rejected");
  if (created) {
    deps.log.info("pairing.requested", {
      deviceId: wish.deviceId,
      role: wish.role,
      reason,
      requestId: request.requestId,
    });
    deps.bus.publish(DevicePairRequestedEvent, request);
  }
  return pairingRequired(deps, wish, reason, request.requestId, protocol);
}

function publishResolved(deps: HandshakeDeps, request: PairRequest, decision: "approved" | "rejected"): void {
  const { requestId, deviceId } = request;
  deps.bus.publish(DevicePairResolvedEvent, { requestId, deviceId, decision, ts: deps.clock.now() });
}

const REASON_TEXT: Readonly<Record<PairReason, string>> = {
  "not-paired": "device is not approved yet",
  "role-upgrade": "device is asking for a higher role than currently approved",
  "scope-upgrade": "device is asking for more scopes than currently approved",
  "metadata-upgrade": "device identity changed and must be re-approved",
};

/** Protocol 3 has the bare text, protocol 4 the reason, and the request id in the close reason too (6.2). */
function pairingRequired(
  deps: HandshakeDeps,
  wish: PairWish,
  reason: PairReason,
  requestId: string,
  protocol: Protocol,
): Refusal {
  const message = protocol === 3 ? "pairing required" : `pairing required: ${REASON_TEXT[reason]}`;
  const approved = deps.pairing.get(wish.deviceId);
  return refuse(message, {
    code: "NOT_PAIRED",
    details: {
      code: "PAIRING_REQUIRED",
      reason,
      requestId,
      remediationHint: `Approve this device on the gateway host (openclaw devices approve ${requestId}) or in WebChat`,
      deviceId: wish.deviceId,
      requestedRole: wish.role,
      requestedScopes: wish.scopes,
      ...(approved ? { approvedRoles: approved.roles, approvedScopes: approved.scopes } : {}),
      recommendedNextStep: "wait_then_retry",
    },
    close: { code: 1008, reason: closeReason(protocol === 3 ? message : `${message} (requestId: ${requestId})`) },
  });
}
