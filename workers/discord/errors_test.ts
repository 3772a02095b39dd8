/** Unit tests of how errors are told apart. */
import assert from "node:assert/strict";
import { toChannelError } from "./errors.ts";

Deno.test("a request that never left was not sent, one that left may have arrived", () => {
  const abort = new DOMException("x", "AbortError");
  assert.equal(toChannelError(abort, false).outcome, "not_sent");
  assert.equal(toChannelError(abort, true).outcome, "unknown");
  const refused = new TypeError("fetch failed", { cause: new Error("client error (Connect)") });
  assert.deepEqual([toChannelError(refused).code, toChannelError(refused).outcome], ["unreachable", "not_sent"]);
  assert.equal(toChannelError(new TypeError("connection closed")).outcome, "unknown");
});

Deno.test("a missing right of this worker is said as such, and is no fault of Discord", () => {
  const error = toChannelError(new Deno.errors.NotCapable("net"));
  assert.deepEqual([error.code, error.outcome, error.retryable], ["forbidden", "not_sent", false]);
  assert.match(error.message, /restart the gateway/u);
});

Deno.test("a token that the library has thrown away after a 401 stays refused", () => {
  const error = toChannelError(new Error("Expected token to be set for this request, but none was present"));
  assert.deepEqual([error.code, error.fatal], ["unauthorized", true]);
});
