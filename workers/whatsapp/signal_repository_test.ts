import assert from "node:assert/strict";
import { createLibraryLogger } from "./logger.ts";
import { createJournal } from "./journal.ts";
import { loadLibrary } from "./library.ts";
import { signalRepository } from "./signal_repository.ts";

const JID = "4917000000002@s.whatsapp.net";

async function build() {
  const library = await loadLibrary();
  const rows = new Map<string, string>();
  const { replacer, reviver } = library.BufferJSON;
  const logger = createLibraryLogger(() => {});
  const keys = library.addTransactionCapability(
    {
      get: (type, ids) =>
        Object.fromEntries(ids.flatMap((id) => {
          const text = rows.get(`${type}|${id}`);
          return text === undefined ? [] : [[id, JSON.parse(text, reviver)]];
        })),
      set(data) {
        for (const [type, ids] of Object.entries(data)) {
          for (const [id, value] of Object.entries(ids ?? {})) {
            rows.set(`${type}|${id}`, JSON.stringify(value, replacer));
          }
        }
      },
    },
    logger,
    { maxCommitRetries: 1, delayBetweenTriesMs: 1 },
  );
  const empty = { get: () => Promise.resolve({}), set: () => Promise.resolve(), clear: () => Promise.resolve() };
  const journal = createJournal({ library, store: empty });
  const repository = signalRepository(library, journal)({ creds: library.initAuthCreds(), keys }, logger);
  const theirs = library.initAuthCreds();
  const { Curve, generateSignalPubKey } = library;
  const preKey = Curve.generateKeyPair();
  const session = (signer = theirs.signedIdentityKey) => ({
    registrationId: 1,
    identityKey: generateSignalPubKey(theirs.signedIdentityKey.public),
    signedPreKey: {
      keyId: 1,
      publicKey: generateSignalPubKey(theirs.signedPreKey.keyPair.public),
      signature: Curve.sign(signer.private, generateSignalPubKey(theirs.signedPreKey.keyPair.public)),
    },
    preKey: { keyId: 1, publicKey: generateSignalPubKey(preKey.public) },
  });
  return { library, rows, keys, repository, session };
}

Deno.test("a session begins only with a key that its owner signed", async () => {
  const { library, rows, repository, session } = await build();
  const forged = session(library.Curve.generateKeyPair());
  await assert.rejects(repository.injectE2ESession({ jid: JID, session: forged }), /not signed by its owner/u);
  assert.equal(rows.size, 0);
  await repository.injectE2ESession({ jid: JID, session: session() });
  assert.ok(rows.has("session|4917000000002.0"));
  repository.close?.();
});

Deno.test("the step of an encryption is committed before the library's transaction ends", async () => {
  const { rows, keys, repository, session } = await build();
  await repository.injectE2ESession({ jid: JID, session: session() });
  const before = rows.get("session|4917000000002.0");
  await keys.transaction(async () => {
    await repository.encryptMessage({ jid: JID, data: Buffer.from("x") });
    assert.notEqual(rows.get("session|4917000000002.0"), before, "what leaves now is already kept");
  }, "4915100000001:1@s.whatsapp.net");
  repository.close?.();
});
