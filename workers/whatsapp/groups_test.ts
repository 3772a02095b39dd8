import assert from "node:assert/strict";
import { createGroups } from "./groups.ts";

const data = (subject: string) => ({ id: "g", subject, owner: undefined, participants: [] });

Deno.test("a group is asked for once, again after a change, and again when it is old", async () => {
  let now = 0;
  let asked = 0;
  const groups = createGroups(() => Promise.resolve(data(`Name ${++asked}`)), () => now);
  assert.deepEqual(await Promise.all([groups.title("g"), groups.title("g")]), ["Name 1", "Name 1"]);
  groups.forget("g");
  assert.equal(await groups.title("g"), "Name 2");
  now += 6 * 60 * 1000;
  assert.equal(groups.peek("g"), undefined);
  assert.equal(await groups.title("g"), "Name 3");
});

Deno.test("a group that WhatsApp does not tell of has no title", async () => {
  const groups = createGroups(() => Promise.reject(new Error("404")));
  assert.equal(await groups.title("g"), undefined);
});
