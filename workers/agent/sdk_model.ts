/** Makes the SDK's model object for a target, importing only the provider package that the target needs. */
import type { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { ModelTarget, ThinkingLevel } from "../../schemas/worker/agent.ts";
import { ModelFault } from "./errors.ts";

/** The SDK's language model interface; every provider package returns it. */
export type Model = ReturnType<ReturnType<typeof createOpenAICompatible>["chatModel"]>;
export type CallOptions = Parameters<Model["doStream"]>[0];
export type Prompt = CallOptions["prompt"];
export type StreamPart = Awaited<ReturnType<Model["doStream"]>>["stream"] extends ReadableStream<infer P> ? P : never;
/** What a provider hangs on a part and wants back unchanged, such as the signature of a thought. */
export type Metadata = NonNullable<CallOptions["providerOptions"]>;

/**
 * The `import()` arguments are literals: a computed one would need read permission, and `npm:` through a computed name
 * is the one way out of a scoped worker.
 */
export async function openModel(target: ModelTarget, fetch: typeof globalThis.fetch): Promise<Model> {
  const { model, provider, apiKey } = target;
  const baseURL = baseUrlOf(target);
  const common = { baseURL, fetch, ...(apiKey === undefined ? {} : { apiKey }), headers: target.headers ?? {} };
  switch (target.api) {
    case "openai-completions": {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      const transformRequestBody = namesNewLimit(baseURL) ? newLimitName : undefined;
      return createOpenAICompatible({
        ...common,
        name: provider,
        includeUsage: true,
        ...(transformRequestBody === undefined ? {} : { transformRequestBody }),
      }).chatModel(model);
    }
    case "anthropic-messages": {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      return createAnthropic(common)(model);
    }
    case "google-generative-ai": {
      const { createGoogle } = await import("@ai-sdk/google");
      return createGoogle(common)(model);
    }
    case "builtin":
      throw new ModelFault("bad_model", "The built-in model has no endpoint");
  }
}

/** OpenAI itself refuses `max_tokens` for its newer models, most compatible servers know no other name. */
const namesNewLimit = (baseUrl: string): boolean => URL.parse(baseUrl)?.hostname === "api.openai.com";

export function newLimitName(body: Record<string, unknown>): Record<string, unknown> {
  const { max_tokens, ...rest } = body;
  return max_tokens === undefined ? rest : { ...rest, max_completion_tokens: max_tokens };
}

/**
 * The base URL as the SDK wants it. Configuration files written for other clients leave the version off for Anthropic
 * (`https://api.anthropic.com`), since their own client adds it.
 */
export function baseUrlOf(target: ModelTarget): string {
  if (target.baseUrl === undefined) {
    throw new ModelFault(
      "bad_model",
      `${target.provider} has no baseUrl; set models.providers.${target.provider}.baseUrl`,
    );
  }
  const url = target.baseUrl.replace(/\/+$/u, "");
  if (/\/v\d+(?:beta|alpha)?\d*(?:\/|$)/u.test(url)) return url;
  if (target.api === "anthropic-messages") return `${url}/v1`;
  if (target.api === "google-generative-ai") return `${url}/v1beta`;
  return url;
}

/**
 * The call options of a thinking level. Nothing is sent for `off` (several compatible servers refuse the word `none`),
 * except to Google, whose models think unless told not to, and nothing to a model that is not said to reason.
 */
export function thinkingOptions(
  target: ModelTarget,
  level: ThinkingLevel,
): Pick<CallOptions, "reasoning" | "providerOptions"> {
  if (target.reasoning !== true) return {};
  const google = target.api === "google-generative-ai";
  if (level === "off") return google ? { reasoning: "none" } : {};
  return {
    reasoning: level,
    // Google thinks without showing it unless asked; the others show what they show.
    ...(google ? { providerOptions: { google: { thinkingConfig: { includeThoughts: true } } } } : {}),
  };
}
