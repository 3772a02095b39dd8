/** How devices, their tokens and pending requests stand in the database. */
import { PairRequest } from "../../schemas/event/pairing.ts";
import { type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Db, Row } from "../storage/db.ts";
import { integer, list, optionalInteger, optionalText, text } from "./rows.ts";
import type { DeviceTokenInfo, PairedDevice, PairWish } from "./types.ts";

/** A pending request as stored: what owners see, and what they need not see. */
const StoredRequest = Type.Object({
  request: PairRequest,
  deviceFamily: Type.Optional(Type.String()),
});
export type StoredRequest = Static<typeof StoredRequest>;
const checkStored = checker(StoredRequest, { first: true });

export function readDevice(db: Db, deviceId: string): PairedDevice | undefined {
  const row = db.get("SELECT * FROM devices WHERE device_id = ?", deviceId);
  if (!row) return undefined;
  return deviceOf(row, db.all("SELECT * FROM device_tokens WHERE device_id = ?", deviceId));
}

/** What an owner approved for a device. */
export type Approval = Pick<PairedDevice, "roles" | "scopes">;

/** The approval alone: tokens are checked in every handshake, and the rest of the record is of no use there. */
export function readApproval(db: Db, deviceId: string): Approval | undefined {
  const row = db.get("SELECT roles, scopes FROM devices WHERE device_id = ?", deviceId);
  return row && { roles: list(row, "roles"), scopes: list(row, "scopes") };
}

/** Every paired device, the newest approval first. */
export function readDevices(db: Db): PairedDevice[] {
  const tokens = Map.groupBy(db.all("SELECT * FROM device_tokens"), (row) => text(row, "device_id"));
  return db.all("SELECT * FROM devices ORDER BY approved_at DESC, device_id").map((row) =>
    deviceOf(row, tokens.get(text(row, "device_id")) ?? [])
  );
}

function deviceOf(row: Row, tokens: readonly Row[]): PairedDevice {
  return {
    deviceId: text(row, "device_id"),
    publicKey: text(row, "public_key"),
    displayName: optionalText(row, "display_name"),
    platform: optionalText(row, "platform"),
    deviceFamily: optionalText(row, "device_family"),
    clientId: optionalText(row, "client_id"),
    clientMode: optionalText(row, "client_mode"),
    remoteIp: optionalText(row, "remote_ip"),
    role: text(row, "role"),
    roles: list(row, "roles"),
    scopes: list(row, "scopes"),
    tokens: Object.fromEntries(tokens.map((token) => [text(token, "role"), tokenOf(token)])),
    approvedVia: text(row, "approved_via"),
    createdAtMs: integer(row, "created_at"),
    approvedAtMs: integer(row, "approved_at"),
    lastSeenAtMs: optionalInteger(row, "last_seen_at"),
  };
}

function tokenOf(row: Row): DeviceTokenInfo {
  const rotatedAtMs = optionalInteger(row, "rotated_at");
  const revokedAtMs = optionalInteger(row, "revoked_at");
  const lastUsedAtMs = optionalInteger(row, "last_used_at");
  return {
    role: text(row, "role"),
    scopes: list(row, "scopes"),
    createdAtMs: integer(row, "created_at"),
    ...(rotatedAtMs === undefined ? {} : { rotatedAtMs }),
    ...(revokedAtMs === undefined ? {} : { revokedAtMs }),
    ...(lastUsedAtMs === undefined ? {} : { lastUsedAtMs }),
  };
}

/** Writes a device; what an owner approved before stays, the first approval keeps its date. */
export function writeDevice(db: Db, device: Omit<PairedDevice, "tokens" | "lastSeenAtMs">): void {
  db.run(
    `INSERT INTO devices (device_id, public_key, display_name, platform, device_family, client_id, client_mode,
       remote_ip, role, roles, scopes, approved_via, created_at, approved_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (device_id) DO UPDATE SET public_key = excluded.public_key, display_name = excluded.display_name,
       platform = excluded.platform, device_family = excluded.device_family, client_id = excluded.client_id,
       client_mode = excluded.client_mode, remote_ip = excluded.remote_ip, role = excluded.role, roles = excluded.roles,
       scopes = excluded.scopes, approved_via = excluded.approved_via, approved_at = excluded.approved_at`,
    device.deviceId,
    device.publicKey,
    device.displayName ?? null,
    device.platform ?? null,
    device.deviceFamily ?? null,
    device.clientId ?? null,
    device.clientMode ?? null,
    device.remoteIp ?? null,
    device.role,
    JSON.stringify(device.roles),
    JSON.stringify(device.scopes),
    device.approvedVia,
    device.createdAtMs,
    device.approvedAtMs,
  );
}

/** Refreshes what a connect may change without an approval. */
export function touchDevice(db: Db, wish: PairWish, now: number): void {
  db.run(
    `UPDATE devices SET display_name = COALESCE(?, display_name), platform = COALESCE(?, platform),
       device_family = COALESCE(?, device_family), client_id = COALESCE(?, client_id),
       client_mode = COALESCE(?, client_mode), role = ?, remote_ip = ?, last_seen_at = ? WHERE device_id = ?`,
    wish.displayName ?? null,
    wish.platform ?? null,
    wish.deviceFamily ?? null,
    wish.clientId ?? null,
    wish.clientMode ?? null,
    wish.role,
    wish.remoteIp ?? null,
    now,
    wish.deviceId,
  );
}

export function storedRequestOf(row: Row): StoredRequest {
  const value: unknown = JSON.parse(text(row, "request"));
  if (!checkStored.is(value)) throw new Error("Cannot read pairing request: value does not match");
  return value;
}
