/** The library's Signal sessions, with every step of a ratchet committed before its message leaves or is acknowledged. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { SignalDataSet, SignalKeyStoreWithTransaction, SocketConfig } from "@whiskeysockets/baileys";
import { JOURNAL, type Journal } from "./journal.ts";
import type { Baileys } from "./library.ts";

type Make = SocketConfig["makeSignalRepository"];

/**
 * The library commits the ratchet after it has sent: a crash in between would use the same message key twice. Its
 * transactions are bound to the async context, so what runs in an outer context commits by itself and at once.
 */
export function signalRepository(library: Baileys, journal: Journal): Make {
  const outside = AsyncLocalStorage.snapshot();
  return (auth, logger, pnToLid) => {
    const { keys } = auth;
    const repository = library.DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, pnToLid);
    if (!hasTransactions(keys)) throw new Error("Cannot keep sessions: the key store has no transactions");

    async function decrypt(
      ciphertext: Uint8Array,
      lock: string,
      work: () => Promise<Uint8Array>,
    ): Promise<Uint8Array> {
      const known = journal.known(ciphertext);
      if (known) return known;
      let slot: string | undefined;
      try {
        return await keysOf(keys).transaction(async () => {
          const plain = await work();
          const noted = await journal.entry(ciphertext, plain);
          slot = noted?.slot;
          if (noted) await keys.set(journalRows(noted.slot, noted.row));
          return plain;
        }, lock);
      } catch (error) {
        if (slot !== undefined) journal.release(slot);
        throw error;
      }
    }

    return {
      ...repository,
      decryptMessage: (options) => decrypt(options.ciphertext, options.jid, () => repository.decryptMessage(options)),
      decryptGroupMessage: (options) =>
        decrypt(options.msg, options.group, () => repository.decryptGroupMessage(options)),
      encryptMessage: (options) => outside(() => repository.encryptMessage(options)),
      encryptGroupMessage: (options) => outside(() => repository.encryptGroupMessage(options)),
      // What an encryption reads must be committed too: it no longer sees the library's outer transaction.
      async injectE2ESession(options) {
        const { identityKey, signedPreKey } = options.session;
        // libsignal does not look at this signature: a server could put its own key in the place of a person's.
        if (!library.Curve.verify(identityKey, signedPreKey.publicKey, signedPreKey.signature)) {
          throw new Error(`Cannot begin a session with ${options.jid}: the key is not signed by its owner`);
        }
        await outside(() => repository.injectE2ESession(options));
      },
      migrateSession: (from, to) => outside(() => repository.migrateSession(from, to)),
      deleteSession: (jids) => outside(() => repository.deleteSession(jids)),
    };
  };
}

type Keys = Parameters<Make>[0]["keys"];
const hasTransactions = (keys: Keys): keys is SignalKeyStoreWithTransaction => "transaction" in keys;
const keysOf = (keys: Keys): SignalKeyStoreWithTransaction => {
  if (hasTransactions(keys)) return keys;
  throw new Error("Cannot keep sessions: the key store has no transactions");
};

/** A kind of row of our own, in the library's transaction. */
function journalRows(slot: string, row: object): SignalDataSet {
  const rows: SignalDataSet = {};
  Reflect.set(rows, JOURNAL, { [slot]: row });
  return rows;
}
