/** The identity and device token files: format, modes, damage. */
import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { tempState } from "../../tests/helpers/cli_context.ts";
import { DeviceAuth, deviceAuthPath } from "./device_auth.ts";
import { CliError } from "./exit.ts";
import { identityPath, loadIdentity } from "./identity.ts";

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
const write = async (dir: string, text: string) => {
  await Deno.mkdir(`${dir}/identity`, { recursive: true });
  await Deno.writeTextFile(identityPath(dir), text);
};

Deno.test("the first use makes an identity in the official format, readable by its owner alone", async () => {
  await using state = await tempState();
  const identity = await loadIdentity(state.dir, 1234);
  const file = JSON.parse(await Deno.readTextFile(identityPath(state.dir)));
  assert.deepEqual(Object.keys(file), ["version", "deviceId", "publicKeyPem", "privateKeyPem", "createdAtMs"]);
  assert.equal(file.version, 1);
  assert.equal(file.createdAtMs, 1234);
  const jwk = createPublicKey(file.publicKeyPem).export({ format: "jwk" });
  assert.equal(jwk.x, identity.publicKey);
  const raw = Uint8Array.fromBase64(identity.publicKey, { alphabet: "base64url" });
  assert.equal(file.deviceId, createHash("sha256").update(raw).digest("hex"));
  assert.equal(createPrivateKey(file.privateKeyPem).asymmetricKeyType, "ed25519");
  assert.equal(await modeOf(identityPath(state.dir)), 0o600);
  assert.equal(await modeOf(`${state.dir}/identity`), 0o700);
  assert.deepEqual([...Deno.readDirSync(`${state.dir}/identity`)].map(({ name }) => name), ["device.json"]);
});

Deno.test("the identity stays the same, also when two first uses meet", async () => {
  await using state = await tempState();
  const [a, b, c] = await Promise.all([1, 2, 3].map((now) => loadIdentity(state.dir, now)));
  assert.equal(a?.deviceId, b?.deviceId);
  assert.equal(b?.deviceId, c?.deviceId);
  assert.equal((await loadIdentity(state.dir, 4)).deviceId, a?.deviceId);
});

Deno.test("an identity that Node wrote is read", async () => {
  await using state = await tempState();
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const x = publicKey.export({ format: "jwk" }).x ?? "";
  const deviceId = createHash("sha256").update(Uint8Array.fromBase64(x, { alphabet: "base64url" })).digest("hex");
  await write(
    state.dir,
    JSON.stringify({
      version: 1,
      deviceId,
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
      privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }),
      createdAtMs: 1,
    }),
  );
  assert.equal((await loadIdentity(state.dir, 2)).publicKey, x);
});

Deno.test("a damaged identity is a clear sentence and the file stays as it is", async () => {
  await using state = await tempState();
  await loadIdentity(state.dir, 1);
  const good = JSON.parse(await Deno.readTextFile(identityPath(state.dir)));
  const { publicKeyPem, ...keyless } = good;
  const cases: readonly (readonly [text: string, reason: RegExp])[] = [
    ["", /it is not valid JSON/u],
    ["{", /it is not valid JSON/u],
    [JSON.stringify(keyless), /publicKeyPem/u],
    [JSON.stringify({ ...good, version: 2 }), /version/u],
    [JSON.stringify({ ...good, publicKeyPem: "x" }), /its keys cannot be read/u],
    [JSON.stringify({ ...good, deviceId: "0".repeat(64) }), /deviceId does not belong to its public key/u],
    [JSON.stringify({ ...good, privateKeyPem: otherPrivateKey() }), /private key does not belong/u],
  ];
  assert.ok(publicKeyPem.length > 0);
  for (const [text, reason] of cases) {
    await write(state.dir, text);
    await assert.rejects(
      loadIdentity(state.dir, 2),
      (error) =>
        error instanceof CliError && error.exit === "usage" && reason.test(error.message) &&
        error.message.includes("device.json") && error.hints.length === 1,
      String(reason),
    );
    assert.equal(await Deno.readTextFile(identityPath(state.dir)), text);
  }
});

const otherPrivateKey = () => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });

const TOKEN = { token: "t1", role: "operator", scopes: ["operator.admin"], updatedAtMs: 5 };

Deno.test("device tokens are kept by role in the official format and survive a restart", async () => {
  await using state = await tempState();
  const path = await deviceAuthPath(state.dir, undefined);
  assert.equal(path, `${state.dir}/identity/device-auth.json`);
  const auth = await DeviceAuth.load(path, "d1");
  await auth.store(TOKEN);
  await auth.store({ ...TOKEN, role: "node", token: "t2" });
  assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), {
    version: 1,
    deviceId: "d1",
    tokens: { operator: TOKEN, node: { ...TOKEN, role: "node", token: "t2" } },
  });
  assert.equal(await modeOf(path), 0o600);
  const again = await DeviceAuth.load(path, "d1");
  assert.equal(again.token("operator")?.token, "t1");
  await again.forget("operator");
  assert.equal((await DeviceAuth.load(path, "d1")).token("operator"), undefined);
  assert.equal((await DeviceAuth.load(path, "d1")).token("node")?.token, "t2");
  assert.equal(again.token("constructor"), undefined);
});

Deno.test("tokens of another device are not used, a damaged file is neither used nor overwritten", async () => {
  await using state = await tempState();
  const path = await deviceAuthPath(state.dir, undefined);
  await (await DeviceAuth.load(path, "d1")).store(TOKEN);
  assert.equal((await DeviceAuth.load(path, "d2")).token("operator"), undefined);
  await Deno.writeTextFile(path, "{ damaged");
  const auth = await DeviceAuth.load(path, "d1");
  assert.match(auth.problem ?? "", /device-auth\.json": it is damaged/u);
  await auth.store(TOKEN);
  assert.equal(await Deno.readTextFile(path), "{ damaged");
});

Deno.test("a gateway that was named by --url has a token file of its own", async () => {
  const own = await deviceAuthPath("/s", undefined);
  const a = await deviceAuthPath("/s", "wss://a.example/");
  const b = await deviceAuthPath("/s", "wss://b.example/");
  assert.equal(new Set([own, a, b]).size, 3);
  assert.match(a, /^\/s\/identity\/device-auth\.[0-9a-f]{16}\.json$/u);
});
