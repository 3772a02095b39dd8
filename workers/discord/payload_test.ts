/** Unit tests of request bodies. */
import assert from "node:assert/strict";
import { fileNameOf, messageBody, nonceOf, placing, pollBody } from "./payload.ts";

const dress = { pingUsers: false, linkPreview: true };
const target = { chatId: "1" };

Deno.test("a nonce is the same for a key, another for another key, and never too long", async () => {
  const nonce = await nonceOf("key");
  assert.equal(nonce, await nonceOf("key"));
  assert.notEqual(nonce, await nonceOf("key2"));
  assert.match(nonce, /^[\w-]{25}$/u);
});

Deno.test("nobody is rung unless the owner allows it for people, and everyone never is", () => {
  const message = { target, text: "@everyone <@1>", idempotencyKey: "k" };
  assert.deepEqual(messageBody(message, dress)["allowed_mentions"], { parse: [], replied_user: false });
  assert.deepEqual(messageBody(message, { ...dress, pingUsers: true })["allowed_mentions"], {
    parse: ["users"],
    replied_user: false,
  });
});

Deno.test("an answer to something that is gone is sent all the same", () => {
  assert.deepEqual(placing({ chatId: "1", replyToId: "7" }, "n")["message_reference"], {
    message_id: "7",
    fail_if_not_exists: false,
  });
  assert.equal("message_reference" in placing(target, "n"), false);
});

Deno.test("buttons are wrapped to rows of five, and more than Discord takes are refused", () => {
  const row = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => ({ label: "x".repeat(90), data: `${name}${index}` }));
  const body = messageBody({ target, text: "x", buttons: [row(8, "a")], idempotencyKey: "k" }, dress);
  const rows = body["components"] as { components: { label: string; style: number }[] }[];
  assert.deepEqual(rows.map(({ components }) => components.length), [5, 3]);
  assert.equal(rows[0]?.components[0]?.label.length, 80);
  const many = Array.from({ length: 6 }, (_, index) => row(1, `r${index}`));
  assert.throws(() => messageBody({ target, text: "x", buttons: many, idempotencyKey: "k" }, dress), /5 rows/u);
});

Deno.test("file names lose what a path could use, and get an ending when there is none", () => {
  const media = { kind: "image" as const, mimeType: "image/png", data: new Uint8Array() };
  assert.equal(fileNameOf(media), "file.png");
  assert.equal(fileNameOf({ ...media, fileName: "../../etc/\u0000passwd" }), ".._.._etc_passwd");
});

Deno.test("polls keep Discord's limits", () => {
  const poll = { target, question: "?", options: ["a", "b"], idempotencyKey: "k" };
  assert.throws(() => pollBody({ ...poll, question: "x".repeat(301) }, dress), /300/u);
  assert.throws(() => pollBody({ ...poll, options: Array.from({ length: 11 }, String) }, dress), /10 answers/u);
  assert.equal((pollBody({ ...poll, durationHours: 9999 }, dress)["poll"] as { duration: number }).duration, 768);
});
