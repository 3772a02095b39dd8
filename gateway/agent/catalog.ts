/** Which models there are and which one a run uses. The only place where a model's key is revealed. */
import { invalid } from "../../schemas/error.ts";
import type { ModelTarget } from "../../schemas/worker/agent.ts";
import { resolveRef } from "../config/primary_model.ts";
import type { Config, ModelInfo, ProviderInfo } from "../config/types.ts";
import type { ModelCatalog } from "./types.ts";

/** Models named in an error text; the rest are counted. */
const MAX_NAMED = 8;

export function createModelCatalog(config: Pick<Config, "models">): ModelCatalog {
  const { providers, primary } = config.models;
  const all = providers.flatMap((provider) => provider.models);
  const resolve = (reference: string | undefined) => {
    const text = reference?.trim() || primary;
    const ref = resolveRef(providers, text);
    const provider = providers.find(({ id }) => id === ref?.provider);
    if (ref === undefined || provider === undefined) throw unknownModel(text, all);
    const info = provider.models.find(({ id }) => id === ref.model) ?? unlisted(provider.id, ref.model);
    return { info, target: targetOf(provider, info), source: provider.source };
  };
  return {
    list: () => all,
    resolve(reference) {
      const { info, target } = resolve(reference);
      return { info, target };
    },
    describeDefault() {
      const { info, source } = resolve(undefined);
      return { provider: info.provider, model: info.id, source };
    },
  };
}

/** A model that the owner names under a provider without listing it: nothing is assumed of it but text. */
const unlisted = (provider: string, id: string): ModelInfo => ({
  provider,
  id,
  name: id,
  contextWindow: undefined,
  maxTokens: undefined,
  reasoning: false,
  input: ["text"],
});

function targetOf(provider: ProviderInfo, info: ModelInfo): ModelTarget {
  const headers = Object.entries(provider.headers).map(([name, value]) => [name, value.reveal()] as const);
  const apiKey = provider.apiKey?.reveal() ?? "";
  return {
    provider: provider.id,
    model: info.id,
    api: provider.api,
    ...(provider.baseUrl === undefined ? {} : { baseUrl: provider.baseUrl }),
    ...(apiKey === "" ? {} : { apiKey }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(info.maxTokens === undefined ? {} : { maxOutputTokens: info.maxTokens }),
    reasoning: info.reasoning,
    vision: info.input.includes("image"),
  };
}

function unknownModel(text: string, all: readonly ModelInfo[]): Error {
  const names = all.slice(0, MAX_NAMED).map(({ provider, id }) => `${provider}/${id}`);
  const more = all.length > MAX_NAMED ? ` and ${all.length - MAX_NAMED} more` : "";
  return invalid(`Cannot use the model "${text}": it is not configured (there is: ${names.join(", ")}${more})`);
}
