import assert from "node:assert/strict";
import { manifest } from "./manifest.ts";

Deno.test("the worker may reach Telegram's host, or the host of apiRoot, and nothing else", () => {
  assert.deepEqual(manifest.permissions({}), { net: ["api.telegram.org:443"], sys: [], run: [] });
  assert.deepEqual(manifest.permissions({ apiRoot: "http://127.0.0.1:8081/tg" }).net, ["127.0.0.1:8081"]);
  assert.deepEqual(manifest.permissions({ apiRoot: "file:///etc" }).net, []);
});

Deno.test("an address that is not Telegram's own is shown", () => {
  assert.deepEqual(manifest.foreignAddresses({}), []);
  assert.deepEqual(manifest.foreignAddresses({ apiRoot: "https://api.telegram.org/" }), []);
  assert.deepEqual(manifest.foreignAddresses({ apiRoot: "https://tg.example" }), ["https://tg.example"]);
});

Deno.test("a missing token, a broken address and a webhook without a secret are named", () => {
  assert.deepEqual(manifest.missing({}, new Set(["botToken"])), []);
  assert.match(manifest.missing({}, new Set()).join(), /botToken/u);
  assert.match(manifest.missing({ apiRoot: "nope" }, new Set(["botToken"])).join(), /apiRoot/u);
  const hook = { webhookUrl: "https://house.example/telegram-webhook" };
  assert.match(manifest.missing(hook, new Set(["botToken"])).join(), /webhookSecret/u);
  assert.deepEqual(manifest.missing(hook, new Set(["botToken", "webhookSecret"])), []);
});

Deno.test("there is a path for posts in webhook mode alone", () => {
  assert.equal(manifest.webhookPath({}), undefined);
  assert.equal(manifest.webhookPath({ webhookUrl: "https://a.b/c" }), "/telegram-webhook");
  assert.equal(manifest.webhookPath({ webhookUrl: "https://a.b/c", webhookPath: "/two" }), "/two");
});

Deno.test("a proxy is reached and shown, and must not hold a password", () => {
  const config = { proxy: "http://proxy.house.example:3128" };
  assert.deepEqual(manifest.permissions(config).net, ["api.telegram.org:443", "proxy.house.example:3128"]);
  assert.deepEqual(manifest.foreignAddresses(config), ["http://proxy.house.example:3128"]);
  const token = new Set(["botToken"]);
  assert.deepEqual(manifest.missing(config, token), []);
  assert.match(manifest.missing({ proxy: "http://me:secret@proxy.house.example" }, token).join(), /password/u);
  assert.match(manifest.missing({ proxy: "nope" }, token).join(), /proxy is not/u);
});
