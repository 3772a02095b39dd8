/** The signed text of the handshake, checked by Node's crypto. */
import assert from "node:assert/strict";
import { tempState } from "../../tests/helpers/cli_context.ts";
import { verifies } from "../../tests/helpers/fake_gateway.ts";
import { loadIdentity } from "./identity.ts";
import { sign, signedText } from "./signature.ts";

const FIELDS = {
  deviceId: "d1",
  clientId: "cli",
  clientMode: "cli",
  role: "operator",
  scopes: ["operator.admin", "operator.read"],
  signedAtMs: 1_763_806_000_000,
  token: "tok",
  nonce: "n1",
  platform: " Linux ",
  deviceFamily: "ÄMac",
};

Deno.test("the signed text of version 3 joins its fields in order and lowers ASCII letters alone", () => {
  assert.equal(
    signedText(FIELDS),
    "v3|d1|cli|cli|operator|operator.admin,operator.read|1763806000000|tok|n1|linux|Ämac",
  );
  assert.equal(
    signedText({ ...FIELDS, scopes: [], token: "", platform: "", deviceFamily: "" }),
    "v3|d1|cli|cli|operator||1763806000000||n1||",
  );
});

Deno.test("a signature verifies under the public key that is sent", async () => {
  await using state = await tempState();
  const identity = await loadIdentity(state.dir, 1);
  const signature = await sign(identity.privateKey, "text");
  assert.match(signature, /^[A-Za-z0-9_-]{86}$/u);
  assert.ok(verifies(identity.publicKey, signature, "text"));
  assert.ok(!verifies(identity.publicKey, signature, "other"));
});
