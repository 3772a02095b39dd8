/** Tests of where the answer of `agent` goes. */
import assert from "node:assert/strict";
import { fakeStatus } from "../../tests/helpers/delivery_lab.ts";
import type { AgentParams } from "../../schemas/method/agent.ts";
import type { SessionEntry } from "../session/types.ts";
import { replyRoute } from "./reply_route.ts";

const channels = {
  account: (channel: string, accountId: string | undefined) =>
    channel === "chan" && ["default", "work"].includes(accountId ?? "")
      ? fakeStatus(channel, accountId ?? "", "connected")
      : undefined,
  defaultAccountId: (channel: string) => channel === "chan" ? "default" : undefined,
};
const LAST: SessionEntry = { lastChannel: "chan", lastTo: "C1", lastAccountId: "work", lastThreadId: "7" };

const route = (params: Partial<AgentParams>, entry: SessionEntry = LAST) =>
  replyRoute({ message: "m", idempotencyKey: "k", deliver: true, ...params }, entry, channels);

Deno.test("without deliver, and for WebChat, the answer stays in the session", () => {
  assert.equal(route({ deliver: false, channel: "chan" }), undefined);
  assert.equal(route({ channel: "webchat" }), undefined);
  assert.equal(route({}, { lastChannel: "webchat" }), undefined);
});

Deno.test("last is the chat, account and thread that the session was last used in", () => {
  const last = { channel: "chan", accountId: "work", target: { chatId: "C1", threadId: "7" } };
  assert.deepEqual(route({}), last);
  assert.deepEqual(route({ channel: " LAST " }), last);
  assert.deepEqual(route({ channel: "chan" }), last);
});

Deno.test("what is named wins: channel, account, chat, thread; reply keys before the others", () => {
  assert.deepEqual(route({ channel: "chan", to: "chan:C2" }), {
    channel: "chan",
    accountId: "work",
    target: { chatId: "C2" },
  });
  assert.deepEqual(route({ to: "C2", replyTo: "C3", accountId: "work", replyAccountId: "default", threadId: "9" }), {
    channel: "chan",
    accountId: "default",
    target: { chatId: "C3", threadId: "9" },
  });
  assert.deepEqual(route({ channel: "chan", to: "C4" }, {}), {
    channel: "chan",
    accountId: "default",
    target: { chatId: "C4" },
  });
});

Deno.test("an answer for nobody is refused before anything runs", () => {
  const refused = (params: Partial<AgentParams>, entry: SessionEntry, code: string, message: RegExp) =>
    assert.throws(() => route(params, entry), (error) => {
      assert.ok(error instanceof Error && "code" in error);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  refused({}, {}, "UNAVAILABLE", /was not used through a channel yet/u);
  refused({ channel: "other", to: "x" }, LAST, "UNAVAILABLE", /channel "other" is not set up/u);
  refused({ channel: "chan", accountId: "none" }, LAST, "UNAVAILABLE", /not set up/u);
  refused({ channel: "chan" }, {}, "INVALID_REQUEST", /no target is named/u);
});
