/** The browser's safe: one IndexedDB store for the device key and the device token. */

const NAME = "openclaw-webchat";
const STORE = "identity";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("Cannot use IndexedDB: unknown reason"));
  });
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return await done(request);
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  try {
    return await done(act(db.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    db.close();
  }
}

export const vault = {
  get: (key: string): Promise<unknown> => run("readonly", (store) => store.get(key)),
  put: (key: string, value: unknown): Promise<unknown> => run("readwrite", (store) => store.put(value, key)),
  /** Fails when the key is taken, so that of two tabs that start together one makes the device key. */
  add: (key: string, value: unknown): Promise<unknown> => run("readwrite", (store) => store.add(value, key)),
  remove: (key: string): Promise<unknown> => run("readwrite", (store) => store.delete(key)),
};
