/** Tests of platform requests on the gateway's port. */
import assert from "node:assert/strict";
import { silentLog } from "../observe/log.ts";
import { ChannelFailure, type ChannelRequest } from "../supervisor/types.ts";
import type { ReplyValue } from "../../schemas/worker/channel.ts";
import { createWebhooks, MAX_WEBHOOK_BYTES } from "./webhooks.ts";

type Hook = Extract<ChannelRequest, { type: "webhook" }>;

function lab(reply: (hook: Hook) => Promise<ReplyValue>) {
  const seen: Hook[] = [];
  const webhooks = createWebhooks({
    log: silentLog,
    channels: {
      webhookOf: (path) => path === "/bot-webhook" ? { channel: "bot", accountId: "default" } : undefined,
      request(_channel, _accountId, request) {
        assert.ok(request.type === "webhook");
        seen.push(request);
        return reply(request);
      },
    },
  });
  return { webhooks, seen };
}

const ok = (headers: Record<string, string> = {}, body = "fine"): Promise<ReplyValue> =>
  Promise.resolve({ kind: "http", status: 200, headers, body });
const post = (path: string, body: BodyInit = "{}", headers: Record<string, string> = {}) =>
  new Request(`http://any-name.example${path}`, { method: "POST", body, headers });

Deno.test("a claimed path reaches its account with path, query, headers and body", async () => {
  const { webhooks, seen } = lab(() => ok());
  const response = await webhooks.serve(
    post("/bot-webhook?password=p&x=1", `{"a":1}`, { "X-Signature": "s", Cookie: "session=1" }),
  );
  assert.equal(response?.status, 200);
  assert.equal(await response?.text(), "fine");
  const [hook] = seen;
  assert.equal(hook?.path, "/bot-webhook");
  assert.deepEqual(hook?.query, { password: "p", x: "1" });
  assert.equal(hook?.headers["x-signature"], "s");
  assert.equal(hook?.headers["cookie"], undefined, "cookies are no business of a platform");
  assert.equal(new TextDecoder().decode(hook?.body), `{"a":1}`);
});

Deno.test("a path that nobody claims, and anything but a post, is not served here", () => {
  const { webhooks } = lab(() => ok());
  assert.equal(webhooks.serve(post("/other")), undefined);
  assert.equal(webhooks.serve(new Request("http://h/bot-webhook")), undefined);
});

Deno.test("a worker can set no cookie and no page of our origin", async () => {
  const { webhooks } = lab(() =>
    ok({ "Set-Cookie": "a=b", "Content-Type": "text/html", Location: "/evil" }, "<script>")
  );
  const response = await webhooks.serve(post("/bot-webhook"));
  assert.deepEqual(response?.headers.getSetCookie(), []);
  assert.equal(response?.headers.get("location"), null);
  assert.match(response?.headers.get("content-type") ?? "", /^text\/plain/u);
  assert.equal(response?.headers.get("x-content-type-options"), "nosniff");
  await response?.text();
});

Deno.test("a body beyond the limit is refused before it is read whole, declared or not", async () => {
  const { webhooks, seen } = lab(() => ok());
  const declared = post("/bot-webhook", "x", { "Content-Length": String(MAX_WEBHOOK_BYTES + 1) });
  assert.equal((await webhooks.serve(declared))?.status, 413);
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(512 * 1024));
    },
  });
  assert.equal((await webhooks.serve(post("/bot-webhook", endless)))?.status, 413);
  assert.ok(pulled < 20, `read ${pulled} parts`);
  assert.equal(seen.length, 0);
  await declared.body?.cancel();
});

Deno.test("a worker that fails answers 503 and nothing of the error gets out", async () => {
  const { webhooks } = lab(() =>
    Promise.reject(
      new ChannelFailure({
        code: "unreachable",
        message: "secret-token in here",
        retryable: true,
        outcome: "not_sent",
      }),
    )
  );
  const response = await webhooks.serve(post("/bot-webhook"));
  assert.equal(response?.status, 503);
  assert.equal(response?.headers.get("retry-after"), "5");
  assert.doesNotMatch(await response?.text() ?? "", /secret/u);
});

Deno.test("more requests at once than the gateway bears are told to come back", async () => {
  const gate = Promise.withResolvers<ReplyValue>();
  const { webhooks } = lab(() => gate.promise);
  const all = Array.from({ length: 40 }, () => webhooks.serve(post("/bot-webhook")));
  gate.resolve(await ok());
  const statuses = (await Promise.all(all)).map((response) => response?.status);
  assert.equal(statuses.filter((status) => status === 503).length, 8);
  assert.equal(statuses.filter((status) => status === 200).length, 32);
});
