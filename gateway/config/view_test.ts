import assert from "node:assert/strict";
import { REDACTED } from "../observe/redact.ts";
import { configJsonSchema, configUiHints } from "./schema_view.ts";
import { configView, holdsSecret } from "./view.ts";

const view = (parsed: unknown, raw = "{}") => configView({ parsed, raw, issues: [], warnings: [] });

Deno.test("no secret of a full configuration is in the view, wherever it stands", () => {
  const parsed = {
    gateway: { auth: { token: "hunter2-token", password: "hunter2-password" }, port: 18789 },
    models: {
      providers: {
        openai: {
          apiKey: "sk-hunter2",
          baseUrl: "https://user:hunter2-url@host/v1",
          headers: { "X-Org": "hunter2-header", Authorization: "Bearer hunter2-bearer" },
          models: [{ id: "m", maxTokens: 4096, contextWindow: 8192 }],
        },
      },
    },
    env: { OPENAI: "hunter2-env", vars: { DEEP: "hunter2-deep" } },
    channels: {
      telegram: { botToken: "123:hunter2-bot", accounts: { a: { botTokens: ["hunter2-list"] } } },
      slack: { signingSecret: { value: "hunter2-object" }, webhookUrl: "https://hooks.example/hunter2-hook" },
      irc: { password: 20021234 },
    },
    note: "the token is hunter2-token",
    link: "https://host/v1?api_key=hunter2-query&x=1",
    args: ["--auth", "sk-hunter2hunter2hunter2"],
    "hunter2-token": true,
  };
  const raw = `// old token: hunter2-comment\n${JSON.stringify(parsed)}`;
  const shown = configView({
    parsed,
    raw,
    issues: [{ path: "gateway", message: "Cannot use hunter2-password: too weak" }],
    warnings: [{ path: "hunter2-token", message: "unknown key" }],
  });
  const text = JSON.stringify(shown);
  assert.ok(!text.includes("hunter2"), text);
  assert.ok(!text.includes("20021234"));
  assert.ok(shown.raw?.includes(REDACTED));
  assert.ok(text.includes("4096") && text.includes("18789"));
});

Deno.test("the text parses to the redacted values, so that it can be edited and sent back", () => {
  const shown = view({ gateway: { port: 1, auth: { token: "secret-token" } } }, "{ /* comment */ gateway: {} }");
  assert.deepEqual(JSON.parse(shown.raw ?? ""), { gateway: { port: 1, auth: { token: REDACTED } } });
  assert.deepEqual(shown.parsed, JSON.parse(shown.raw ?? ""));
});

Deno.test("a file that cannot be parsed has no text", () => {
  const shown = view(undefined, '{ token: "hunter2" oops');
  assert.equal(shown.raw, undefined);
  assert.equal(shown.parsed, undefined);
});

Deno.test("a missing file has no text", () => {
  assert.equal(configView({ parsed: {}, raw: undefined, issues: [], warnings: [] }).raw, undefined);
});

Deno.test("limits that are named like secrets are shown, secrets in the plural are not", () => {
  for (const key of ["maxTokens", "contextTokens", "reserveTokens", "tokens", "keepRecentTokens"]) {
    assert.ok(!holdsSecret(key), key);
  }
  for (
    const key of ["token", "botToken", "accessTokens", "apiKeys", "api_key", "clientSecret", "passphrase", "headers"]
  ) {
    assert.ok(holdsSecret(key), key);
  }
});

Deno.test("empty secrets stay empty, and deep or odd values do not break the view", () => {
  assert.deepEqual(view({ auth: { token: "", password: null, apiKey: false } }).parsed, {
    auth: { token: "", password: null, apiKey: false },
  });
  let deep: unknown = "hunter2";
  for (let level = 0; level < 200; level++) deep = { token: deep };
  assert.ok(!JSON.stringify(view(deep)).includes("hunter2"));
});

Deno.test("configJsonSchema() is draft-07 and its hints mark every secret", () => {
  const schema = configJsonSchema();
  assert.equal(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  assert.ok(
    schema["properties"] !== null && typeof schema["properties"] === "object" && "gateway" in schema["properties"],
  );
  const hints = configUiHints(schema);
  for (
    const path of [
      "gateway.auth.token",
      "gateway.auth.password",
      "models.providers.*.apiKey",
      "models.providers.*.headers.*",
    ]
  ) assert.equal(hints[path]?.sensitive, true, path);
  assert.equal(hints["gateway.port"], undefined);
  assert.equal(hints["gateway"]?.label, "Gateway");
});
