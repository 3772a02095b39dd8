/** Every class of error with every kind of platform and policy: what becomes of the message. */
import assert from "node:assert/strict";
import type { ChannelError } from "../../schemas/worker/channel.ts";
import { createFakeManifest } from "../../workers/fake/manifest.ts";
import { createPolicy, type DeliveryPolicy, readPolicy } from "./policy.ts";
import { type Attempt, judge, judgeInterrupted } from "./retry.ts";

const error = (change: Partial<ChannelError> = {}): ChannelError => ({
  code: "platform",
  message: "no",
  retryable: true,
  outcome: "not_sent",
  ...change,
});
const first: Attempt = { attempts: 1, keyAgeMs: 0, edit: false, connected: true };
const policy = (change: Partial<DeliveryPolicy> = {}): DeliveryPolicy => ({ ...readPolicy({}, undefined), ...change });
const decide = (of: Partial<ChannelError>, attempt: Partial<Attempt> = {}, rules: Partial<DeliveryPolicy> = {}) =>
  judge(error(of), { ...first, ...attempt }, policy(rules), () => 0.5);

Deno.test("what was not sent waits twice as long each time, up to a limit, with jitter", () => {
  const waits = [1, 2, 3, 4].map((attempts) => decide({}, { attempts }));
  assert.deepEqual(waits.map((each) => each.to === "again" && each.afterMs), [500, 1000, 2000, 4000]);
  const low = judge(error(), first, policy(), () => 0);
  assert.equal(low.to === "again" && low.afterMs, 400);
  assert.equal(decide({}, { attempts: 5 }).to, "failed");
  const long = decide({}, { attempts: 15 }, { retry: { attempts: 20, minMs: 500, maxMs: 9_000, jitter: 0 } });
  assert.equal(long.to === "again" && long.afterMs, 9_000);
  const asked = decide({ retryAfterMs: 12_345 });
  assert.equal(asked.to === "again" && asked.afterMs, 12_345);
});

Deno.test("a permanent error fails at once, a fatal one waits for the repair of the account", () => {
  assert.deepEqual(decide({ retryable: false }), { to: "failed" });
  const fatal = decide({ retryable: false, fatal: true }, { attempts: 50 });
  assert.deepEqual([fatal.to, fatal.to === "again" && fatal.counted], ["again", false]);
});

Deno.test("a rate limit pauses the account for its wait, which is bounded and does not count", () => {
  const limited = decide({ code: "rate_limited", retryAfterMs: 30_000 }, { attempts: 50 });
  assert.deepEqual(limited, { to: "again", afterMs: 30_000, counted: false, duplicate: false, pauseAccountMs: 30_000 });
  const silent = decide({ code: "rate_limited" });
  assert.equal(silent.to === "again" && silent.pauseAccountMs, 5_000);
  const absurd = decide({ code: "rate_limited", retryAfterMs: 1e12 });
  assert.equal(absurd.to === "again" && absurd.pauseAccountMs, 3_600_000);
});

Deno.test("an account that has lost its platform does not use up the attempts", () => {
  const lost = decide({}, { attempts: 50, connected: false });
  assert.deepEqual([lost.to, lost.to === "again" && lost.counted], ["again", false]);
});

Deno.test("a lost answer: held, sent again with its key, or sent again as a possible duplicate", () => {
  const lost = { outcome: "unknown" } as const;
  assert.deepEqual(decide(lost), { to: "unknown" });
  const keyed = decide(lost, {}, { repeatSafeMs: Infinity });
  assert.deepEqual([keyed.to, keyed.to === "again" && keyed.duplicate], ["again", false]);
  assert.deepEqual(decide(lost, { keyAgeMs: 60_000 }, { repeatSafeMs: 60_000 }), { to: "unknown" });
  const edit = decide(lost, { edit: true });
  assert.deepEqual([edit.to, edit.to === "again" && edit.duplicate], ["again", false]);
  const again = decide(lost, {}, { unknown: "resend" });
  assert.deepEqual([again.to, again.to === "again" && again.duplicate], ["again", true]);
  assert.deepEqual(decide(lost, { attempts: 5 }, { unknown: "resend" }), { to: "unknown" }, "never for ever");
});

Deno.test("a call that a crash cut off is judged in the same way", () => {
  const interrupted = { keyAgeMs: 0, edit: false };
  assert.deepEqual(judgeInterrupted(interrupted, policy()), { to: "unknown" });
  assert.equal(judgeInterrupted(interrupted, policy({ repeatSafeMs: 1 })).to, "again");
  assert.equal(judgeInterrupted({ ...interrupted, edit: true }, policy()).to, "again");
  const resend = judgeInterrupted(interrupted, policy({ unknown: "resend" }));
  assert.equal(resend.to === "again" && resend.duplicate, true);
});

Deno.test("the policy takes the account's settings within the platform's limits", () => {
  const { capabilities } = createFakeManifest({
    capabilities: { maxText: 2000, streaming: "edit", idempotentSend: true },
  });
  const rules = readPolicy(
    {
      textChunkLimit: 9_000,
      chunkMode: "newline",
      mediaMaxMb: 500,
      delivery: { unknown: "resend" },
      retry: { attempts: 3, minDelayMs: 100, maxDelayMs: 5_000, jitter: 7 },
    },
    capabilities,
  );
  assert.deepEqual([rules.maxText, rules.chunkMode, rules.mediaMaxMb, rules.unknown], [2000, "newline", 64, "resend"]);
  assert.deepEqual(rules.retry, { attempts: 3, minMs: 100, maxMs: 5_000, jitter: 1 });
  assert.deepEqual([rules.streaming, rules.repeatSafeMs], ["edit", Infinity]);
  assert.equal(readPolicy({ textChunkLimit: 1 }, capabilities).maxText, 32);
  assert.equal(readPolicy({ streaming: "off" }, capabilities).streaming, "off");
  assert.equal(readPolicy({ blockStreaming: true }, capabilities).streaming, "blocks");
  assert.equal(readPolicy({}, { ...capabilities, streaming: "blocks" }).streaming, "off");
});

Deno.test("delivery.unknown of the gateway holds where the account says nothing, and a channel that is gone holds", () => {
  const manifests = () => [createFakeManifest()];
  const of = (config: Record<string, unknown>) =>
    createPolicy({ manifests, accountConfig: () => config }, () => "resend")("fake", "default").unknown;
  assert.deepEqual([of({}), of({ delivery: { unknown: "hold" } })], ["resend", "hold"]);
  const gone = createPolicy({
    manifests,
    accountConfig: () => {
      throw new Error("there is no such account");
    },
  });
  assert.equal(gone("other", "default").unknown, "hold");
});
