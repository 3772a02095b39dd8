/** Paired devices and those that wait for approval (pairing facts, section 2, with the rules of September). */
import type { PairRequest } from "../../schemas/event/pairing.ts";
import { invalid } from "../../schemas/error.ts";
import { missingScopes } from "../../schemas/scope.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { Db } from "../storage/db.ts";
import {
  readDevice,
  readDevices,
  type StoredRequest,
  storedRequestOf,
  touchDevice,
  writeDevice,
} from "./device_rows.ts";
import type { PairedDevice, PairingStore, PairReason, PairWish } from "./types.ts";

export const PENDING_TTL_MS = 5 * 60_000;
/** Requests that wait at once. Only who knows the shared secret can make one; when full, the oldest goes. */
export const MAX_PENDING = 64;

type Approved = { readonly request: PairRequest; readonly device: PairedDevice };

/** The pairing store of the state directory. */
export const createPairingStore = (parts: { readonly db: Db; readonly clock: Clock }): PairingStore =>
  new SqlitePairingStore(parts.db, parts.clock);

class SqlitePairingStore implements PairingStore {
  constructor(private readonly db: Db, private readonly clock: Clock) {}

  get(deviceId: string): PairedDevice | undefined {
    return readDevice(this.db, deviceId);
  }

  list(): { pending: PairRequest[]; paired: PairedDevice[] } {
    this.#prune();
    const pending = this.db.all("SELECT request FROM pair_requests ORDER BY created_at DESC, rowid DESC");
    return { pending: pending.map((row) => storedRequestOf(row).request), paired: readDevices(this.db) };
  }

  needs(wish: PairWish): PairReason | undefined {
    const device = this.get(wish.deviceId);
    if (!device || device.publicKey !== wish.publicKey) return "not-paired";
    if (!device.roles.includes(wish.role)) return "role-upgrade";
    if (missingScopes(new Set(device.scopes), wish.scopes).length > 0) return "scope-upgrade";
    const changed = isOtherMachine(device.platform, wish.platform) ||
      isOtherMachine(device.deviceFamily, wish.deviceFamily);
    return changed ? "metadata-upgrade" : undefined;
  }

  request(wish: PairWish): { request: PairRequest; created: boolean; replaced: string | undefined } {
    return this.db.transaction(() => {
      this.#prune();
      const before = this.#pendingOf(wish.deviceId);
      if (before && covers(before, wish)) return { request: before.request, created: false, replaced: undefined };
      const stored = this.#stored(wish, before);
      this.db.run("DELETE FROM pair_requests WHERE device_id = ?", wish.deviceId);
      this.db.run(
        "INSERT INTO pair_requests (request_id, device_id, request, created_at) VALUES (?, ?, ?, ?)",
        stored.request.requestId,
        wish.deviceId,
        JSON.stringify(stored),
        stored.request.ts,
      );
      this.#dropOldest();
      return { request: stored.request, created: true, replaced: before?.request.requestId };
    });
  }

  pending(requestId: string): PairRequest | undefined {
    return this.#byId(requestId)?.request;
  }

  admit(wish: PairWish, via: string): Approved {
    return this.db.transaction(() => {
      const stored = this.#stored(wish, undefined);
      const before = this.#pendingOf(wish.deviceId);
      // What waits and asks for more still waits: being let in for less does not answer it.
      if (before && covers(stored, wishOf(before))) {
        this.db.run("DELETE FROM pair_requests WHERE device_id = ?", wish.deviceId);
      }
      return { request: stored.request, device: this.#approveStored(stored, via) };
    });
  }

  approve(requestId: string, via: string): Approved {
    return this.db.transaction(() => {
      const stored = this.#take(requestId);
      return { request: stored.request, device: this.#approveStored(stored, via) };
    });
  }

  reject(requestId: string): PairRequest {
    return this.db.transaction(() => this.#take(requestId).request);
  }

  remove(deviceId: string): boolean {
    return this.db.transaction(() => {
      this.db.run("DELETE FROM pair_requests WHERE device_id = ?", deviceId);
      return this.db.run("DELETE FROM devices WHERE device_id = ?", deviceId) > 0;
    });
  }

  touch(wish: PairWish): void {
    touchDevice(this.db, wish, this.clock.now());
  }

  #byId(requestId: string): StoredRequest | undefined {
    this.#prune();
    const row = this.db.get("SELECT request FROM pair_requests WHERE request_id = ?", requestId);
    return row && storedRequestOf(row);
  }

  #pendingOf(deviceId: string): StoredRequest | undefined {
    this.#prune();
    const row = this.db.get("SELECT request FROM pair_requests WHERE device_id = ?", deviceId);
    return row && storedRequestOf(row);
  }

  #take(requestId: string): StoredRequest {
    const stored = this.#byId(requestId);
    if (!stored) throw invalid("unknown requestId");
    this.db.run("DELETE FROM pair_requests WHERE request_id = ?", requestId);
    return stored;
  }

  /** A new request for the wish, and for what the device was already waiting for. */
  #stored(wish: PairWish, before: StoredRequest | undefined): StoredRequest {
    const request: PairRequest = {
      requestId: uuid(),
      deviceId: wish.deviceId,
      publicKey: wish.publicKey,
      ...present({
        displayName: wish.displayName,
        platform: wish.platform,
        clientId: wish.clientId,
        clientMode: wish.clientMode,
      }),
      role: wish.role,
      roles: union(before?.request.roles ?? [], [wish.role]),
      scopes: union(before?.request.scopes ?? [], wish.scopes),
      ...present({ remoteIp: wish.remoteIp }),
      silent: false,
      isRepair: this.get(wish.deviceId) !== undefined,
      ts: this.clock.now(),
    };
    return { request, ...present({ deviceFamily: wish.deviceFamily }) };
  }

  /** Adds what was asked for to what was approved before; nothing is ever taken away by an approval. */
  #approveStored(stored: StoredRequest, via: string): PairedDevice {
    const { deviceId, publicKey, displayName, platform, clientId, clientMode, remoteIp, role } = stored.request;
    const before = this.get(deviceId);
    const now = this.clock.now();
    const device = {
      deviceId,
      publicKey,
      displayName,
      platform,
      deviceFamily: stored.deviceFamily,
      clientId,
      clientMode,
      remoteIp,
      role: role ?? "operator",
      roles: union(before?.roles ?? [], stored.request.roles ?? []),
      scopes: union(before?.scopes ?? [], stored.request.scopes ?? []),
      approvedVia: via,
      createdAtMs: before?.createdAtMs ?? now,
      approvedAtMs: now,
    };
    writeDevice(this.db, device);
    return { ...device, tokens: before?.tokens ?? {}, lastSeenAtMs: before?.lastSeenAtMs };
  }

  #prune(): void {
    this.db.run("DELETE FROM pair_requests WHERE created_at <= ?", this.clock.now() - PENDING_TTL_MS);
  }

  #dropOldest(): void {
    this.db.run(
      `DELETE FROM pair_requests WHERE rowid IN
         (SELECT rowid FROM pair_requests ORDER BY created_at DESC, rowid DESC LIMIT -1 OFFSET ?)`,
      MAX_PENDING,
    );
  }
}

/** Whether a pending request already asks for everything in the wish, for the same machine. */
function covers(stored: StoredRequest, wish: PairWish): boolean {
  const { request } = stored;
  return request.publicKey === wish.publicKey && request.platform === wish.platform &&
    stored.deviceFamily === wish.deviceFamily && (request.roles ?? []).includes(wish.role) &&
    missingScopes(new Set(request.scopes), wish.scopes).length === 0;
}

/** A stored request as a wish; `role` is the one asked for last. */
function wishOf({ request, deviceFamily }: StoredRequest): PairWish {
  return {
    deviceId: request.deviceId,
    publicKey: request.publicKey,
    displayName: request.displayName,
    platform: request.platform,
    deviceFamily,
    clientId: request.clientId,
    clientMode: request.clientMode,
    remoteIp: request.remoteIp,
    role: request.role ?? "operator",
    scopes: request.scopes ?? [],
  };
}

/**
 * Whether platform or family changed to another kind of machine. Only the first word counts: `ios 26.0` becomes
 * `ios 26.1` by an update of the same phone. A client that says less than before has not changed.
 */
function isOtherMachine(before: string | undefined, now: string | undefined): boolean {
  const kind = (value: string) => value.trim().toLowerCase().split(/[\s/]/u)[0];
  return before !== undefined && now !== undefined && kind(before) !== kind(now);
}

const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])];

function present<K extends string>(members: Record<K, string | undefined>): { [P in K]?: string } {
  const out: { [P in K]?: string } = {};
  for (const key in members) {
    const value = members[key];
    if (value !== undefined) out[key] = value;
  }
  return out;
}
