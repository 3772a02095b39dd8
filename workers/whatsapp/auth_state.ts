/** The account's keys: the library's store over main's, in transactions, without a disk and without a cache. */
import type { AuthenticationCreds, SignalDataSet, SignalKeyStore } from "@whiskeysockets/baileys";
import type { KeyStore } from "../runtime/provider.ts";
import type { Baileys } from "./library.ts";

const CREDS = "creds";
const MAIN = "main";
/** Tries of one request. Main answers within milliseconds, or something is wrong that a minute does not mend. */
const TRIES = 3;
const PAUSE_MS = 150;
/** Ids of one request to main. */
const MAX_IDS = 2048;

/** Main could not keep or give keys. The connection ends, so that nothing is acknowledged that was not kept. */
export class StoreFailure extends Error {
  constructor(what: string, cause: unknown) {
    super(`Cannot ${what} the keys: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "StoreFailure";
  }
}

export interface AuthState {
  readonly creds: AuthenticationCreds;
  readonly keys: SignalKeyStore;
  /** Queues the whole of `creds` as it is now; saves arrive in the order of the calls. */
  saveCreds(): void;
  /** Resolves when every queued save is committed, rejects with the first that failed. */
  settled(): Promise<void>;
  /** Puts this new identity in the place of whatever the store holds. Until then nothing of it is stored. */
  adopt(): Promise<void>;
  /** Removes everything for good. What the library still writes while its connection ends is dropped: it would come back. */
  forget(): Promise<void>;
}

export interface AuthParts {
  readonly library: Baileys;
  readonly store: KeyStore;
  /** Called at most once per state. */
  readonly onFailure: (failure: StoreFailure) => void;
}

/** What is stored, or undefined when the account is not linked. */
export async function loadAuth(parts: AuthParts): Promise<AuthState | undefined> {
  const rows = await trying("read", () => parts.store.get(CREDS, [MAIN]));
  const text = rows[MAIN];
  if (text === undefined) return undefined;
  const creds: AuthenticationCreds = JSON.parse(text, parts.library.BufferJSON.reviver);
  return createAuth(parts, creds, true);
}

/** A new identity for linking. A login that nobody completes leaves the old keys as they are. */
export const draftAuth = (parts: AuthParts): AuthState => createAuth(parts, parts.library.initAuthCreds(), false);

/** Whether these keys belong to a linked device; a pairing code sets `me` before anybody has confirmed it. */
export const isLinked = (creds: AuthenticationCreds): boolean => creds.account !== undefined && creds.me !== undefined;

function createAuth(parts: AuthParts, creds: AuthenticationCreds, stored: boolean): AuthState {
  const { library, store } = parts;
  const { replacer, reviver } = library.BufferJSON;
  /** Keys of a draft. */
  const drafted = new Map<string, Map<string, string>>();
  let kept = stored;
  let failed = false;
  let forgotten = false;
  let queue = Promise.resolve();

  async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await trying(what, work);
    } catch (error) {
      const failure = error instanceof StoreFailure ? error : new StoreFailure(what, error);
      if (!failed) parts.onFailure(failure);
      failed = true;
      throw failure;
    }
  }

  const encode = (value: unknown): string | null =>
    value === null || value === undefined ? null : JSON.stringify(value, replacer);

  const decode = (type: string, text: string) => {
    const value = JSON.parse(text, reviver);
    // Its methods are used, so the plain object has to become the library's own type again.
    return type === "app-state-sync-key" ? library.proto.Message.AppStateSyncKeyData.fromObject(value) : value;
  };

  async function read(type: string, ids: readonly string[]): Promise<Record<string, string>> {
    if (!kept) {
      const rows = drafted.get(type);
      return Object.fromEntries(ids.flatMap((id) => {
        const text = rows?.get(id);
        return text === undefined ? [] : [[id, text]];
      }));
    }
    const found: Record<string, string> = {};
    for (let at = 0; at < ids.length; at += MAX_IDS) {
      Object.assign(found, await guarded("read", () => store.get(type, ids.slice(at, at + MAX_IDS))));
    }
    return found;
  }

  async function write(rows: Record<string, Record<string, string | null>>): Promise<void> {
    if (forgotten) return;
    if (kept) return await guarded("save", () => store.set(rows));
    for (const [type, ids] of Object.entries(rows)) {
      const kind = drafted.get(type) ?? new Map<string, string>();
      drafted.set(type, kind);
      for (const [id, text] of Object.entries(ids)) text === null ? kind.delete(id) : kind.set(id, text);
    }
  }

  return {
    creds,
    keys: {
      async get(type, ids) {
        const rows = await read(type, ids);
        return Object.fromEntries(Object.entries(rows).map(([id, text]) => [id, decode(type, text)]));
      },
      set: (data: SignalDataSet) => write(encodeRows(data, encode)),
    },
    saveCreds() {
      if (!kept) return;
      const text = JSON.stringify(creds, replacer);
      queue = queue.then(() => write({ [CREDS]: { [MAIN]: text } }));
      queue.catch(() => {});
    },
    settled: () => queue,
    async adopt() {
      const rows = Object.fromEntries([...drafted].map(([type, ids]) => [type, Object.fromEntries(ids)]));
      const text = JSON.stringify(creds, replacer);
      kept = true;
      queue = queue.then(async () => {
        // Sessions of the old identity would be mixed with the new one's otherwise.
        await guarded("replace", () => store.clear());
        await write({ ...rows, [CREDS]: { [MAIN]: text } });
      });
      queue.catch(() => {});
      await queue;
      drafted.clear();
    },
    async forget() {
      forgotten = true;
      await queue.catch(() => {});
      drafted.clear();
      await guarded("remove", () => store.clear());
    },
  };
}

function encodeRows(
  data: object,
  encode: (value: unknown) => string | null,
): Record<string, Record<string, string | null>> {
  const rows: Record<string, Record<string, string | null>> = {};
  for (const [type, ids] of Object.entries(data)) {
    if (typeof ids !== "object" || ids === null) continue;
    rows[type] = Object.fromEntries(Object.entries(ids).map(([id, value]) => [id, encode(value)]));
  }
  return rows;
}

async function trying<T>(what: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= TRIES) throw new StoreFailure(what, error);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
    }
  }
}
