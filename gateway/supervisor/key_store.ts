/**
 * Keys and sessions that providers keep with main, because workers have no disk. Encrypted at rest, all or nothing, and
 * only the newest generation of an account's worker may write.
 */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { unavailable } from "../../schemas/error.ts";
import type { Log } from "../observe/log.ts";
import type { Db } from "../storage/db.ts";

const NONCE = 12;
const TAG = 16;
/** Keys of one account at most. A large personal account holds some ten thousand. */
const MAX_ROWS = 200_000;
const MAX_VALUE = 1024 * 1024;
const MAX_SAVED = 256 * 1024;
/** Kinds that begin so hold an account's identity: a good copy of them is kept, because their loss means a new login. */
const IDENTITY = "creds";
/** Kinds of ours; workers cannot name them. */
const OWN = "good:";

type Rows = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** The store of one account as one generation of its worker sees it. Every call throws once a newer one has opened it. */
export interface KeyLease {
  get(kind: string, ids: readonly string[]): Record<string, string>;
  /** All or nothing. */
  set(rows: Rows): void;
  clear(): void;
  save(saved: Record<string, unknown>): void;
  saved(): Record<string, unknown>;
  /** The account works with what is stored now: keeps a copy of its identity. */
  keepGood(): void;
}

export interface ChannelStore {
  /** Takes the store over for a new generation; older leases can do nothing any more. */
  open(channel: string, account: string, generation: number): KeyLease;
  /** Forgets an account: keys, copies and saved state. */
  forget(channel: string, account: string): void;
}

export function createChannelStore(db: Db, key: Uint8Array, log: Log): ChannelStore {
  const newest = new Map<string, number>();
  const cipher = createValueCipher(key);

  function forget(channel: string, account: string): void {
    db.transaction(() => {
      db.run("DELETE FROM channel_keys WHERE channel = ? AND account = ?", channel, account);
      db.run("DELETE FROM channel_saved WHERE channel = ? AND account = ?", channel, account);
    });
  }

  return {
    forget,
    open(channel, account, generation) {
      const name = `${channel}\0${account}`;
      if (generation < (newest.get(name) ?? 0)) throw unavailable("A newer worker of this account has the store");
      newest.set(name, generation);
      const lease = createLease(db, cipher, log, channel, account);
      const guard = (): void => {
        if (newest.get(name) !== generation) throw unavailable("A newer worker of this account has the store");
      };
      const guarded = <A extends unknown[], R>(action: (...args: A) => R) => (...args: A): R => {
        guard();
        return action(...args);
      };
      return {
        get: guarded(lease.get),
        set: guarded(lease.set),
        clear: guarded(() => forget(channel, account)),
        save: guarded(lease.save),
        saved: guarded(lease.saved),
        keepGood: guarded(lease.keepGood),
      };
    },
  };
}

function createLease(db: Db, cipher: ValueCipher, log: Log, channel: string, account: string): Omit<KeyLease, "clear"> {
  const owner = [channel, account] as const;
  const place = (kind: string, id: string): string => [channel, account, kind, id].join("\0");
  const count = (): number =>
    Number(db.get("SELECT count(*) AS n FROM channel_keys WHERE channel = ? AND account = ?", ...owner)?.["n"] ?? 0);
  /** Never below the truth; counted again when it reaches the limit. */
  let rowsAtMost = count();

  function read(kind: string, id: string): Uint8Array | undefined {
    const row = db.get(
      "SELECT value FROM channel_keys WHERE channel = ? AND account = ? AND kind = ? AND id = ?",
      ...owner,
      kind,
      id,
    );
    return row?.["value"] instanceof Uint8Array ? row["value"] : undefined;
  }

  function value(kind: string, id: string): string | undefined {
    const stored = read(kind, id);
    if (stored === undefined) return undefined;
    const text = cipher.open(stored, place(kind, id));
    if (text !== undefined) return text;
    const copy = read(OWN + kind, id);
    const good = copy && cipher.open(copy, place(OWN + kind, id));
    log.error("channel.key_unreadable", { channel, account, kind, restored: good !== undefined });
    return good;
  }

  function write(kind: string, id: string, text: string | null): void {
    if (text === null) {
      const sql = "DELETE FROM channel_keys WHERE channel = ? AND account = ? AND kind = ? AND id = ?";
      return void db.run(sql, ...owner, kind, id);
    }
    if (text.length > MAX_VALUE) throw unavailable(`A value of ${text.length} characters is too long to be kept`);
    if (++rowsAtMost > MAX_ROWS && (rowsAtMost = count() + 1) > MAX_ROWS) {
      throw unavailable(`The account keeps ${MAX_ROWS} keys already`);
    }
    db.run(
      `INSERT INTO channel_keys (channel, account, kind, id, value) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (channel, account, kind, id) DO UPDATE SET value = excluded.value`,
      ...owner,
      kind,
      id,
      cipher.seal(text, place(kind, id)),
    );
  }

  return {
    get(kind, ids) {
      const found: Record<string, string> = {};
      for (const id of ids) {
        const text = value(notOurs(kind), id);
        if (text !== undefined) Object.defineProperty(found, id, { value: text, enumerable: true });
      }
      return found;
    },
    set(rows) {
      db.transaction(() => {
        for (const [kind, ids] of Object.entries(rows)) {
          for (const [id, text] of Object.entries(ids)) write(notOurs(kind), id, text);
        }
      });
    },
    save(saved) {
      const text = JSON.stringify(saved);
      if (text.length > MAX_SAVED) throw unavailable(`A saved state of ${text.length} characters is too long`);
      db.run(
        `INSERT INTO channel_saved (channel, account, saved) VALUES (?, ?, ?)
         ON CONFLICT (channel, account) DO UPDATE SET saved = excluded.saved`,
        ...owner,
        text,
      );
    },
    saved() {
      const row = db.get("SELECT saved FROM channel_saved WHERE channel = ? AND account = ?", ...owner);
      const saved: unknown = typeof row?.["saved"] === "string" ? JSON.parse(row["saved"]) : {};
      return typeof saved === "object" && saved !== null ? { ...saved } : {};
    },
    keepGood() {
      const rows = db.all(
        "SELECT kind, id FROM channel_keys WHERE channel = ? AND account = ? AND kind >= ? AND kind < ?",
        ...owner,
        IDENTITY,
        `${IDENTITY}\uffff`,
      );
      db.transaction(() => {
        for (const { kind, id } of rows) {
          const text = value(String(kind), String(id));
          if (text !== undefined) write(OWN + String(kind), String(id), text);
        }
      });
    },
  };
}

function notOurs(kind: string): string {
  if (kind.startsWith(OWN)) throw unavailable(`Cannot use the kind "${kind}": it is kept for the gateway`);
  return kind;
}

interface ValueCipher {
  /** `place` is authenticated: a value that was moved to another row does not open. */
  seal(text: string, place: string): Uint8Array;
  /** Undefined when it was changed, moved, or sealed with another key. */
  open(sealed: Uint8Array, place: string): string | undefined;
}

/** AES-256-GCM: nonce, tag, ciphertext. */
function createValueCipher(key: Uint8Array): ValueCipher {
  return {
    seal(text, place) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(new TextEncoder().encode(place));
      const body = [cipher.update(text, "utf8"), cipher.final()];
      return Buffer.concat([nonce, cipher.getAuthTag(), ...body]);
    },
    open(sealed, place) {
      if (sealed.byteLength < NONCE + TAG) return undefined;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE), { authTagLength: TAG });
        decipher.setAAD(new TextEncoder().encode(place));
        decipher.setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
        return decipher.update(sealed.subarray(NONCE + TAG), undefined, "utf8") + decipher.final("utf8");
      } catch {
        return undefined;
      }
    },
  };
}
