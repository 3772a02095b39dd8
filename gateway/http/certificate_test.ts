/** Tests of the certificate: made once, renewed, or the owner's own. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { ownCertificatePath } from "../config/paths.ts";
import { loadCertificate } from "./certificate.ts";

const NONE = { certPath: undefined, keyPath: undefined };
const YEAR_MS = 365 * 24 * 3_600_000;

async function inFolder(use: (stateDir: string) => Promise<void>): Promise<void> {
  const stateDir = await Deno.makeTempDir({ prefix: "ocgw-cert-" });
  try {
    await use(stateDir);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
}

function clockAt(now: number): FakeClock {
  const clock = new FakeClock();
  clock.advance(now - clock.now());
  return clock;
}

Deno.test("the gateway makes a certificate once and keeps it, for its owner's eyes alone", () =>
  inFolder(async (stateDir) => {
    const options = { tls: NONE, stateDir, hosts: ["localhost", "127.0.0.1", "::1"], clock: clockAt(Date.now()) };
    const first = await loadCertificate(options);
    const second = await loadCertificate(options);
    assert.equal(second.fingerprint, first.fingerprint);
    assert.match(first.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/u);
    assert.equal(first.own, true);
    for (const name of ["cert.pem", "key.pem"]) {
      const { mode } = await Deno.stat(`${stateDir}/tls/${name}`);
      assert.equal((mode ?? 0) & 0o077, 0, name);
    }
    assert.equal(await Deno.readTextFile(ownCertificatePath(stateDir)), first.cert);
  }));

Deno.test("an own certificate is replaced before it ends, and when it is damaged", () =>
  inFolder(async (stateDir) => {
    const clock = clockAt(Date.now());
    const options = { tls: NONE, stateDir, hosts: ["localhost"], clock };
    const first = await loadCertificate(options);
    clock.advance(YEAR_MS + 10 * 24 * 3_600_000);
    const second = await loadCertificate(options);
    assert.notEqual(second.fingerprint, first.fingerprint);
    assert.ok(second.expiresAtMs > clock.now());
    await Deno.writeTextFile(ownCertificatePath(stateDir), "damaged");
    assert.notEqual((await loadCertificate(options)).fingerprint, second.fingerprint);
  }));

Deno.test("the owner's files are used as they are, and said to be wrong when they are", () =>
  inFolder(async (stateDir) => {
    const clock = clockAt(Date.now());
    const made = await loadCertificate({ tls: NONE, stateDir, hosts: ["localhost"], clock });
    const tls = { certPath: `${stateDir}/tls/cert.pem`, keyPath: `${stateDir}/tls/key.pem` };
    const own = await loadCertificate({ tls, stateDir: "/nowhere", hosts: [], clock });
    assert.deepEqual({ ...own, own: true }, made);
    assert.equal(own.own, false);
    const missing = { certPath: `${stateDir}/no.pem`, keyPath: tls.keyPath };
    await assert.rejects(
      loadCertificate({ tls: missing, stateDir, hosts: [], clock }),
      /Cannot read gateway.tls.certPath/u,
    );
    await Deno.writeTextFile(tls.certPath, "text");
    await assert.rejects(loadCertificate({ tls, stateDir, hosts: [], clock }), /not a certificate in PEM form/u);
    await Deno.writeTextFile(tls.certPath, made.cert);
    clock.advance(2 * YEAR_MS);
    await assert.rejects(loadCertificate({ tls, stateDir, hosts: [], clock }), /has expired/u);
  }));

Deno.test("a key that is damaged or another one's is said to be wrong, and an own pair is made anew", () =>
  inFolder(async (stateDir) => {
    const clock = clockAt(Date.now());
    const options = { tls: NONE, stateDir, hosts: ["localhost"], clock };
    const first = await loadCertificate(options);
    const other = await loadCertificate({ ...options, stateDir: `${stateDir}/other` });
    const tls = { certPath: `${stateDir}/tls/cert.pem`, keyPath: `${stateDir}/tls/key.pem` };
    for (const [key, reason] of [["text", "PEM"], [first.key.slice(0, 80), "PEM"], [other.key, "not the key of"]]) {
      await Deno.writeTextFile(tls.certPath, first.cert);
      await Deno.writeTextFile(tls.keyPath, key ?? "");
      await assert.rejects(loadCertificate({ ...options, tls }), (error: Error) => {
        assert.match(error.message, new RegExp(`^Cannot use the key ".*": .*${reason}`, "u"));
        assert.ok(!error.message.includes(first.key.slice(40, 60)), "nothing of the key is told");
        return true;
      });
      const anew = await loadCertificate(options);
      assert.notEqual(anew.fingerprint, first.fingerprint);
      assert.equal((await loadCertificate({ ...options, tls })).fingerprint, anew.fingerprint);
    }
  }));
