/** The `models` part: configured providers, else keys of the environment, else a local Ollama, and always the built-in one. */
import type { ModelEntry, ModelProvider, ModelsConfig } from "../../schemas/config.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { Env } from "../observe/home.ts";
import { Secret } from "../secrets/secret.ts";
import { ENV_PROVIDERS, type EnvModel, KNOWN_PROVIDERS } from "./known_providers.ts";
import type { Reading } from "./reading.ts";
import type { ModelInfo, ProviderInfo } from "./types.ts";

type Entry = Static<typeof ModelProvider>;

/** Answers on any machine and says how to configure a real model. */
export const BUILTIN: ProviderInfo = {
  id: "builtin",
  api: "builtin",
  baseUrl: undefined,
  apiKey: undefined,
  headers: {},
  models: [{
    provider: "builtin",
    id: "offline",
    name: "Built-in offline model",
    contextWindow: undefined,
    maxTokens: undefined,
    reasoning: false,
    input: ["text"],
  }],
  source: "built in",
};

export interface ModelSources {
  /** Provider ids that agents name. A key of the environment counts for these, or when no provider is configured. */
  readonly named: ReadonlySet<string>;
  /** Asked only when it can matter: a probe of a host that has none costs time at every start. */
  readonly ollama: () => Promise<ProviderInfo | undefined>;
}

/** Every usable provider, the built-in one last. */
export async function modelProviders(
  part: ModelsConfig | undefined,
  { named, ollama }: ModelSources,
  reading: Reading,
): Promise<ProviderInfo[]> {
  const entries = Object.entries(part?.providers ?? {});
  const taken = new Set(entries.map(([id]) => id));
  const found = entries.flatMap(([id, entry]) => configuredProvider(id, entry, reading) ?? []);
  found.push(...envProviders(reading.env).filter(({ id }) => !taken.has(id) && (taken.size === 0 || named.has(id))));
  const asked = found.length === 0 && taken.size === 0 || named.has("ollama") && !taken.has("ollama");
  const local = asked ? await ollama() : undefined;
  return [...found, ...(local === undefined ? [] : [local]), BUILTIN];
}

function configuredProvider(id: string, entry: Entry, { env, resolve, notes }: Reading): ProviderInfo | undefined {
  const path = `models.providers.${id}`;
  const refuse = (at: string, reason: string): undefined => {
    notes.issue(at, `Cannot use the model provider "${id}": ${reason}`);
  };
  if (id === BUILTIN.id || id.includes("/")) return refuse(path, "this id cannot be used");
  const known = Object.hasOwn(KNOWN_PROVIDERS, id) ? KNOWN_PROVIDERS[id] : undefined;
  const baseUrl = entry.baseUrl ?? known?.baseUrl;
  if (baseUrl === undefined) return refuse(path, "baseUrl is missing");
  const wrong = wrongUrl(baseUrl);
  if (wrong !== undefined) return refuse(`${path}.baseUrl`, wrong);
  const headers: Record<string, Secret> = {};
  const secrets = [
    ...Object.entries(entry.headers ?? {}).map(([name, value]) => ["headers." + name, value] as const),
    ...(entry.apiKey === undefined ? [] : [["apiKey", entry.apiKey] as const]),
  ];
  let apiKey = keyOfEnv(id, env);
  for (const [key, written] of secrets) {
    const resolved = resolve(written);
    if (!resolved.ok) return refuse(`${path}.${key}`, resolved.error);
    if (resolved.warning !== undefined) notes.warn(`${path}.${key}`, resolved.warning);
    if (key === "apiKey") apiKey = resolved.secret;
    else headers[key.slice("headers.".length)] = resolved.secret;
  }
  return {
    id,
    api: entry.api === "openai-responses" ? "openai-completions" : entry.api ?? known?.api ?? "openai-completions",
    baseUrl,
    apiKey,
    headers,
    models: (entry.models ?? []).map((model) => modelInfo(id, model)),
    source: "configuration",
  };
}

/** Why the address cannot be used. Its host becomes a permission, so it must be known without secrets. */
function wrongUrl(text: string): string | undefined {
  if (text.includes("${")) {
    return "baseUrl names an environment variable; write the address out, it becomes a permission";
  }
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return `baseUrl "${text}" is not an http or https address`;
  }
  return url.username === "" && url.password === "" ? undefined : "baseUrl holds a user name or password; use apiKey";
}

/** A listed model with its defaults: text only, no reasoning. */
export const modelInfo = (provider: string, model: Static<typeof ModelEntry>): ModelInfo => ({
  provider,
  id: model.id,
  name: model.name ?? model.id,
  contextWindow: model.contextWindow,
  maxTokens: model.maxTokens,
  reasoning: model.reasoning ?? false,
  input: model.input ?? ["text"],
});

/** The key that the environment holds for a provider id. */
function keyOfEnv(id: string, env: Env): Secret | undefined {
  const value = variableOf(id, env);
  return value === undefined ? undefined : new Secret(value.text);
}

function variableOf(id: string, env: Env): { readonly name: string; readonly text: string } | undefined {
  for (const name of ENV_PROVIDERS.find((provider) => provider.id === id)?.variables ?? []) {
    const text = env.get(name);
    if (text !== undefined) return { name, text };
  }
  return undefined;
}

function envProviders(env: Env): ProviderInfo[] {
  return ENV_PROVIDERS.flatMap(({ id, models }) => {
    const variable = variableOf(id, env);
    const known = KNOWN_PROVIDERS[id];
    if (variable === undefined || known === undefined) return [];
    return [{
      id,
      api: known.api,
      baseUrl: known.baseUrl,
      apiKey: new Secret(variable.text),
      headers: {},
      models: models.map((model) => envModel(id, model)),
      source: `environment ${variable.name}`,
    }];
  });
}

/** Models of the big providers all see images. */
const envModel = (provider: string, { id, name }: EnvModel): ModelInfo => ({
  provider,
  id,
  name,
  contextWindow: undefined,
  maxTokens: undefined,
  reasoning: false,
  input: ["text", "image"],
});
