/** What `sessions.patch` may change: every field's values, and what it becomes in the entry (methods facts, section 7.4). */
import { invalid } from "../../schemas/error.ts";
import type { SessionsPatchParams } from "../../schemas/method/sessions.ts";
import type { ModelCatalog } from "../agent/types.ts";
import { isSubagent } from "./key.ts";
import { modelOf, type ModelParts, thinkingOptions } from "./models.ts";
import { defined } from "./rows.ts";
import type { SessionEntry } from "./types.ts";

export type EntryChange = { -readonly [K in keyof SessionEntry]?: SessionEntry[K] | undefined };

/** Fields that loosen a guard or name who started a session: they need operator.admin, the others operator.write. */
export const ADMIN_FIELDS = [
  "elevatedLevel",
  "execHost",
  "execSecurity",
  "execAsk",
  "execNode",
  "sendPolicy",
  "spawnedBy",
] as const satisfies readonly (keyof SessionsPatchParams)[];

/** Fields with a fixed list of values. `shown`: what the error text offers when it differs from what is taken. */
const CHOICES = {
  verboseLevel: { values: ["on", "off", "full"], shown: ["on", "off"] },
  reasoningLevel: { values: ["on", "off", "stream"], shown: ["on", "off", "stream"] },
  responseUsage: { values: ["off", "tokens", "full", "on"], shown: ["off", "tokens", "full"] },
  elevatedLevel: { values: ["on", "off", "ask", "full"], shown: ["on", "off", "ask", "full"] },
  execHost: { values: ["sandbox", "gateway", "node"], shown: ["sandbox", "gateway", "node"] },
  execSecurity: { values: ["deny", "allowlist", "full"], shown: ["deny", "allowlist", "full"] },
  execAsk: { values: ["off", "on-miss", "always"], shown: ["off", "on-miss", "always"] },
} as const;
type ChoiceField = keyof typeof CHOICES;
const CHOICE_FIELDS = [
  "verboseLevel",
  "reasoningLevel",
  "responseUsage",
  "elevatedLevel",
  "execHost",
  "execSecurity",
  "execAsk",
] as const satisfies readonly ChoiceField[];

export interface PatchTarget {
  readonly key: string;
  readonly agentId: string;
  readonly entry: SessionEntry;
}

/** The change to the entry that `params` ask for. A null clears the field. Throws INVALID_REQUEST on a bad value. */
export function patchChange(params: SessionsPatchParams, target: PatchTarget, parts: ModelParts): EntryChange {
  const change: EntryChange = {};
  if (params.label !== undefined) change.label = label(params.label);
  for (const field of CHOICE_FIELDS) {
    const value = params[field];
    if (value !== undefined) change[field] = choice(field, value);
  }
  // Off is what a session without the setting does; stored, it would outlive a change of that.
  if (change.reasoningLevel === "off") change.reasoningLevel = undefined;
  if (params.sendPolicy !== undefined) change.sendPolicy = oneOf("sendPolicy", params.sendPolicy, ["allow", "deny"]);
  if (params.groupActivation !== undefined) {
    change.groupActivation = oneOf("groupActivation", params.groupActivation, ["mention", "always"]);
  }
  if (params.execNode !== undefined) change.execNode = name("execNode", params.execNode);
  if (params.spawnedBy !== undefined) change.spawnedBy = spawnedBy(params.spawnedBy, target);
  if (params.model !== undefined) Object.assign(change, modelChange(params.model, parts.models));
  if (params.thinkingLevel !== undefined) {
    const model = modelOf(target.agentId, { ...target.entry, ...defined(change) }, parts);
    change.thinkingLevel = oneOf("thinkingLevel", params.thinkingLevel, thinkingOptions(model));
  }
  return change;
}

function oneOf<const V extends string>(
  field: string,
  value: string | null,
  values: readonly V[],
  shown: readonly string[] = values,
): V | undefined {
  if (value === null) return undefined;
  const wanted = value.trim().toLowerCase();
  const found = values.find((known) => known === wanted);
  if (found === undefined) throw invalid(`invalid ${field} (use ${shown.join("|")})`);
  return found;
}

function choice(field: ChoiceField, value: string | null): string | undefined {
  const { values, shown } = CHOICES[field];
  return oneOf(field, value, values, shown);
}

function name(field: string, value: string | null): string | undefined {
  if (value === null) return undefined;
  const trimmed = value.trim();
  if (trimmed === "") throw invalid(`invalid ${field}: empty`);
  return trimmed;
}

function label(value: string | null): string | undefined {
  const trimmed = name("label", value);
  // Labels become titles and search text; a line break would forge a second row in text output.
  if (trimmed !== undefined && /\p{Cc}/u.test(trimmed)) throw invalid("invalid label: it holds a control character");
  return trimmed;
}

function spawnedBy(value: string | null, { key, entry }: PatchTarget): string | undefined {
  const wanted = name("spawnedBy", value);
  if (entry.spawnedBy === wanted) return wanted;
  if (!isSubagent(key)) throw invalid(`Cannot set spawnedBy of "${key}": it is not a sub-agent session`);
  if (entry.spawnedBy !== undefined) throw invalid(`Cannot change spawnedBy of "${key}": it is already set`);
  return wanted;
}

/** What the last run reported about its model goes with the old choice, so that lists show the new one at once. */
function modelChange(value: string | null, models: ModelCatalog): EntryChange {
  const cleared = { modelProvider: undefined, model: undefined, contextTokens: undefined };
  const reference = name("model", value);
  if (reference === undefined) return { ...cleared, providerOverride: undefined, modelOverride: undefined };
  const { info } = models.resolve(reference);
  return { ...cleared, providerOverride: info.provider, modelOverride: info.id };
}
