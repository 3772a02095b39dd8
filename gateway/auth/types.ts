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
  /**
   * Makes the pending request of this device, or returns the one that already asks for as much. A wider wish makes a new
   * request with a new id: an owner approves what was shown under an id and never more. `created`: owners have not heard
   * of it yet. `replaced`: the id that it took the place of.
   */
  request(
    wish: PairWish,
  ): { readonly request: PairRequest; readonly created: boolean; readonly replaced: string | undefined };
  /** The pending request; undefined when there is none or it has expired. */
  pending(requestId: string): PairRequest | undefined;
  /** Approves the wish itself at once (local client, one-use code), whatever else of this device may be pending. */
  admit(wish: PairWish, via: string): { readonly request: PairRequest; readonly device: PairedDevice };
  /** Throws GatewayError `unknown requestId`. */
  approve(requestId: string, via: string): { readonly request: PairRequest; readonly device: PairedDevice };
  reject(requestId: string): PairRequest;
  remove(deviceId: string): boolean;
  /** Refreshes what changes with every connect: name, platform, address, last seen. */
  touch(wish: PairWish): void;
}

export interface DeviceTokens {
  /**
   * A token for (device, role) that covers `scopes`, which the caller has checked against the approval. `presented`, when
   * it is a valid value of this token, is returned again; otherwise a value is minted: hashes are all we keep.
   */
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
