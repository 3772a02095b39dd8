/** `openclaw pairing` against a fake gateway: what it asks for and what it prints. */
import assert from "node:assert/strict";
import { answers, run } from "../../tests/helpers/cli_run.ts";
import { CliError } from "./exit.ts";
import { approveCommand, dismissCommand, listCommand } from "./pairing.ts";

const REQUEST = {
  requestId: "3f1c9a2e5b7d0a11",
  channel: "chan",
  channelLabel: "Chan",
  accountId: "default",
  senderId: "42",
  senderLabel: "Eve",
  metadata: { preview: "let me in" },
  createdAt: "2026-11-22T10:00:00.000Z",
  lastSeenAt: "2026-11-22T10:00:00.000Z",
  expiresAt: "2026-11-22T11:00:00.000Z",
  notifySupported: true,
};
const account = (channel: string) => ({ channel, channelLabel: channel, accountId: "default", notifySupported: true });
const LIST = {
  accounts: [account("chan")],
  requests: [REQUEST],
  commandOwnerConfigured: false,
  limits: { pendingPerAccount: 3, ttlMs: 3_600_000 },
};
const DONE = {
  requestId: REQUEST.requestId,
  senderId: "42",
  notification: "sent",
  commandOwnerBootstrap: "not-requested",
};
const table = (list: unknown = LIST) =>
  answers({ "channels.pairing.list": list, "channels.pairing.approve": DONE, "channels.pairing.dismiss": DONE });

Deno.test("pairing list shows who waits and how to let one in", async () => {
  const { stdout, requests } = await run(listCommand, table(), { args: ["CHAN"], options: { account: "work" } });
  assert.deepEqual(requests, [{ method: "channels.pairing.list", params: { channel: "chan", accountId: "work" } }]);
  for (const part of ["3f1c9a2e5b7d0a11", "chan", "42", "Eve", "let me in", "openclaw pairing approve"]) {
    assert.ok(stdout.includes(part), `${part}\n${stdout}`);
  }
  assert.match((await run(listCommand, table({ ...LIST, requests: [] }))).stdout, /Nobody waits/u);
  assert.deepEqual(JSON.parse((await run(listCommand, table(), { options: { json: true } })).stdout), LIST);
});

Deno.test("pairing approve takes channel and code, or what can only mean one", async () => {
  const both = await run(approveCommand, table(), { args: ["Chan", "ABCD2345"], options: { notify: true } });
  assert.deepEqual(both.requests, [{
    method: "channels.pairing.approve",
    params: { channel: "chan", requestId: "ABCD2345", notify: true },
  }]);
  assert.match(both.stdout, /Approved: 42 on chan\nThe sender was told/u);

  const byId = await run(approveCommand, table(), { args: [REQUEST.requestId] });
  assert.deepEqual(byId.requests.at(-1)?.params, {
    channel: "chan",
    accountId: "default",
    requestId: REQUEST.requestId,
  });
  const byCode = await run(approveCommand, table(), { args: ["ABCD2345"] });
  assert.deepEqual(byCode.requests.at(-1)?.params, { channel: "chan", requestId: "ABCD2345" });

  const two = { ...LIST, accounts: [account("chan"), account("other")] };
  const { code, requests } = await run(approveCommand, table(two), { args: ["ABCD2345"] });
  assert.ok(code instanceof CliError && code.exit === "usage");
  assert.match(code.message, /the channel is missing/u);
  assert.equal(requests.length, 1, "nothing was approved");
});

Deno.test("pairing dismiss forgets one request", async () => {
  const { stdout, requests } = await run(dismissCommand, table(), { args: ["chan", REQUEST.requestId] });
  assert.deepEqual(requests, [{
    method: "channels.pairing.dismiss",
    params: { channel: "chan", requestId: REQUEST.requestId },
  }]);
  assert.match(stdout, /Dismissed: 3f1c9a2e5b7d0a11 on chan/u);
});
