/** Unit tests of what is sent to the SDK for an endpoint. */
import assert from "node:assert/strict";
import type { ModelApi, ModelTarget } from "../../schemas/worker/agent.ts";
import { baseUrlOf, newLimitName, thinkingOptions } from "./sdk_model.ts";

const target = (api: ModelApi, baseUrl?: string): ModelTarget => ({
  provider: "acme",
  model: "m",
  api,
  reasoning: true,
  ...(baseUrl === undefined ? {} : { baseUrl }),
});

Deno.test("base URLs get the version that the SDK expects, unless one is written", () => {
  const cases: readonly [ModelApi, string, string][] = [
    ["openai-completions", "http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1"],
    ["openai-completions", "https://proxy.example/llm", "https://proxy.example/llm"],
    ["anthropic-messages", "https://api.anthropic.com", "https://api.anthropic.com/v1"],
    ["anthropic-messages", "https://api.anthropic.com/v1", "https://api.anthropic.com/v1"],
    ["google-generative-ai", "https://g.example/", "https://g.example/v1beta"],
    ["google-generative-ai", "https://g.example/v1beta", "https://g.example/v1beta"],
  ];
  for (const [api, written, used] of cases) assert.equal(baseUrlOf(target(api, written)), used);
  assert.throws(() => baseUrlOf(target("openai-completions")), /models\.providers\.acme\.baseUrl/u);
});

Deno.test("a thinking level is sent only to models that reason, and off means nothing but for Google", () => {
  assert.deepEqual(thinkingOptions({ ...target("openai-completions"), reasoning: false }, "high"), {});
  assert.deepEqual(thinkingOptions(target("openai-completions"), "off"), {});
  assert.deepEqual(thinkingOptions(target("openai-completions"), "high"), { reasoning: "high" });
  assert.deepEqual(thinkingOptions(target("anthropic-messages"), "xhigh"), { reasoning: "xhigh" });
  assert.deepEqual(thinkingOptions(target("google-generative-ai"), "off"), { reasoning: "none" });
  assert.equal(thinkingOptions(target("google-generative-ai"), "low").reasoning, "low");
});

Deno.test("the token limit gets its newer name, and nothing is added when there is none", () => {
  assert.deepEqual(newLimitName({ model: "m", max_tokens: 5 }), { model: "m", max_completion_tokens: 5 });
  assert.deepEqual(newLimitName({ model: "m", max_tokens: undefined }), { model: "m" });
});
