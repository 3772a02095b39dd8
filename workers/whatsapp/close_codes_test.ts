import assert from "node:assert/strict";
import { codeOf, fateOf } from "./close_codes.ts";

const fate = (code: number) => fateOf(code, "words", "2.3000.1");

Deno.test("515 restarts, lost connections are tried again", () => {
  assert.equal(fate(515).kind, "restart");
  for (const code of [400, 408, 428, 500, 503, 599]) assert.equal(fate(code).kind, "retry", String(code));
});

Deno.test("what a new attempt would make worse stops, and says what to do", () => {
  const stopped = Object.fromEntries([401, 402, 403, 405, 406, 409, 411, 440].map((code) => {
    const result = fate(code);
    return [code, result.kind === "stop" ? `${result.state} ${result.userAction}` : result.kind];
  }));
  assert.deepEqual(stopped, {
    401: "logged_out login",
    402: "bad_credentials wait",
    403: "bad_credentials login",
    405: "bad_credentials fix_config",
    406: "logged_out login",
    409: "bad_credentials fix_config",
    411: "bad_credentials login",
    440: "conflict stop_other_session",
  });
});

Deno.test("an outdated version is named", () => {
  const result = fate(405);
  assert.match(result.kind === "stop" ? result.sentence : "", /version 2\.3000\.1 .*outdated/u);
});

Deno.test("the code of an error is the library's, and a closed connection without one", () => {
  assert.equal(codeOf({ output: { statusCode: 440 } }), 440);
  assert.equal(codeOf(new Error("closed")), 428);
  assert.equal(codeOf(undefined), 428);
});
