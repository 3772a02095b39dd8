/** Unit tests of people, chats and messages by name. */
import assert from "node:assert/strict";
import { manifest } from "./manifest.ts";
import { addressOf, messageIdOf, personOf, readMessageId, samePerson, selfOf, senderOf } from "./identity.ts";

const UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

Deno.test("a person is the number, with the account id beside it, or the account id alone", () => {
  assert.deepEqual(senderOf({ number: "+15551234567", uuid: UUID.toUpperCase() }, "Anna", false), {
    id: "+15551234567",
    aliases: [`uuid:${UUID}`, UUID],
    name: "Anna",
  });
  assert.deepEqual(senderOf({ uuid: UUID }, undefined, true), { id: `uuid:${UUID}`, aliases: [UUID], isSelf: true });
  assert.equal(senderOf({ number: "unknown" }, "Nobody", false), undefined);
});

Deno.test("places are read in the forms that people write them in", () => {
  const group = "Pmpi+EfPWmsxiomLe9Nx2XF9HOE483p6iKiFj65iMwI=";
  assert.deepEqual(addressOf({ chatId: "+15551234567" }), { kind: "person", recipient: "+15551234567" });
  for (const chatId of [`uuid:${UUID}`, UUID, `signal:uuid:${UUID}`]) {
    assert.deepEqual(addressOf({ chatId }), { kind: "person", recipient: UUID });
  }
  for (const chatId of [group, `group:${group}`, `signal:group:${group}`]) {
    assert.deepEqual(addressOf({ chatId }), { kind: "group", groupId: group });
  }
  assert.deepEqual(addressOf({ chatId: "username:anna.01" }), { kind: "username", username: "anna.01" });
  for (const chatId of ["anna", "0176 1234", "", "group:x"]) {
    assert.throws(() => addressOf({ chatId }), /Cannot use the (?:chat|group)/u);
  }
});

Deno.test("a message is its timestamp and its author", () => {
  assert.deepEqual(readMessageId(messageIdOf(1700000000000, `uuid:${UUID}`)), {
    timestamp: 1700000000000,
    author: `uuid:${UUID}`,
  });
  assert.deepEqual(readMessageId("1700000000000"), { timestamp: 1700000000000, author: undefined });
  assert.throws(() => readMessageId("abc"), /does not begin with a timestamp/u);
});

Deno.test("we know ourselves by either form", () => {
  const self = selfOf("+15551234567", UUID);
  assert.ok(self && samePerson(self, personOf(UUID)) && samePerson(self, personOf("+15551234567")));
  assert.equal(selfOf(`uuid:${UUID}`, undefined)?.account, UUID);
  assert.ok(!samePerson({}, {}));
});

Deno.test("the manifest follows the address and says what is wrong with it", () => {
  assert.deepEqual(manifest.permissions({}).net, ["127.0.0.1:8080"]);
  assert.deepEqual(manifest.permissions({ httpHost: "signal.lan", httpPort: 9000 }).net, ["signal.lan:9000"]);
  assert.deepEqual(manifest.permissions({ httpUrl: "https://signal.example/daemon/" }).net, ["signal.example:443"]);
  assert.deepEqual(manifest.foreignAddresses({ httpUrl: "http://10.0.0.2:8080" }), ["http://10.0.0.2:8080"]);
  const missing = (config: Record<string, unknown>) => manifest.missing(config, new Set());
  assert.deepEqual(missing({ account: "+15551234567" }), []);
  assert.match(missing({ httpUrl: "ftp://x" }).join(), /no.*http|not an http/u);
  assert.match(missing({ httpUrl: "http://me:secret@x" }).join(), /no password/u);
  assert.match(missing({ account: "0176 1234" }).join(), /country code/u);
});
