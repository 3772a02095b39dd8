import assert from "node:assert/strict";
import { loadLibrary } from "./library.ts";

Deno.test("a signature is accepted only from its own key, over its own text, unchanged", async () => {
  const { Curve } = await loadLibrary();
  const [own, other] = [Curve.generateKeyPair(), Curve.generateKeyPair()];
  const text = Buffer.from("certificate");
  const signature = Curve.sign(own.private, text);
  assert.equal(Curve.verify(own.public, text, signature), true);
  assert.equal(Curve.verify(other.public, text, signature), false);
  assert.equal(Curve.verify(own.public, Buffer.from("another"), signature), false);
  assert.equal(Curve.verify(own.public, text, Buffer.alloc(64)), false);
  assert.equal(Curve.verify(own.public, text, Buffer.alloc(3)), false);
});

Deno.test("the root of WhatsApp's certificates is the published one", async () => {
  const { WA_CERT_DETAILS } = await loadLibrary();
  assert.equal(
    new Uint8Array(WA_CERT_DETAILS.PUBLIC_KEY).toHex(),
    "142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b",
  );
});
