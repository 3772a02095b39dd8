/**
 * Device tokens: what a paired device shows instead of the shared secret. Only SHA-256 hashes are kept.
 *
 * Invariant: a (device, role) has at most MAX_VALUES values that stand. All of them have one scope set, which is within
 * the device's approval; rotate, revoke and remove end all of them at once. A value is minted only over a connection that
 * proved the shared secret (or a one-use code) and the device key, and is worth nothing without that key's signature.
 *
 * Why more than one: two processes of one device (a terminal UI and a CLI with one identity file, two browser windows)
 * log in with the shared secret in turn. With a single value each would end the token that the other has stored, whose
 * next login then fails and is counted as an attack. The value used longest ago goes first.
 */
import { Buffer } from "node:buffer";
import { invalid } from "../../schemas/error.ts";
import { missingScopes } from "../../schemas/scope.ts";
import { type Clock, randomToken } from "../observe/clock.ts";
import type { Db } from "../storage/db.ts";
import { digest, digestHex, sameDigest } from "./digest.ts";
import { type Approval, readApproval } from "./device_rows.ts";
import { integer, list, optionalInteger, text } from "./rows.ts";
import type { DeviceTokens } from "./types.ts";

const TOKEN_BYTES = 32;
export const MAX_VALUES = 4;

/** `hashes`: the value used last comes first. */
interface TokenRow {
  readonly hashes: readonly string[];
  readonly scopes: readonly string[];
  readonly issuedAtMs: number;
  readonly createdAtMs: number;
  readonly revoked: boolean;
}

/** The device tokens of the state directory. */
export const createDeviceTokens = (parts: { readonly db: Db; readonly clock: Clock }): DeviceTokens =>
  new SqliteDeviceTokens(parts.db, parts.clock);

class SqliteDeviceTokens implements DeviceTokens {
  constructor(private readonly db: Db, private readonly clock: Clock) {}

  ensure(
    deviceId: string,
    role: string,
    scopes: readonly string[],
    presented?: string,
  ): { token: string; scopes: readonly string[]; issuedAtMs: number } {
    return this.db.transaction(() => {
      const device = this.#device(deviceId, role);
      const wanted = withinApproval(device, scopes);
      const now = this.clock.now();
      const row = this.#row(deviceId, role);
      if (!row || row.revoked) return this.#mint(deviceId, role, wanted, row?.createdAtMs ?? now, undefined);
      const all = withinApproval(device, unionSorted(row.scopes, wanted));
      const used = presented === undefined ? undefined : findHash(row.hashes, presented);
      if (presented === undefined || used === undefined) {
        const token = randomToken(TOKEN_BYTES);
        this.#put(deviceId, role, { ...row, hashes: [digestHex(token), ...row.hashes], scopes: all });
        return { token, scopes: all, issuedAtMs: row.issuedAtMs };
      }
      this.#put(deviceId, role, { ...row, hashes: newestFirst(row.hashes, used), scopes: all });
      return { token: presented, scopes: all, issuedAtMs: row.issuedAtMs };
    });
  }

  verify(deviceId: string, role: string, token: string): ReturnType<DeviceTokens["verify"]> {
    const device = readApproval(this.db, deviceId);
    if (!device) return { ok: false, reason: "device-not-paired" };
    if (!device.roles.includes(role)) return { ok: false, reason: "role-missing" };
    const row = this.#row(deviceId, role);
    if (!row || token === "") return { ok: false, reason: "token-missing" };
    if (row.revoked) return { ok: false, reason: "token-revoked" };
    if (findHash(row.hashes, token) === undefined) return { ok: false, reason: "token-mismatch" };
    return { ok: true, scopes: withinApproval(device, row.scopes) };
  }

  rotate(
    deviceId: string,
    role: string,
    scopes: readonly string[] | undefined,
  ): { token: string; scopes: readonly string[]; rotatedAtMs: number } {
    return this.db.transaction(() => {
      const device = this.#device(deviceId, role);
      const row = this.#row(deviceId, role);
      const wanted = scopes ?? row?.scopes ?? (role === "operator" ? device.scopes : []);
      const [missing] = missingScopes(new Set(device.scopes), wanted);
      if (missing !== undefined) throw invalid(`Cannot rotate token: ${missing} was not approved for this device`);
      const rotatedAtMs = this.clock.now();
      return { ...this.#mint(deviceId, role, wanted, row?.createdAtMs ?? rotatedAtMs, rotatedAtMs), rotatedAtMs };
    });
  }

  revoke(deviceId: string, role: string): number {
    const now = this.clock.now();
    const changed = this.db.run(
      "UPDATE device_tokens SET revoked_at = ?, older_hashes = '[]' WHERE device_id = ? AND role = ?",
      now,
      deviceId,
      role,
    );
    if (changed === 0) throw invalid("unknown deviceId/role");
    return now;
  }

  #device(deviceId: string, role: string): Approval {
    const device = readApproval(this.db, deviceId);
    if (!device?.roles.includes(role)) throw invalid("unknown deviceId/role");
    return device;
  }

  #row(deviceId: string, role: string): TokenRow | undefined {
    const row = this.db.get("SELECT * FROM device_tokens WHERE device_id = ? AND role = ?", deviceId, role);
    if (!row) return undefined;
    const createdAtMs = integer(row, "created_at");
    return {
      hashes: [text(row, "token_hash"), ...list(row, "older_hashes")],
      scopes: list(row, "scopes"),
      createdAtMs,
      issuedAtMs: optionalInteger(row, "rotated_at") ?? createdAtMs,
      revoked: optionalInteger(row, "revoked_at") !== undefined,
    };
  }

  /** The only value of this (device, role) from now on. */
  #mint(deviceId: string, role: string, scopes: readonly string[], createdAtMs: number, rotatedAtMs?: number) {
    const token = randomToken(TOKEN_BYTES);
    const sorted = unionSorted(scopes, []);
    this.db.run(
      `INSERT INTO device_tokens (device_id, role, token_hash, older_hashes, scopes, created_at, rotated_at, last_used_at)
       VALUES (?, ?, ?, '[]', ?, ?, ?, NULL)
       ON CONFLICT (device_id, role) DO UPDATE SET token_hash = excluded.token_hash, older_hashes = '[]',
         scopes = excluded.scopes, rotated_at = COALESCE(excluded.rotated_at, rotated_at), revoked_at = NULL`,
      deviceId,
      role,
      digestHex(token),
      JSON.stringify(sorted),
      createdAtMs,
      rotatedAtMs ?? null,
    );
    return { token, scopes: sorted, issuedAtMs: rotatedAtMs ?? createdAtMs };
  }

  #put(deviceId: string, role: string, row: Pick<TokenRow, "hashes" | "scopes">): void {
    const [newest = "", ...older] = row.hashes.slice(0, MAX_VALUES);
    this.db.run(
      `UPDATE device_tokens SET token_hash = ?, older_hashes = ?, scopes = ?, last_used_at = ?
       WHERE device_id = ? AND role = ?`,
      newest,
      JSON.stringify(older),
      JSON.stringify(row.scopes),
      this.clock.now(),
      deviceId,
      role,
    );
  }
}

/** The stored hash of the value. Every hash is compared, in constant time. */
function findHash(hashes: readonly string[], token: string): string | undefined {
  const wanted = digest(token);
  return hashes.filter((hash) => sameDigest(Buffer.from(hash, "hex"), wanted))[0];
}

const newestFirst = (hashes: readonly string[], used: string): string[] => [
  used,
  ...hashes.filter((hash) => hash !== used),
];

/** A token never holds more than an owner approved, whatever was asked for or stored. */
function withinApproval(device: Approval, scopes: readonly string[]): string[] {
  const missing = new Set(missingScopes(new Set(device.scopes), scopes));
  return scopes.filter((scope) => !missing.has(scope));
}

const unionSorted = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])].sort();
