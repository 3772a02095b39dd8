/** Tests of the choice of secret and mode. */
import assert from "node:assert/strict";
import { envOf } from "../observe/env_capture.ts";
import { resolveSecret } from "../secrets/resolve.ts";
import { resolveAuth, type SecretFlags } from "./gateway_auth.ts";
import { Notes } from "./reading.ts";

type File = Parameters<typeof resolveAuth>[0];

function auth(file: File, variables: Record<string, string> = {}, flags: SecretFlags = {}, broken = false) {
  const env = envOf(variables);
  const notes = new Notes();
  const resolved = resolveAuth(file, broken, flags, { env, resolve: (text) => resolveSecret(text, env), notes });
  const { mode, token, password } = resolved.auth;
  return { mode, token: token?.reveal(), password: password?.reveal(), source: resolved.source, notes };
}

Deno.test("a flag wins over the environment, which wins over the file", () => {
  const file: File = { token: "file" };
  const environment = { OPENCLAW_GATEWAY_TOKEN: "environment" };
  assert.equal(auth(file, environment, { token: "flag" }).token, "flag");
  assert.equal(auth(file, environment).token, "environment");
  assert.equal(auth(file).token, "file");
});

Deno.test("without a written mode a password counts before a token", () => {
  assert.equal(auth({ token: "t", password: "p" }).mode, "password");
  assert.equal(auth({ token: "t" }).mode, "token");
  assert.equal(auth({}, { OPENCLAW_GATEWAY_PASSWORD: "p" }).mode, "password");
});

Deno.test("none stands only when it is written out, and a flag overrides it", () => {
  assert.equal(auth({}).mode, "token");
  assert.equal(auth({ mode: "none" }).mode, "none");
  const flagged = auth({ mode: "none" }, {}, { token: "t" });
  assert.deepEqual([flagged.mode, flagged.token, flagged.source], ["token", "t", "flag"]);
});

Deno.test("mode none beside a secret is warned about", () => {
  const { mode, notes } = auth({ mode: "none" }, { OPENCLAW_GATEWAY_TOKEN: "t" });
  assert.equal(mode, "none");
  assert.equal(notes.warnings.length, 1);
});

Deno.test("a secret that cannot be resolved is replaced by one that nobody knows, and nothing is generated for the file", () => {
  const first = auth({ token: "${NOPE}" });
  assert.deepEqual([first.mode, first.source], ["token", "temporary"]);
  assert.deepEqual(first.notes.issues.map(({ path }) => path), ["gateway.auth.token"]);
  assert.notEqual(first.token, auth({ token: "${NOPE}" }).token);
  const second = auth({ mode: "password" });
  assert.deepEqual([second.mode, second.source], ["password", "temporary"]);
  assert.match(second.notes.issues[0]?.message ?? "", /OPENCLAW_GATEWAY_PASSWORD or --password/u);
});

Deno.test("a secret is generated for the file only when none is meant anywhere and the part is sound", () => {
  assert.equal(auth({}).source, "absent");
  assert.equal(auth({ mode: "token", password: "p" }).source, "absent");
  assert.equal(auth({}, {}, {}, true).source, "temporary");
});
