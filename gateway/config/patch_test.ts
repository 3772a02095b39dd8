/** Tests of what a patch may say. */
import assert from "node:assert/strict";
import { GatewayError } from "../../schemas/error.ts";
import { REDACTED } from "../observe/redact.ts";
import { parsePatch, restorePatch } from "./patch.ts";
import { configView } from "./view.ts";

const file = {
  path: "/etc/oc.json",
  raw: "",
  issues: [],
  warnings: [],
  parsed: {
    gateway: { auth: { token: "gateway-secret" } },
    channels: {
      bot: {
        botToken: "bot-secret",
        serverUrl: "https://user:pass-word@host/",
        accounts: { work: { botToken: "work-secret" } },
      },
      imessage: { cliPath: "/usr/local/bin/imsg" },
    },
    list: [{ id: "a", apiKey: "key-of-a" }, { id: "b", apiKey: "key-of-b" }],
  },
};

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof GatewayError && error.code === "INVALID_REQUEST" && pattern.test(error.message);

Deno.test("a whole view that is sent back restores every stored secret", async () => {
  const shown = configView(file).parsed;
  assert.doesNotMatch(JSON.stringify(shown), /secret|pass-word|key-of/u);
  const patch = await parsePatch(JSON.stringify(shown), "config.patch");
  assert.deepEqual(restorePatch(patch, file), file.parsed);
});

Deno.test("a marker that stands for nothing is refused and named", async () => {
  const patch = await parsePatch(`{ channels: { bot: { appToken: "${REDACTED}" } } }`, "config.patch");
  assert.throws(() => restorePatch(patch, file), refused(/Cannot restore "channels\.bot\.appToken"/u));
  const changed = await parsePatch(`{ channels: { bot: { serverUrl: "https://${REDACTED}@evil/" } } }`, "config.patch");
  assert.throws(() => restorePatch(changed, file), refused(/channels\.bot\.serverUrl/u));
});

Deno.test("items with an id keep their secrets when they move", async () => {
  const patch = await parsePatch(
    `{ list: [{ id: "b", apiKey: "${REDACTED}" }, { id: "c", apiKey: "new" }] }`,
    "config.patch",
  );
  assert.deepEqual(restorePatch(patch, file), { list: [{ id: "b", apiKey: "key-of-b" }, { id: "c", apiKey: "new" }] });
});

Deno.test("a program of the host cannot be set from outside, and what stays the same may be repeated", async () => {
  for (
    const raw of [
      `{ channels: { imessage: { cliPath: "/tmp/evil" } } }`,
      `{ channels: { imessage: { accounts: { x: { cliPath: "/tmp/evil" } } } } }`,
      `{ channels: { imessage: { accounts: { "x.y": { cliPath: "/tmp/evil" } } } } }`,
      `{ channels: { imessage: { cliPath: null } } }`,
    ]
  ) {
    const patch = await parsePatch(raw, "config.patch");
    assert.throws(
      () => restorePatch(patch, file),
      refused(/over the protocol.*in "\/etc\/oc\.json" on the host/u),
      raw,
    );
  }
  const same = await parsePatch(`{ channels: { imessage: { cliPath: "/usr/local/bin/imsg" } } }`, "config.patch");
  assert.ok(restorePatch(same, file));
});

Deno.test("what is no object, no JSON5 or reaches behind the object is refused", async () => {
  await assert.rejects(parsePatch("[1]", "config.patch"), refused(/^config\.patch raw must be an object$/u));
  await assert.rejects(parsePatch("{ a: ", "config.patch"), refused(/JSON5/u));
  await assert.rejects(parsePatch(`{ "__proto__": { admin: true } }`, "config.patch"), refused(/not allowed/u));
  await assert.rejects(parsePatch(`{ a: { constructor: 1 } }`, "config.patch"), refused(/"a\.constructor"/u));
  await assert.rejects(parsePatch("{ a: Infinity }", "config.patch"), refused(/not finite/u));
  await assert.rejects(parsePatch(`${"{a:".repeat(60)}1${"}".repeat(60)}`, "config.patch"), refused(/too deep/u));
});
