/** The browser's safe: one IndexedDB store for the device key and the device token of a page. */

const STORE = "identity";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("Cannot use IndexedDB: unknown reason"));
  });
}

async function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return await done(request);
}

export interface Vault {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<unknown>;
  /** Fails when the key is taken, so that of two tabs that start together one makes the device key. */
  add(key: string, value: unknown): Promise<unknown>;
  remove(key: string): Promise<unknown>;
}

/** `name`: the database; each page that is a device of its own has its own. */
export function openVault(name: string): Vault {
  const run = async <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const db = await open(name);
    try {
      return await done(act(db.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      db.close();
    }
  };
  return {
    get: (key) => run("readonly", (store) => store.get(key)),
    put: (key, value) => run("readwrite", (store) => store.put(value, key)),
    add: (key, value) => run("readwrite", (store) => store.add(value, key)),
    remove: (key) => run("readwrite", (store) => store.delete(key)),
  };
}
