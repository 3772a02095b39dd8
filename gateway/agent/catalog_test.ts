/** Unit tests of the model catalog. */
import assert from "node:assert/strict";
import type { ModelInfo, ProviderInfo } from "../config/types.ts";
import { Secret } from "../secrets/secret.ts";
import { createModelCatalog } from "./catalog.ts";

const info = (provider: string, id: string, more: Partial<ModelInfo> = {}): ModelInfo => ({
  provider,
  id,
  name: id,
  contextWindow: undefined,
  maxTokens: undefined,
  reasoning: false,
  input: ["text"],
  ...more,
});
const provider = (id: string, models: readonly ModelInfo[], more: Partial<ProviderInfo> = {}): ProviderInfo => ({
  id,
  api: "openai-completions",
  baseUrl: `https://${id}.example/v1`,
  apiKey: undefined,
  headers: {},
  models,
  source: "configuration",
  ...more,
});

const catalog = createModelCatalog({
  models: {
    providers: [
      provider("acme", [info("acme", "one", { maxTokens: 4096, reasoning: true, input: ["text", "image"] })], {
        apiKey: new Secret("the-key"),
        headers: { "x-team": new Secret("red") },
        source: "environment ACME_API_KEY",
      }),
      provider("local", [info("local", "two")]),
    ],
    primary: "acme/one",
  },
});

Deno.test("the default model is resolved with its endpoint, key and abilities", () => {
  assert.deepEqual(catalog.resolve(undefined).target, {
    provider: "acme",
    model: "one",
    api: "openai-completions",
    baseUrl: "https://acme.example/v1",
    apiKey: "the-key",
    headers: { "x-team": "red" },
    maxOutputTokens: 4096,
    reasoning: true,
    vision: true,
  });
  assert.deepEqual(catalog.describeDefault(), {
    provider: "acme",
    model: "one",
    source: "environment ACME_API_KEY",
  });
});

Deno.test("a bare model id, and a model that its provider does not list, are resolved too", () => {
  assert.equal(catalog.resolve("two").info.provider, "local");
  const unlisted = catalog.resolve("local/org/other:7b");
  assert.deepEqual([unlisted.info.id, unlisted.target.model], ["org/other:7b", "org/other:7b"]);
  assert.equal("apiKey" in unlisted.target, false);
});

Deno.test("an unknown model is refused with the names of those there are", () => {
  assert.throws(() => catalog.resolve("nobody/x"), /Cannot use the model "nobody\/x".*acme\/one, local\/two/u);
});

Deno.test("what the catalog lists holds no key", () => {
  assert.equal(catalog.list().length, 2);
  assert.doesNotMatch(JSON.stringify(catalog.list()), /the-key/u);
});
