/** Tests of the one write to the configuration that nobody asked for. */
import assert from "node:assert/strict";
import json5 from "json5";
import { Secret } from "../secrets/secret.ts";
import { withToken, writeToken } from "./write_token.ts";

const token = new Secret("tok");

Deno.test("comments, order and formatting stay", async () => {
  const text = `// mine
{
  // port of the house
  gateway: {
    port: 18800, // odd
    auth: { mode: 'token', },
  },
  agents: { list: [ { id: "a" } ] },
}
`;
  const after = await withToken(text, token);
  for (const kept of ["// mine", "// port of the house", "// odd", "mode: 'token'", 'list: [ { id: "a" } ]']) {
    assert.ok(after.includes(kept), `${kept} is kept in\n${after}`);
  }
  assert.deepEqual(json5.parse(after), {
    gateway: { port: 18800, auth: { mode: "token", token: "tok" } },
    agents: { list: [{ id: "a" }] },
  });
});

for (const text of ["{}", "{ }", "{\n}\n", "{ gateway: {} }", '{"a":1}', "{ gateway: { port: 1 } }", "// c\n{}"]) {
  Deno.test(`the token gets into ${JSON.stringify(text)}`, async () => {
    const after = json5.parse(await withToken(text, token));
    assert.equal(after.gateway.auth.token, "tok");
    delete after.gateway.auth;
    const before = json5.parse(text);
    assert.deepEqual(after, before.gateway ? before : { ...before, gateway: {} });
  });
}

Deno.test("a file is made 0600, an existing one becomes 0600, and no other file is left", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/sub/openclaw.json`;
  await writeToken(path, undefined, token);
  assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), { gateway: { auth: { token: "tok" } } });
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  await Deno.chmod(path, 0o644);
  await writeToken(path, "{ a: 1 }", token);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.deepEqual([...Deno.readDirSync(`${dir}/sub`)].map(({ name }) => name), ["openclaw.json"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a symbolic link stays one and its target is written", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/real.json`, "{}");
  await Deno.symlink(`${dir}/real.json`, `${dir}/openclaw.json`);
  await writeToken(`${dir}/openclaw.json`, "{}", token);
  assert.ok((await Deno.lstat(`${dir}/openclaw.json`)).isSymlink);
  assert.match(await Deno.readTextFile(`${dir}/real.json`), /tok/u);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a folder that cannot be written is a sentence without the token", async () => {
  const file = await Deno.makeTempFile();
  await assert.rejects(writeToken(`${file}/openclaw.json`, undefined, token), (error: Error) => {
    assert.match(error.message, /^Cannot write gateway\.auth\.token to /u);
    assert.doesNotMatch(error.message, /tok$/u);
    return true;
  });
  await Deno.remove(file);
});
