/** Pairing and device tokens as handshake and methods use them. */
import type { PairRequest } from "../../schemas/event/pairing.ts";

export interface PairedDevice {
  readonly deviceId: string;
  /** base64url, raw 32 bytes. */
  readonly publicKey: string;
  readonly displayName: string | undefined;
  readonly platform: string | undefined;
  readonly deviceFamily: string | undefined;
  readonly clientId: string | undefined;
  readonly clientMode: string | undefined;
  readonly remoteIp: string | undefined;
  readonly role: string;
  readonly roles: readonly string[];
  /** What an owner approved; a token can hold less, never more. */
  readonly scopes: readonly string[];
  readonly tokens: Readonly<Record<string, DeviceTokenInfo>>;
  readonly approvedVia: string;
  readonly createdAtMs: number;
  readonly approvedAtMs: number;
  readonly lastSeenAtMs: number | undefined;
}

export interface DeviceTokenInfo {
  readonly role: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly rotatedAtMs?: number;
  readonly revokedAtMs?: number;
  readonly lastUsedAtMs?: number;
}

/** What a device asks for when it connects. */
export interface PairWish {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly displayName: string | undefined;
  readonly platform: string | undefined;
  readonly deviceFamily: string | undefined;
  readonly clientId: string | undefined;
  readonly clientMode: string | undefined;
  readonly remoteIp: string | undefined;
  readonly role: string;
  readonly scopes: readonly string[];
}

export type PairReason = "not-paired" | "role-upgrade" | "scope-upgrade" | "metadata-upgrade";

export interface PairingStore {
  get(deviceId: string): PairedDevice | undefined;
  list(): { readonly pending: readonly PairRequest[]; readonly paired: readonly PairedDevice[] };
  /** Why the device needs an approval, or undefined when it needs none. */
  needs(wish: PairWish): PairReason | undefined;
  /** Makes or widens the pending request of this device. `created`: owners have not heard of it yet. */
  request(wish: PairWish, silent: boolean): { readonly request: PairRequest; readonly created: boolean };
  /** Throws GatewayError `unknown requestId`. */
  approve(requestId: string, via: string): { readonly request: PairRequest; readonly device: PairedDevice };
  reject(requestId: string): PairRequest;
  remove(deviceId: string): boolean;
  /** Refreshes what changes with every connect: name, platform, address, last seen. */
  touch(wish: PairWish): void;
}

export interface DeviceTokens {
  /** A token for (device, role) that covers `scopes`. `token` is set only when a new one was made: hashes are all we keep. */
  ensure(
    deviceId: string,
    role: string,
    scopes: readonly string[],
    presented?: string,
  ): { readonly token: string; readonly scopes: readonly string[]; readonly issuedAtMs: number };
  verify(
    deviceId: string,
    role: string,
    token: string,
  ): { readonly ok: true; readonly scopes: readonly string[] } | {
    readonly ok: false;
    readonly reason: "device-not-paired" | "role-missing" | "token-missing" | "token-revoked" | "token-mismatch";
  };
  rotate(
    deviceId: string,
    role: string,
    scopes: readonly string[] | undefined,
  ): { readonly token: string; readonly scopes: readonly string[]; readonly rotatedAtMs: number };
  revoke(deviceId: string, role: string): number;
}
