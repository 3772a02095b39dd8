import assert from "node:assert/strict";
import { bareJid, jidOfChat, numberOf, parseJid, personAliases, personId, personOf, samePerson } from "./identity.ts";

Deno.test("addresses lose their device and old forms", () => {
  assert.equal(bareJid("4915:7@s.whatsapp.net"), "4915@s.whatsapp.net");
  assert.equal(bareJid("4915@c.us"), "4915@s.whatsapp.net");
  assert.equal(bareJid("700_1:2@lid"), "700@lid");
  assert.equal(parseJid("nonsense"), undefined);
  assert.equal(parseJid(undefined), undefined);
});

Deno.test("a number in any form, an address of a person and of a group are chats", () => {
  const forms = ["+49 151 0000-0001", "4915100000001", "whatsapp:+4915100000001", "4915100000001@s.whatsapp.net"];
  for (const form of forms) assert.equal(jidOfChat(form), "4915100000001@s.whatsapp.net", form);
  assert.equal(jidOfChat("700000000001@lid"), "700000000001@lid");
  assert.equal(jidOfChat("1203-4@g.us"), "1203-4@g.us");
  for (const form of ["", "anna", "+12", "status@broadcast", "x@newsletter", "a@evil.example"]) {
    assert.equal(jidOfChat(form), undefined, form);
  }
});

Deno.test("a person is the number where it is known, with the other forms as aliases", () => {
  const known = personOf("700:1@lid", "4915100000001@s.whatsapp.net");
  assert.equal(personId(known), "+4915100000001");
  assert.deepEqual(personAliases(known), ["700@lid", "4915100000001@s.whatsapp.net"]);
  const hidden = personOf("700@lid");
  assert.equal(personId(hidden), "700@lid");
  assert.deepEqual(personAliases(hidden), []);
  assert.equal(samePerson(known, hidden), true);
  assert.equal(samePerson(hidden, personOf("701@lid")), false);
  assert.equal(samePerson(personOf(), personOf()), false);
});

Deno.test("a hidden id is no number", () => {
  assert.equal(numberOf("700000000001@lid"), undefined);
  assert.equal(numberOf("4915100000001:3@s.whatsapp.net"), "+4915100000001");
});
