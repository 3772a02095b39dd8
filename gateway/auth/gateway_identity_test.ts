import assert from "node:assert/strict";
import { memoryDb } from "../storage/db.ts";
import { gatewayIdentity } from "./gateway_identity.ts";

Deno.test("the identity is made once and stays the same", () => {
  const db = memoryDb();
  const first = gatewayIdentity(db);
  assert.match(first.deviceId, /^[0-9a-f]{64}$/u);
  assert.match(first.publicKey, /^[A-Za-z0-9_-]{43}$/u);
  assert.deepEqual(gatewayIdentity(db), first);
  const other = memoryDb();
  assert.notEqual(gatewayIdentity(other).deviceId, first.deviceId);
  db.close();
  other.close();
});
