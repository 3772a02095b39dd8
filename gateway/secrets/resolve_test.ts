/** Tests of secret references. */
import assert from "node:assert/strict";
import { envOf } from "../observe/env_capture.ts";
import { resolveSecret } from "./resolve.ts";

const env = envOf({ KEY: "value", EMPTY: "" });
const reveal = (input: string): string => {
  const resolved = resolveSecret(input, env);
  return resolved.ok ? resolved.secret.reveal() : `error: ${resolved.error}`;
};

Deno.test("a plain secret is itself", () => assert.equal(reveal("sk-1"), "sk-1"));

Deno.test("variables are filled in, escaped ones stay text", () => {
  assert.equal(reveal("${KEY}"), "value");
  assert.equal(reveal("Bearer ${KEY}"), "Bearer value");
  assert.equal(reveal("$${KEY}"), "${KEY}");
});

Deno.test("a missing variable is named, the rest of the text is not", () => {
  assert.equal(reveal("s3cret-${NOPE}"), "error: Cannot resolve ${NOPE}: the environment variable is not set");
  assert.match(reveal("${EMPTY}"), /\$\{EMPTY\}/u);
});

Deno.test("a file gives its text without the newline, and a warning when others can read it", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "from-file\n");
    await Deno.chmod(path, 0o600);
    assert.equal(reveal(`file:${path}`), "from-file");
    assert.equal(reveal(`file://${path}`), "from-file");
    await Deno.chmod(path, 0o644);
    const open = resolveSecret(`file:${path}`, env);
    assert.match(open.ok ? open.warning ?? "" : "", /chmod 600/u);
    await Deno.writeTextFile(path, "  \n");
    assert.match(reveal(`file:${path}`), /it is empty/u);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a file that is not there or relative is an error that names it", () => {
  assert.match(reveal("file:/nowhere/key"), /Cannot read the secret file "\/nowhere\/key": there is no such file/u);
  assert.match(reveal("file:key"), /relative/u);
});
