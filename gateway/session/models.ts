/** Which model a session's next run uses, and which thinking levels that model has. */
import { THINKING_LEVELS } from "../../schemas/worker/agent.ts";
import type { ModelCatalog } from "../agent/types.ts";
import type { Config, ModelInfo } from "../config/types.ts";
import type { Session } from "./types.ts";

export interface ModelChoice {
  readonly modelProvider: string | null;
  readonly model: string | null;
  readonly contextTokens: number | undefined;
  readonly reasoning: boolean;
}

export interface ModelParts {
  readonly config: Pick<Config, "agents">;
  readonly models: ModelCatalog;
}

/** The session's own choice, else the agent's, else the default. A choice that no longer exists is shown as it is stored. */
export function modelOf(agentId: string, entry: Session["entry"] | undefined, parts: ModelParts): ModelChoice {
  const { providerOverride: provider, modelOverride: model } = entry ?? {};
  if (provider !== undefined && model !== undefined) {
    return tryResolve(`${provider}/${model}`, parts.models) ?? unknownModel(provider, model);
  }
  const ofAgent = parts.config.agents.list.find((agent) => agent.id === agentId)?.model;
  return (ofAgent === undefined ? undefined : tryResolve(ofAgent, parts.models)) ??
    tryResolve(undefined, parts.models) ?? unknownModel(null, null);
}

const unknownModel = (modelProvider: string | null, model: string | null): ModelChoice => ({
  modelProvider,
  model,
  contextTokens: undefined,
  reasoning: false,
});

function tryResolve(reference: string | undefined, models: ModelCatalog): ModelChoice | undefined {
  try {
    return choice(models.resolve(reference).info);
  } catch {
    return undefined;
  }
}

const choice = (info: ModelInfo): ModelChoice => ({
  modelProvider: info.provider,
  model: info.id,
  contextTokens: info.contextWindow,
  reasoning: info.reasoning,
});

/** The levels that may be set; the highest one only where the model reasons. */
export const thinkingOptions = (model: Pick<ModelChoice, "reasoning">): string[] =>
  THINKING_LEVELS.filter((level) => level !== "xhigh" || model.reasoning);
