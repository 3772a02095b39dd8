/** `outbox` and `explain` against a fake gateway: what they ask and what they print. */
import assert from "node:assert/strict";
import { answers, run } from "../../tests/helpers/cli_run.ts";
import { explainCommand } from "./explain.ts";
import { dropCommand, listCommand, retryCommand } from "./outbox.ts";

const message = {
  id: "o1",
  class: "reply",
  channel: "fake",
  accountId: "default",
  chatId: "c1",
  groupId: "g",
  part: 0,
  state: "unknown",
  attempts: 1,
  nextAttemptAt: 1,
  expiresAt: 2,
  messageIds: [],
  error: "the answer\x1b[2J was lost",
  possibleDuplicate: false,
  preview: "hello there",
  createdAt: 1,
  updatedAt: 1,
};

Deno.test("outbox list shows state, chat and reason, and what can be done", async () => {
  const list = await run(listCommand, answers({ "outbox.list": { messages: [message] } }), {
    options: { state: "unknown", channel: "FAKE", limit: "5" },
  });
  assert.deepEqual(list.requests[0], {
    method: "outbox.list",
    params: { limit: 5, state: "unknown", channel: "fake" },
  });
  assert.match(list.stdout, /o1 +unknown +fake +default +c1 +hello there/u);
  assert.match(list.stdout, /o1: the answer\[2J was lost\n/u);
  assert.match(list.stdout, /openclaw outbox retry <id>/u);
  const empty = await run(listCommand, answers({ "outbox.list": { messages: [] } }));
  assert.equal(empty.stdout, "Nothing was sent to a channel yet, or nothing matches.\n");
});

Deno.test("outbox retry and drop name what they did", async () => {
  const again = { ...message, state: "queued", possibleDuplicate: true };
  const table = answers({ "outbox.retry": { message: again }, "outbox.drop": { message } });
  const retried = await run(retryCommand, table, { args: ["o1"] });
  assert.equal(retried.stdout, "Queued again: o1. It may stand in the chat twice afterwards.\n");
  assert.deepEqual(retried.requests[0], { method: "outbox.retry", params: { id: "o1" } });
  assert.equal((await run(dropCommand, table, { args: ["o1"] })).stdout, "Dropped: o1\n");
});

Deno.test("explain prints each step with its time and facts", async () => {
  const steps = [
    { at: 1000, step: "inbox.received", detail: { channel: "fake", chatId: "c1" }, subject: "i1" },
    { at: 1250, step: "outbox.sent", detail: { messageIds: ["m1"] }, subject: "o1" },
  ];
  const { stdout, requests } = await run(explainCommand, answers({ "message.explain": { id: "i1", steps } }), {
    args: ["i1"],
  });
  assert.deepEqual(requests[0], { method: "message.explain", params: { id: "i1" } });
  assert.equal(
    stdout,
    "1970-01-01T00:00:01.000Z\n" +
      "       +0 ms  inbox.received          channel=fake chatId=c1\n" +
      '     +250 ms  outbox.sent             messageIds=["m1"]\n',
  );
});

Deno.test("explain without an id shows refusals by reason and the last ones", async () => {
  const counts = [{ channel: "fake", accountId: "default", reason: "dm_policy", count: 3, lastAt: 1 }];
  const latest = [
    { id: "i1", channel: "fake", accountId: "default", chatId: "c1", senderId: "s1", senderName: "Ann", at: 1 },
  ];
  const { stdout } = await run(explainCommand, answers({ "message.refusals": { counts, latest } }));
  assert.match(stdout, /fake +default +dm_policy +3/u);
  assert.match(stdout, /i1 +fake +c1 +Ann \(s1\)/u);
  const none = await run(explainCommand, answers({ "message.refusals": { counts: [], latest: [] } }));
  assert.equal(none.stdout, "No message was refused.\n");
});
