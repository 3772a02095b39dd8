/** The small pure parts of the client: what is signed, how long one waits, what a refusal means. */
import assert from "node:assert/strict";
import { backoffMs, CEILING_MS } from "./backoff.ts";
import { browserName, readChallenge, readHello } from "./hello.ts";
import { codeOf, may } from "./protocol.ts";
import { each, list, number, parseJson, word } from "./read.ts";
import { readRefusal, wireError } from "./refusal.ts";
import { base64url, hex, signedText } from "./signature.ts";

Deno.test("The signed text has the fields of version 3 in the protocol's order", () => {
  const text = signedText({
    deviceId: "d",
    clientId: "webchat-ui",
    clientMode: "webchat",
    role: "operator",
    scopes: ["operator.read", "operator.write"],
    signedAt: 1763806000000,
    secret: "s",
    nonce: "n",
    platform: " Linux X86_64 ",
    deviceFamily: " Desktop ",
  });
  const scopes = "operator.read,operator.write";
  assert.equal(text, `v3|d|webchat-ui|webchat|operator|${scopes}|1763806000000|s|n|linux x86_64|desktop`);
});

Deno.test("Encodings are the protocol's: base64url without padding, lower-case hex", () => {
  assert.equal(base64url(Uint8Array.of(251, 255, 254, 1)), "-__-AQ");
  assert.equal(hex(Uint8Array.of(0, 171, 255)), "00abff");
});

Deno.test("The wait doubles from half a second to fifteen, with jitter that only shortens it", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 99].map((attempt) => backoffMs(attempt, 0)), [
    500,
    1000,
    2000,
    4000,
    8000,
    CEILING_MS,
    CEILING_MS,
    CEILING_MS,
  ]);
  assert.equal(backoffMs(0, 0.999), 250);
});

const refusal = (code: string, details: unknown, used: "token" | "deviceToken" | "code" | "none" = "token") =>
  readRefusal(wireError({ code, message: "m", details }), used);

Deno.test("A refusal is read by its code and names the next step", () => {
  assert.deepEqual(refusal("NOT_PAIRED", { code: "PAIRING_REQUIRED", requestId: "r-1" }), {
    next: "pairing",
    requestId: "r-1",
  });
  assert.deepEqual(refusal("INVALID_REQUEST", { code: "AUTH_TOKEN_MISMATCH" }), { next: "ask", reason: "wrong" });
  assert.deepEqual(refusal("INVALID_REQUEST", { code: "AUTH_TOKEN_MISSING" }, "none"), {
    next: "ask",
    reason: "first",
  });
  assert.deepEqual(refusal("INVALID_REQUEST", { code: "AUTH_BOOTSTRAP_TOKEN_INVALID" }, "code"), {
    next: "ask",
    reason: "code",
  });
  assert.deepEqual(refusal("INVALID_REQUEST", { code: "AUTH_DEVICE_TOKEN_MISMATCH" }, "deviceToken"), {
    next: "dropDeviceToken",
  });
  assert.equal(refusal("INVALID_REQUEST", { code: "CONTROL_UI_ORIGIN_NOT_ALLOWED" }).next, "blocked");
  assert.equal(refusal("INVALID_REQUEST", { code: "PROTOCOL_MISMATCH" }).next, "blocked");
  assert.equal(refusal("INVALID_REQUEST", { code: "DEVICE_AUTH_SIGNATURE_INVALID" }).next, "blocked");
  assert.deepEqual(refusal("UNAVAILABLE", undefined), { next: "retry", afterMs: undefined, limited: false });
});

Deno.test("A rate limit waits as long as the gateway says", () => {
  const error = wireError({
    code: "INVALID_REQUEST",
    message: "m",
    details: { code: "AUTH_RATE_LIMITED" },
    retryAfterMs: 9000,
  });
  assert.deepEqual(readRefusal(error, "token"), { next: "retry", afterMs: 9000, limited: true });
});

Deno.test("A request id that could not stand in a command is not shown", () => {
  assert.equal(refusal("NOT_PAIRED", { requestId: "x; rm -rf /" }).next, "blocked");
});

Deno.test("hello-ok is read with care: missing parts get defaults, another payload is refused", () => {
  assert.equal(readHello({ type: "else" }), undefined);
  const hello = readHello({ type: "hello-ok", auth: { scopes: ["operator.write", 1], deviceToken: "t" } });
  assert.equal(hello?.mainKey, "agent:main:main");
  assert.equal(hello?.tickMs, 30_000);
  assert.deepEqual(hello?.scopes, ["operator.write"]);
  assert.equal(may(hello, "operator.write"), true);
  assert.equal(may(hello, "operator.pairing"), false);
  assert.equal(may(undefined, "operator.read"), false);
});

Deno.test("A challenge needs a nonce and a time", () => {
  assert.deepEqual(readChallenge({ nonce: "n", ts: 1 }), { nonce: "n", ts: 1 });
  assert.equal(readChallenge({ nonce: "", ts: 1 }), undefined);
  assert.equal(readChallenge(null), undefined);
});

Deno.test("The one-use code is taken from the fragment alone", () => {
  assert.equal(codeOf("#code=abc"), "abc");
  assert.equal(codeOf("#x=1&code=abc"), "abc");
  assert.equal(codeOf("#code="), undefined);
  assert.equal(codeOf(""), undefined);
});

Deno.test("A device is named so that its owner recognises it", () => {
  assert.equal(
    browserName("Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36"),
    "Chrome, Android",
  );
  assert.equal(
    browserName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"),
    "Chrome, Linux",
  );
  assert.equal(
    browserName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604"),
    "Safari, iPhone",
  );
  assert.equal(browserName("Mozilla/5.0 (Windows NT 10.0) Chrome/150 Safari/537 Edg/150"), "Edge, Windows");
  assert.equal(browserName("x"), "browser");
});

Deno.test("Readers give undefined for what is not there", () => {
  assert.equal(word(""), undefined);
  assert.equal(number(Infinity), undefined);
  assert.deepEqual(list({}), []);
  assert.deepEqual(each([1, "a", 2], (item) => number(item)), [1, 2]);
  assert.equal(parseJson("{"), undefined);
});
