import assert from "node:assert/strict";
import { eventsOf, type Known } from "./inbound.ts";
import type { Update } from "./wire.ts";

const known: Known = {
  me: { id: 7, is_bot: true, username: "house_bot" },
  commands: new Set(["status"]),
  isOwn: () => undefined,
};
const chat = { id: 11, type: "private" as const, first_name: "Anna" };
const anna = { id: 11, first_name: "Anna", last_name: "K", username: "anna_k" };
const message = (rest: object): Update => ({
  update_id: 5,
  message: { message_id: 3, date: 1_700_000_000, chat, from: anna, ...rest },
});

Deno.test("a message has a key of its update, chat and number, its time in milliseconds and its sender's forms", () => {
  const [event] = eventsOf(message({ text: "hi" }), known);
  assert.ok(event?.kind === "message");
  assert.equal(event.dedupeKey, "update:5:11:3");
  assert.equal(event.timestamp, 1_700_000_000_000);
  assert.deepEqual(event.sender, {
    id: "11",
    aliases: ["tg:11", "anna_k", "tg:anna_k", "tg:@anna_k"],
    name: "Anna K",
  });
});

Deno.test("what the bot itself wrote says so", () => {
  const [event] = eventsOf(message({ text: "hi", from: { id: 7, is_bot: true } }), known);
  assert.deepEqual([event?.sender.isSelf, event?.sender.isBot], [true, true]);
});

Deno.test("several links behind words are all written out, at their places", () => {
  const entities = [
    { type: "text_link", offset: 0, length: 1, url: "https://a.b" },
    { type: "text_link", offset: 4, length: 1, url: "https://c.d" },
  ];
  const [event] = eventsOf(message({ text: "😀a b c", entities }), known);
  assert.ok(event?.kind === "message");
  assert.ok(event.text.includes("https://a.b") && event.text.includes("https://c.d"));
  const shown = [{ type: "text_link", offset: 0, length: 11, url: "https://a.b" }];
  const [same] = eventsOf(message({ text: "https://a.b", entities: shown }), known);
  assert.ok(same?.kind === "message" && same.text === "https://a.b");
});

Deno.test("an update of an unknown kind gives no event", () => {
  assert.deepEqual(eventsOf({ update_id: 1 }, known), []);
  assert.deepEqual(eventsOf(message({}), known), []);
});

Deno.test("a button of an inline message, which has no chat, gives no event", () => {
  assert.deepEqual(eventsOf({ update_id: 1, callback_query: { id: "q", from: anna, data: "x" } }, known), []);
});

Deno.test("custom and paid reactions have names", () => {
  const update: Update = {
    update_id: 9,
    message_reaction: {
      chat,
      message_id: 3,
      date: 1,
      user: anna,
      old_reaction: [],
      new_reaction: [{ type: "custom_emoji", custom_emoji_id: "55" }, { type: "paid" }],
    },
  };
  const emoji = eventsOf(update, known).map((event) => event.kind === "reaction" ? event.emoji : "");
  assert.deepEqual(emoji, ["custom:55", "⭐"]);
});
