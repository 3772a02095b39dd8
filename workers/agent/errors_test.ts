/** Unit tests of the error sentences. */
import assert from "node:assert/strict";
import type { ModelErrorKind, ModelTarget } from "../../schemas/worker/agent.ts";
import { bodyDetail, faultOf, httpFault, ModelFault, networkFault, streamFault } from "./errors.ts";

const KEY = "sk-live-0123456789abcdef";
const TARGET: ModelTarget = {
  provider: "acme",
  model: "acme-1",
  api: "openai-completions",
  baseUrl: "https://api.acme.example/v1",
  apiKey: KEY,
  headers: { "x-team": "team-secret-77" },
};
const http = (status: number, detail = "", headers: Record<string, string> = {}) =>
  httpFault(status, detail, new Headers(headers), TARGET);

Deno.test("every status has its kind", () => {
  const kinds: readonly [number, string, ModelErrorKind][] = [
    [401, "", "refused"],
    [403, "", "refused"],
    [402, "", "refused"],
    [400, "API key not valid. Please pass a valid API key.", "refused"],
    [404, "", "bad_model"],
    [400, "The model `x` does not exist", "bad_model"],
    [400, "prompt is too long: 200001 tokens > 200000 maximum", "context_length"],
    [413, "", "context_length"],
    [429, "", "rate_limit"],
    [408, "", "timeout"],
    [504, "", "timeout"],
    [500, "", "unreachable"],
    [529, "Overloaded", "unreachable"],
    [301, "", "unreachable"],
    [422, "temperature is out of range", "unknown"],
  ];
  for (const [status, detail, kind] of kinds) assert.equal(http(status, detail).kind, kind, `${status} ${detail}`);
});

Deno.test("a sentence never holds the key, a header's value or what looks like another key", () => {
  const fault = http(401, `Bad key ${KEY} of team-secret-77, not sk-other-1234567890`);
  assert.doesNotMatch(fault.message, /0123456789|secret-77|1234567890/u);
  assert.match(fault.message, /\[secret\]/u);
  assert.doesNotMatch(fault.message, /\n|\.$/u);
});

Deno.test("the server's words are bounded", () => {
  assert.ok(http(400, "x".repeat(10_000)).message.length < 400);
});

Deno.test("the wait of a rate limit is read from seconds, milliseconds, a date or the text", () => {
  assert.equal(http(429, "", { "retry-after": "12" }).retryAfterMs, 12_000);
  assert.equal(http(429, "", { "retry-after-ms": "250", "retry-after": "1" }).retryAfterMs, 250);
  assert.equal(http(429, "Please retry in 3.5s.").retryAfterMs, 3500);
  const soon = http(429, "", { "retry-after": new Date(Date.now() + 60_000).toUTCString() }).retryAfterMs ?? 0;
  assert.ok(soon > 55_000 && soon <= 60_000);
  for (const odd of ["-5", "soon", ""]) {
    const wait = http(429, "", { "retry-after": odd }).retryAfterMs;
    assert.ok(wait === undefined || wait === 0, odd);
  }
  assert.equal(http(429, "", { "retry-after": "99999999" }).retryAfterMs, 24 * 3_600_000);
});

Deno.test("a key is missing only when none was sent in any way", () => {
  const { apiKey: _, ...keyless } = TARGET;
  assert.equal(httpFault(401, "", new Headers(), keyless).kind, "no_key");
  const withHeader = { ...keyless, headers: { Authorization: "Bearer abcdef" } };
  assert.equal(httpFault(401, "", new Headers(), withHeader).kind, "refused");
});

Deno.test("network failures name the host and the next step", () => {
  const failed = (cause: string) => new TypeError("fetch failed", { cause: new Error(cause) });
  assert.match(
    networkFault(failed("client error (Connect): tcp connect error: Connection refused"), TARGET, false).message,
    /Nothing answers at api\.acme\.example/u,
  );
  assert.match(networkFault(failed("dns error: failed to lookup"), TARGET, false).message, /No address was found/u);
  assert.match(networkFault(failed("invalid peer certificate: Expired"), TARGET, false).message, /certificate/u);
  assert.match(networkFault(failed("something else"), TARGET, false).message, /check the network/u);
  assert.match(networkFault(failed("reset"), TARGET, true).message, /lost in mid-answer/u);
  const denied = new Error("Requires net access");
  denied.name = "NotCapable";
  assert.match(networkFault(denied, TARGET, false).message, /restart/u);
});

Deno.test("a host whose name looks like a cause is not taken for one", () => {
  const error = new TypeError("error sending request for url (https://ssl-certificate.example/dns error): timed out");
  assert.match(networkFault(error, TARGET, false).message, /check the network/u);
});

Deno.test("errors inside a stream keep their kind", () => {
  assert.equal(streamFault({ type: "overloaded_error", message: "Overloaded" }, TARGET).kind, "unreachable");
  assert.equal(streamFault({ code: "rate_limit_exceeded", message: "slow down" }, TARGET).kind, "rate_limit");
  assert.equal(streamFault("weird", TARGET).kind, "unknown");
  assert.equal(streamFault(undefined, TARGET).kind, "unknown");
});

Deno.test("a fault inside another error is found", () => {
  const fault = new ModelFault("timeout", "late");
  assert.equal(faultOf(new Error("outer", { cause: new Error("inner", { cause: fault }) }), TARGET), fault);
});

Deno.test("the message of an error body is found in its usual places", () => {
  assert.equal(bodyDetail('{"error":{"message":"a"}}'), "a");
  assert.equal(bodyDetail('[{"error":{"message":"b"}}]'), "b");
  assert.equal(bodyDetail('{"error":"c"}'), "c");
  assert.equal(bodyDetail('{"message":"d"}'), "d");
  assert.equal(bodyDetail("plain"), "plain");
  assert.equal(bodyDetail("<html>page</html>"), "");
  assert.equal(bodyDetail("{}"), "");
});
