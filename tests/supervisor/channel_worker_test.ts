/** The fake provider in a real worker and in a real process: what every provider may rely on. */
import assert from "node:assert/strict";
import { ChannelFailure } from "../../gateway/supervisor/types.ts";
import { manifest } from "../../workers/fake/manifest.ts";
import { startChannelWorker } from "../helpers/channel_worker.ts";
import { eventually } from "../helpers/wait.ts";
import { startFakePlatform } from "../servers/fake/platform.ts";

const ENTRY = new URL("../../workers/fake/main.ts", import.meta.url);

for (const isolation of ["worker", "process"] as const) {
  const begin = (url: string, more: Record<string, unknown> = {}) => {
    const config = { url, ...more };
    return startChannelWorker({
      entry: ENTRY,
      isolation,
      config,
      secrets: { token: "very-secret-token" },
      permissions: manifest.permissions(config),
    });
  };
  const text = (words: string) => ({
    type: "send" as const,
    message: { target: { chatId: "c" }, text: words, idempotencyKey: words },
  });

  Deno.test(`${isolation}: connects, receives, sends, and stops in order`, async () => {
    await using platform = startFakePlatform();
    await using worker = await begin(platform.url);
    await worker.waitState("connected");
    const key = platform.say("hello");
    const { event } = await worker.nextInbound({ ack: false });
    assert.equal(event.kind === "message" && event.text, "hello");
    assert.deepEqual(platform.unacknowledged(), [key]);
    worker.ack(1);
    await eventually("the acknowledgement", () => platform.unacknowledged().length === 0);
    const value = await worker.request(text("hi"));
    assert.equal(value.kind === "receipt" && value.receipt.messageIds[0], "m1");
    await worker.stop();
    assert.equal(worker.ended, "stopped");
    assert.equal((await platform.waitCall("bye")).body["reason"], "the test ends");
    assert.deepEqual(worker.malformed, []);
  });

  Deno.test(`${isolation}: attachments come back whole, and too large ones are refused`, async () => {
    const data = crypto.getRandomValues(new Uint8Array(60_000));
    await using platform = startFakePlatform({
      answer: () => ({ value: { data: data.toBase64(), mimeType: "image/png" } }),
    });
    await using worker = await begin(platform.url);
    await worker.waitState("connected");
    const value = await worker.request({ type: "media.fetch", ref: "r", maxBytes: 100_000 });
    assert.deepEqual(value, { kind: "media", data, mimeType: "image/png" });
    await assert.rejects(
      worker.request({ type: "media.fetch", ref: "r", maxBytes: 100 }),
      (error) => error instanceof ChannelFailure && error.error.code === "too_large",
    );
    const media = { kind: "image" as const, mimeType: "image/png", data };
    await worker.request({ type: "send", message: { target: { chatId: "c" }, media, idempotencyKey: "k" } });
    const body = platform.calls.at(-1)?.body["media"];
    assert.ok(typeof body === "object" && body !== null && "data" in body && body.data === data.toBase64());
  });

  Deno.test(`${isolation}: keys are kept in main, and a refusal rejects`, async () => {
    await using platform = startFakePlatform();
    await using worker = await begin(platform.url);
    await worker.waitState("connected");
    platform.order({ do: "store.set", rows: { session: { a: "1", b: "2" } } });
    await platform.waitCall("result", 1);
    platform.order({ do: "store.set", rows: { session: { a: null } } });
    await platform.waitCall("result", 2);
    platform.order({ do: "store.get", kind: "session", ids: ["a", "b"] });
    assert.deepEqual((await platform.waitCall("result", 3)).body, { ok: true, value: { b: "2" } });
    worker.refuseStore("the disk is full");
    platform.order({ do: "store.set", rows: { session: { c: "3" } } });
    assert.match(String((await platform.waitCall("result", 4)).body["error"]), /the disk is full/u);
  });

  Deno.test(`${isolation}: a secret of the account leaves in no log line`, async () => {
    await using platform = startFakePlatform();
    await using worker = await begin(platform.url);
    await worker.waitState("connected");
    platform.order({ do: "log", text: "https://host/botvery-secret-token/getMe" });
    await eventually("the log line", () => worker.logs().some(({ event }) => event === "fake.log"));
    assert.doesNotMatch(JSON.stringify(worker.reports), /very-secret-token/u);
  });

  Deno.test(`${isolation}: a crash reports its name and message`, async () => {
    await using platform = startFakePlatform();
    await using worker = await begin(platform.url);
    await worker.waitState("connected");
    platform.order({ do: "crash" });
    await eventually("the end", () => worker.ended !== undefined);
    assert.match(worker.ended ?? "", /TypeError: the fake provider was told to crash/u);
  });
}
