/** The `agents` part: who there is, which one is the default, and what runs may take. */
import type { AgentsConfig } from "../../schemas/config.ts";
import { normalizeAgentId } from "./agent_id.ts";
import type { Notes } from "./reading.ts";
import type { AgentInfo, Config } from "./types.ts";

export function agentsPart(part: AgentsConfig | undefined, notes: Notes): Config["agents"] {
  const defaults = part?.defaults ?? {};
  const list = agentList(part, notes);
  const flagged = (part?.list ?? []).find((agent) => agent.default === true);
  return {
    list,
    defaultId: flagged === undefined ? list[0]?.id ?? "main" : normalizeAgentId(flagged.id),
    maxConcurrent: defaults.maxConcurrent ?? 4,
    timeoutSeconds: defaults.timeoutSeconds ?? 600,
    thinkingDefault: defaults.thinkingDefault ?? "off",
    verboseDefault: defaults.verboseDefault ?? "off",
    systemPrompt: defaults.systemPrompt,
  };
}

function agentList(part: AgentsConfig | undefined, notes: Notes): AgentInfo[] {
  const seen = new Set<string>();
  const list: AgentInfo[] = [];
  for (const [index, entry] of (part?.list ?? []).entries()) {
    const id = normalizeAgentId(entry.id);
    if (id !== entry.id) notes.warn(`agents.list[${index}].id`, `The agent "${entry.id}" has the id "${id}" here`);
    if (seen.has(id)) {
      notes.issue(`agents.list[${index}]`, `Cannot add the agent "${entry.id}": another one has the id "${id}"`);
      continue;
    }
    seen.add(id);
    list.push({
      id,
      name: entry.name,
      identity: entry.identity ?? {},
      model: modelRef(entry.model),
      workspace: entry.workspace ?? part?.defaults?.workspace,
      systemPrompt: entry.systemPrompt,
      mentionPatterns: entry.groupChat?.mentionPatterns ?? [],
    });
  }
  if (list.length > 0) return list;
  const { workspace } = part?.defaults ?? {};
  return [{ id: "main", name: undefined, identity: {}, model: undefined, workspace, systemPrompt: undefined }];
}

type ModelRef = NonNullable<NonNullable<AgentsConfig["defaults"]>["model"]>;

/** `<provider>/<model>` of either form; fallbacks are not used. */
export const modelRef = (model: ModelRef | undefined): string | undefined =>
  typeof model === "string" ? model : model?.primary;
