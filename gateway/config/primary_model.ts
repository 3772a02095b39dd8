/** Which model answers when neither session nor agent names one. */
import { BUILTIN, modelInfo } from "./models_part.ts";
import type { Notes } from "./reading.ts";
import type { Config, ProviderInfo } from "./types.ts";

/**
 * The default model and the providers with it in their lists: a model named in `agents.defaults.model` need not be
 * listed again under its provider. One whose provider is unknown falls back to the built-in one, with an issue.
 */
export function choosePrimary(
  providers: readonly ProviderInfo[],
  wanted: string | undefined,
  notes: Notes,
): Config["models"] {
  if (wanted === undefined) return { providers, primary: firstModel(providers) };
  const named = resolveRef(providers, wanted);
  if (named !== undefined) {
    return { providers: withModel(providers, named), primary: `${named.provider}/${named.model}` };
  }
  notes.issue(
    "agents.defaults.model",
    `Cannot use the model "${wanted}": ${unknownProvider(wanted, providers)}; the built-in one answers instead`,
  );
  return { providers, primary: "builtin/offline" };
}

interface Ref {
  readonly provider: string;
  readonly model: string;
}

/** `<provider>/<model>`, where the model id may hold slashes; or a bare id that one provider lists. */
export function resolveRef(providers: readonly ProviderInfo[], text: string): Ref | undefined {
  const slash = text.indexOf("/");
  const head = slash < 0 ? undefined : providers.find(({ id }) => id === text.slice(0, slash));
  const model = text.slice(slash + 1);
  if (head !== undefined && model !== "") {
    if (head.id !== BUILTIN.id || head.models.some(({ id }) => id === model)) return { provider: head.id, model };
  }
  const lists = providers.find((provider) => provider.models.some(({ id }) => id === text));
  return lists === undefined ? undefined : { provider: lists.id, model: text };
}

function withModel(providers: readonly ProviderInfo[], { provider, model }: Ref): readonly ProviderInfo[] {
  return providers.map((entry) =>
    entry.id !== provider || entry.models.some(({ id }) => id === model)
      ? entry
      : { ...entry, models: [...entry.models, modelInfo(provider, { id: model })] }
  );
}

function firstModel(providers: readonly ProviderInfo[]): string {
  const first = providers.find(({ models }) => models.length > 0) ?? BUILTIN;
  return `${first.id}/${first.models[0]?.id ?? "offline"}`;
}

function unknownProvider(wanted: string, providers: readonly ProviderInfo[]): string {
  const names = providers.map(({ id }) => id).join(", ");
  const head = wanted.split("/")[0] ?? wanted;
  return providers.some(({ id }) => id === head)
    ? `the provider "${head}" has no such model`
    : `no provider "${head}" can be used (there is: ${names})`;
}
