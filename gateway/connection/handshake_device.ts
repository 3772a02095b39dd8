/** The device part of the handshake: identity and proof (rows 10 to 15 of handshake facts, section 4). */
import type { ConnectDevice, ConnectParams } from "../../schemas/connect.ts";
import type { Protocol } from "../../schemas/frame.ts";
import type { Role } from "../../schemas/scope.ts";
import { checkProof, type DeviceKey, readDeviceKey } from "../auth/device_identity.ts";
import { deviceRefused, type Refusal } from "./handshake_refusal.ts";

export interface ProofRequest {
  readonly params: ConnectParams;
  readonly device: ConnectDevice;
  readonly role: Role;
  readonly protocol: Protocol;
  readonly local: boolean;
  readonly challengeNonce: string;
  readonly now: number;
}

/** The device's key once its proof is good, else the refusal. */
export function proveDevice(request: ProofRequest): { readonly kind: "proved"; readonly key: DeviceKey } | Refusal {
  const { params, device, role, protocol, local, challengeNonce, now } = request;
  const key = readDeviceKey(device.publicKey);
  if (!key) return deviceRefused("device-public-key");
  if (key.deviceId !== device.id) return deviceRefused("device-id-mismatch");
  const { auth, client } = params;
  const failure = checkProof(
    key,
    {
      signature: device.signature,
      nonce: device.nonce,
      fields: {
        clientId: client.id,
        clientMode: client.mode,
        role,
        scopes: params.scopes ?? [],
        signedAt: device.signedAt,
        token: auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken ?? "",
        platform: client.platform,
        deviceFamily: client.deviceFamily,
      },
    },
    { protocol, local, challengeNonce, now },
  );
  return failure === undefined ? { kind: "proved", key } : deviceRefused(failure);
}
