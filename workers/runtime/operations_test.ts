/** Tests of main's commands as calls of a provider, and of its errors in the contract's form. */
import assert from "node:assert/strict";
import { errorOf, type Operation, perform } from "./operations.ts";
import { type Provider, ProviderError } from "./provider.ts";
import { hideSecrets } from "./scrub.ts";

const RECEIPT = { messageIds: ["m"], chatId: "c", at: 1 };
const TARGET = { chatId: "c" };
const SEND: Operation = { type: "send", op: "1", message: { target: TARGET, text: "x", idempotencyKey: "k" } };

const provider = (more: Partial<Provider> = {}): Provider => ({
  connect: () => {},
  disconnect: () => Promise.resolve(),
  send: () => Promise.resolve(RECEIPT),
  ...more,
});
const never = new AbortController().signal;

const rejection = async (work: Promise<unknown>) => {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  assert.ok(error instanceof ProviderError, String(error));
  return error.error;
};

Deno.test("a receipt is a reply, and every action answers ok", async () => {
  assert.deepEqual(await perform(provider(), SEND, never), { kind: "receipt", receipt: RECEIPT });
  const calls: unknown[] = [];
  const all = provider({
    edit: (...args) => Promise.resolve(void calls.push(["edit", ...args.slice(0, 3)])),
    delete: (...args) => Promise.resolve(void calls.push(["delete", ...args.slice(0, 2)])),
    react: (...args) => Promise.resolve(void calls.push(["react", ...args.slice(0, 4)])),
    typing: (...args) => Promise.resolve(void calls.push(["typing", ...args.slice(0, 2)])),
    read: (...args) => Promise.resolve(void calls.push(["read", ...args.slice(0, 3)])),
    logout: () => Promise.resolve(void calls.push(["logout"])),
  });
  const commands: Operation[] = [
    { type: "edit", op: "1", target: TARGET, messageId: "m", text: "new" },
    { type: "delete", op: "2", target: TARGET, messageId: "m" },
    { type: "react", op: "3", target: TARGET, messageId: "m", emoji: "👍" },
    { type: "typing", op: "4", target: TARGET, on: true },
    { type: "read", op: "5", target: TARGET, messageId: "m", senderId: "s" },
    { type: "logout", op: "6" },
  ];
  for (const command of commands) assert.deepEqual(await perform(all, command, never), { kind: "ok" });
  assert.deepEqual(calls, [
    ["edit", TARGET, "m", "new"],
    ["delete", TARGET, "m"],
    ["react", TARGET, "m", "👍", { remove: false, senderId: undefined }],
    ["typing", TARGET, true],
    ["read", TARGET, "m", "s"],
    ["logout"],
  ]);
});

Deno.test("an ability that a provider lacks is unsupported, and nothing was sent", async () => {
  const error = await rejection(perform(provider(), { type: "poll", op: "1", poll: poll() }, never));
  assert.deepEqual([error.code, error.outcome, error.retryable], ["unsupported", "not_sent", false]);
});

Deno.test("methods keep their provider as this", async () => {
  class Counting {
    count = 0;
    connect() {}
    disconnect = () => Promise.resolve();
    send = () => Promise.resolve(RECEIPT);
    typing(): Promise<void> {
      this.count++;
      return Promise.resolve();
    }
  }
  const counting = new Counting();
  await perform(counting, { type: "typing", op: "1", target: TARGET, on: true }, never);
  assert.equal(counting.count, 1);
});

Deno.test("the end of the account ends an operation that is deaf to its signal, its outcome unknown", async () => {
  const stop = new AbortController();
  let aborted = false;
  const work = perform(
    provider({
      send: (_, signal) => {
        signal.addEventListener("abort", () => aborted = true);
        return new Promise(() => {});
      },
    }),
    SEND,
    stop.signal,
  );
  stop.abort();
  const error = await rejection(work);
  assert.deepEqual([error.code, error.outcome, aborted], ["unreachable", "unknown", true]);
});

Deno.test("an attachment above the limit is refused", async () => {
  const media = { kind: "media" as const, data: new Uint8Array(11), mimeType: "image/png" };
  const all = provider({ fetchMedia: () => Promise.resolve(media) });
  const fetch = (maxBytes: number) => perform(all, { type: "media.fetch", op: "1", ref: "r", maxBytes }, never);
  assert.deepEqual(await fetch(11), media);
  assert.equal((await rejection(fetch(10))).code, "too_large");
});

Deno.test("an error of the contract keeps its form, any other is internal and unknown where it matters", () => {
  hideSecrets(["the-bot-token"]);
  const own = {
    code: "rate_limited",
    message: "slow down at /the-bot-token/x",
    retryable: true,
    outcome: "not_sent",
    retryAfterMs: 5,
  } as const;
  assert.deepEqual(errorOf("send", new ProviderError(own)), { ...own, message: "slow down at /[secret]/x" });
  const other = { code: "internal", message: "TypeError: x", retryable: false };
  assert.deepEqual(errorOf("send", new TypeError("x")), { ...other, outcome: "unknown" });
  assert.deepEqual(errorOf("typing", new TypeError("x")), { ...other, outcome: "not_sent" });
  assert.ok(errorOf("send", new Error("y".repeat(9_000))).message.length < 1_100);
});

const poll = () => ({ target: TARGET, question: "?", options: ["a", "b"], idempotencyKey: "k" });
