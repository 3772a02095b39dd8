/** Looks for an Ollama on this host, so that a machine that has one needs no configuration. */
import { checker } from "../../schemas/validate.ts";
import { NonEmpty, Open, Type } from "../../schemas/primitives.ts";
import { KNOWN_PROVIDERS } from "./known_providers.ts";
import type { ProviderInfo } from "./types.ts";

export const OLLAMA_HOST = "127.0.0.1:11434";
/** Short, because every start without a configured model pays it when something else listens there and is silent. */
const DEADLINE_MS = 300;
const MAX_MODELS = 100;

const Tags = Open({ models: Type.Array(Open({ name: NonEmpty })) });
const isTags = checker(Tags);

/** The local Ollama as a provider; undefined when there is none, it has no model, or the process may not ask. */
export async function findOllama(host = OLLAMA_HOST): Promise<ProviderInfo | undefined> {
  const known = KNOWN_PROVIDERS["ollama"];
  if (known === undefined || Deno.permissions.querySync({ name: "net", host }).state !== "granted") return undefined;
  try {
    const response = await fetch(`http://${host}/api/tags`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    const body: unknown = await response.json();
    if (!response.ok || !isTags.is(body) || body.models.length === 0) return undefined;
    return {
      id: "ollama",
      api: known.api,
      baseUrl: `http://${host}/v1`,
      apiKey: undefined,
      headers: {},
      models: body.models.slice(0, MAX_MODELS).map(({ name }) => ({
        provider: "ollama",
        id: name,
        name,
        contextWindow: undefined,
        maxTokens: undefined,
        reasoning: false,
        input: ["text"],
      })),
      source: "local Ollama",
    };
  } catch {
    return undefined;
  }
}
