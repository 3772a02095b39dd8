import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  checkProof,
  type DeviceKey,
  type DeviceProof,
  type ProofContext,
  readDeviceKey,
  signaturePayload,
  type SignatureVersion,
} from "./device_identity.ts";

const NONCE = "6b61ecd9-38ce-4599-b055-05bfaeb33efc";
const NOW = 1_795_346_085_416;

function makeKey(): { device: DeviceKey; privateKey: KeyObject; raw: Buffer; pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const device = readDeviceKey(raw.toString("base64url"));
  assert.ok(device);
  return { device, privateKey, raw, pem: publicKey.export({ type: "spki", format: "pem" }).toString() };
}

const FIELDS = {
  clientId: "cli",
  clientMode: "cli",
  role: "operator",
  scopes: ["operator.read", "operator.write"],
  signedAt: NOW,
  token: "secret",
  platform: " Linux ",
  deviceFamily: undefined,
};
const context = (over: Partial<ProofContext> = {}): ProofContext => ({
  protocol: 4,
  local: false,
  challengeNonce: NONCE,
  now: NOW,
  ...over,
});

function proof(
  key: { device: DeviceKey; privateKey: KeyObject },
  version: SignatureVersion,
  over: { nonce?: string | undefined; signedAt?: number; token?: string } = {},
): DeviceProof {
  const fields = { ...FIELDS, signedAt: over.signedAt ?? NOW, token: over.token ?? FIELDS.token };
  const nonce = "nonce" in over ? over.nonce : NONCE;
  const payload = signaturePayload(version, { ...fields, deviceId: key.device.deviceId, nonce: nonce ?? "" });
  return { signature: sign(null, Buffer.from(payload), key.privateKey).toString("base64url"), nonce, fields };
}

Deno.test("a device id is the hex SHA-256 of the raw key, from base64url, base64 and PEM alike", () => {
  const { raw, pem, device } = makeKey();
  assert.equal(device.deviceId, createHash("sha256").update(raw).digest("hex"));
  for (const form of [raw.toString("base64url"), raw.toString("base64"), pem]) {
    assert.equal(readDeviceKey(form)?.deviceId, device.deviceId);
    assert.equal(readDeviceKey(form)?.publicKey, raw.toString("base64url"));
  }
});

Deno.test("what is no Ed25519 key names no device", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" });
  const short = Buffer.alloc(31).toString("base64url");
  const long = Buffer.alloc(33).toString("base64url");
  for (const text of ["", "???", short, long, rsa.toString(), "-----BEGIN PUBLIC KEY-----\nAAAA"]) {
    assert.equal(readDeviceKey(text), undefined, text.slice(0, 20));
  }
});

Deno.test("the signed strings are those of the protocol", () => {
  const fields = { ...FIELDS, deviceId: "d", nonce: "n", platform: " MacOS ", deviceFamily: "iPad" };
  const base = `d|cli|cli|operator|operator.read,operator.write|${NOW}|secret`;
  assert.equal(signaturePayload("v1", fields), `v1|${base}`);
  assert.equal(signaturePayload("v2", fields), `v2|${base}|n`);
  assert.equal(signaturePayload("v3", fields), `v3|${base}|n|macos|ipad`);
  assert.equal(
    signaturePayload("v3", { ...fields, scopes: [], token: "", platform: undefined, deviceFamily: undefined }),
    `v3|d|cli|cli|operator||${NOW}||n||`,
  );
  assert.equal(signaturePayload("v3", { ...fields, platform: "ÄB" }), `v3|${base}|n|Äb|ipad`, "ASCII letters only");
});

Deno.test("v2 and v3 with the nonce are accepted on both protocols", () => {
  const key = makeKey();
  for (const protocol of [3, 4] as const) {
    for (const version of ["v2", "v3"] as const) {
      assert.equal(checkProof(key.device, proof(key, version), context({ protocol })), undefined);
    }
  }
});

Deno.test("v1 without a nonce is accepted from a local client of protocol 3 alone", () => {
  const key = makeKey();
  const v1 = proof(key, "v1", { nonce: undefined });
  assert.equal(checkProof(key.device, v1, context({ protocol: 3, local: true })), undefined);
  assert.equal(checkProof(key.device, v1, context({ protocol: 3, local: false })), "device-nonce-missing");
  assert.equal(checkProof(key.device, v1, context({ protocol: 4, local: true })), "device-nonce-missing");
  const blank = { ...v1, nonce: "  " };
  assert.equal(checkProof(key.device, blank, context({ protocol: 4, local: true })), "device-nonce-missing");
});

Deno.test("a v1 signature beside a nonce is refused: it leaves the nonce unsigned", () => {
  const key = makeKey();
  const v1 = { ...proof(key, "v1", { nonce: undefined }), nonce: NONCE };
  assert.equal(checkProof(key.device, v1, context({ protocol: 3, local: true })), "device-signature");
});

Deno.test("a v2 signature without its nonce is refused", () => {
  const key = makeKey();
  const stripped = { ...proof(key, "v2"), nonce: undefined };
  assert.equal(checkProof(key.device, stripped, context({ protocol: 3, local: true })), "device-signature");
});

Deno.test("the nonce of another socket is refused", () => {
  const key = makeKey();
  const replayed = proof(key, "v3", { nonce: "another" });
  assert.equal(checkProof(key.device, replayed, context()), "device-nonce-mismatch");
  assert.equal(checkProof(key.device, { ...replayed, nonce: NONCE }, context()), "device-signature");
});

Deno.test("a proof is stale beyond ten minutes on protocol 3 and two on protocol 4, in both directions", () => {
  const key = makeKey();
  for (const [protocol, limit] of [[3, 600_000], [4, 120_000]] as const) {
    for (const sign of [-1, 1]) {
      const at = (ms: number) =>
        checkProof(key.device, proof(key, "v2", { signedAt: NOW + sign * ms }), context({ protocol }));
      assert.equal(at(limit), undefined);
      assert.equal(at(limit + 1), "device-signature-stale");
    }
  }
});

Deno.test("every signed field is bound to the signature", () => {
  const key = makeKey();
  const good = proof(key, "v3");
  const changes = [
    { clientId: "test" },
    { clientMode: "ui" },
    { role: "node" },
    { scopes: ["operator.admin"] },
    { scopes: [...FIELDS.scopes, "operator.admin"] },
    { signedAt: NOW + 1 },
    { token: "other" },
    { platform: "darwin" },
    { deviceFamily: "iPad" },
  ];
  for (const change of changes) {
    const changed = { ...good, fields: { ...good.fields, ...change } };
    assert.equal(checkProof(key.device, changed, context()), "device-signature", JSON.stringify(change));
  }
});

Deno.test("the signature of another key, a cut one and none at all are refused", () => {
  const key = makeKey();
  const good = proof(key, "v3");
  const foreign = proof({ ...makeKey(), device: key.device }, "v3").signature;
  for (const signature of [foreign, good.signature.slice(0, -4), "", "!!!!", `${good.signature}AAAA`]) {
    assert.equal(checkProof(key.device, { ...good, signature }, context()), "device-signature", signature);
  }
  const standard = Buffer.from(good.signature, "base64url").toString("base64");
  assert.equal(checkProof(key.device, { ...good, signature: standard }, context()), undefined, "plain base64 is fine");
});
