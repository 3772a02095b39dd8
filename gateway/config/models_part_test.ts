/** Tests of model providers and of the choice of the default model. */
import assert from "node:assert/strict";
import { envOf } from "../observe/env_capture.ts";
import { configFromText } from "./load.ts";
import { pathsOf } from "./paths.ts";
import type { ProviderInfo } from "./types.ts";

async function models(
  file: unknown,
  variables: Record<string, string> = {},
  ollama?: () => Promise<ProviderInfo | undefined>,
) {
  const env = envOf({ HOME: "/h", ...variables });
  const loaded = await configFromText(JSON.stringify(file), {
    env,
    paths: pathsOf(env),
    ...(ollama ? { ollama } : {}),
  });
  const { providers, primary } = loaded.config.models;
  return {
    providers,
    primary,
    ids: providers.map(({ id }) => id),
    issues: loaded.config.issues,
    asked: loaded.asksOllama,
  };
}

const LOCAL: ProviderInfo = {
  id: "ollama",
  api: "openai-completions",
  baseUrl: "http://127.0.0.1:11434/v1",
  apiKey: undefined,
  headers: {},
  models: [{
    provider: "ollama",
    id: "llama",
    name: "llama",
    contextWindow: undefined,
    maxTokens: undefined,
    reasoning: false,
    input: ["text"],
  }],
  source: "local Ollama",
};

Deno.test("a configured provider has its key, headers and models, and comes before the built-in one", async () => {
  const { providers, primary, ids, asked } = await models({
    models: {
      providers: {
        my: {
          baseUrl: "https://llm.example/v1",
          apiKey: "${K}",
          headers: { "x-org": "o" },
          models: [{ id: "a/b", contextWindow: 8000, input: ["text", "image"] }],
        },
      },
    },
  }, { K: "key" });
  assert.deepEqual(ids, ["my", "builtin"]);
  assert.equal(primary, "my/a/b");
  assert.equal(providers[0]?.apiKey?.reveal(), "key");
  assert.equal(providers[0]?.headers["x-org"]?.reveal(), "o");
  assert.equal(providers[0]?.api, "openai-completions");
  assert.equal(providers[0]?.source, "configuration");
  assert.deepEqual(providers[0]?.models[0]?.input, ["text", "image"]);
  assert.equal(asked, false);
});

Deno.test("well-known ids need no address; the responses API is read as completions", async () => {
  const { providers } = await models({
    models: { providers: { anthropic: { apiKey: "k" }, openrouter: { api: "openai-responses", apiKey: "k" } } },
  });
  assert.deepEqual(providers.slice(0, 2).map(({ api, baseUrl }) => [api, baseUrl]), [
    ["anthropic-messages", "https://api.anthropic.com/v1"],
    ["openai-completions", "https://openrouter.ai/api/v1"],
  ]);
});

Deno.test("a provider with a missing variable, a bad address or no address is left out alone", async () => {
  const { ids, issues } = await models({
    models: {
      providers: {
        novar: { baseUrl: "http://a", apiKey: "${NOPE}" },
        badurl: { baseUrl: "ftp://a" },
        varurl: { baseUrl: "http://${HOST}/v1" },
        login: { baseUrl: "http://u:p@a" },
        nourl: {},
        shape: { api: "nope", baseUrl: "http://a" },
        builtin: { baseUrl: "http://a" },
        good: { baseUrl: "http://a", models: [{ id: "m" }] },
      },
    },
  });
  assert.deepEqual(ids, ["good", "builtin"]);
  assert.deepEqual(issues.map(({ path }) => path).sort(), [
    "models.providers.badurl.baseUrl",
    "models.providers.builtin",
    "models.providers.login.baseUrl",
    "models.providers.nourl",
    "models.providers.novar.apiKey",
    "models.providers.shape",
    "models.providers.varurl.baseUrl",
  ]);
  assert.doesNotMatch(JSON.stringify(issues), /u:p/u);
});

Deno.test("a key of the environment is enough, and the source says so", async () => {
  const { providers, primary } = await models({}, { ANTHROPIC_API_KEY: "k" });
  assert.equal(providers[0]?.source, "environment ANTHROPIC_API_KEY");
  assert.match(primary, /^anthropic\/claude-/u);
  const both = await models({}, { GOOGLE_API_KEY: "g", OPENAI_API_KEY: "o" });
  assert.deepEqual(both.ids, ["openai", "google", "builtin"]);
  assert.match(both.primary, /^openai\/gpt-/u);
});

Deno.test("beside configured providers a key of the environment counts only when an agent names its provider", async () => {
  const providers = { my: { baseUrl: "http://a", models: [{ id: "m" }] } };
  assert.deepEqual((await models({ models: { providers } }, { OPENAI_API_KEY: "o" })).ids, ["my", "builtin"]);
  const named = await models({ models: { providers }, agents: { defaults: { model: "openai/gpt-x" } } }, {
    OPENAI_API_KEY: "o",
  });
  assert.deepEqual(named.ids, ["my", "openai", "builtin"]);
  assert.equal(named.primary, "openai/gpt-x");
});

Deno.test("a configured provider without apiKey takes the key of the environment", async () => {
  const { providers } = await models({ models: { providers: { openai: { models: [{ id: "m" }] } } } }, {
    OPENAI_API_KEY: "o",
  });
  assert.equal(providers[0]?.apiKey?.reveal(), "o");
});

Deno.test("a local Ollama is asked for only when nothing else is there, or when an agent names it", async () => {
  const found = await models({}, {}, () => Promise.resolve(LOCAL));
  assert.deepEqual([found.primary, found.asked], ["ollama/llama", true]);
  const never = () => Promise.reject(new Error("asked"));
  assert.equal((await models({}, { OPENAI_API_KEY: "o" }, never)).asked, false);
  const named = await models(
    { agents: { defaults: { model: { primary: "ollama/x" } } } },
    { OPENAI_API_KEY: "o" },
    () => Promise.resolve(LOCAL),
  );
  assert.equal(named.primary, "ollama/x");
});

Deno.test("the primary model may be one that its provider does not list", async () => {
  const { primary, providers } = await models({
    models: { providers: { my: { baseUrl: "http://a", models: [{ id: "m" }] } } },
    agents: { defaults: { model: { primary: "my/other", fallbacks: ["my/m"] } } },
  });
  assert.equal(primary, "my/other");
  assert.deepEqual(providers[0]?.models.map(({ id }) => id), ["m", "other"]);
});

Deno.test("a model id with a slash is found in the provider that lists it", async () => {
  const { primary } = await models({
    models: { providers: { my: { baseUrl: "http://a", models: [{ id: "meta/llama" }] } } },
    agents: { defaults: { model: "meta/llama" } },
  });
  assert.equal(primary, "my/meta/llama");
});

Deno.test("a primary model whose provider is unknown falls back to the built-in one and says what there is", async () => {
  const { primary, issues } = await models({ agents: { defaults: { model: "nope/m" } } });
  assert.equal(primary, "builtin/offline");
  assert.match(issues[0]?.message ?? "", /no provider "nope" can be used \(there is: builtin\)/u);
  assert.equal((await models({ agents: { defaults: { model: "builtin/nope" } } })).primary, "builtin/offline");
});
