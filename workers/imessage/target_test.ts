/** Tests of where a text goes. */
import assert from "node:assert/strict";
import { ProviderError } from "../runtime/provider.ts";
import { handleOf, placeOf } from "./target.ts";

const own = { service: "auto", region: "DE" };
const params = (chatId: string, kind?: "direct" | "group") =>
  placeOf({ chatId, ...(kind === undefined ? {} : { kind }) }, own).params;

Deno.test("chats are named by number, guid or identifier, people by number or address", () => {
  assert.deepEqual(params("42", "group"), { chat_id: 42 });
  assert.deepEqual(params("chat_id:42"), { chat_id: 42 });
  assert.deepEqual(params("chat_guid:iMessage;+;chat9"), { chat_guid: "iMessage;+;chat9" });
  assert.deepEqual(params("imessage:chat_guid:iMessage;+;chat9"), { chat_guid: "iMessage;+;chat9" });
  assert.deepEqual(params("iMessage;-;+15550100"), { chat_guid: "iMessage;-;+15550100" });
  assert.deepEqual(params("chat_identifier:chat9"), { chat_identifier: "chat9" });
  assert.deepEqual(params("22395", "direct"), { to: "22395", service: "auto", region: "DE" });
  assert.deepEqual(params("sms:+1 (555) 010-0100"), { to: "+15550100100", service: "sms", region: "DE" });
  assert.deepEqual(params("Anna@Example.org"), { to: "anna@example.org", service: "auto", region: "DE" });
});

Deno.test("what names nobody is refused before anything is sent", () => {
  for (const chatId of ["nobody", "chat_id:x", "chat_id:0", "12"]) assert.throws(() => params(chatId), ProviderError);
  assert.equal(handleOf("tel:+49 170 1234567"), "+491701234567");
});
