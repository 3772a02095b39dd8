/** agents.list and agent.identity.get. */
import { invalid } from "../../../schemas/error.ts";
import type { AgentView } from "../../../schemas/method/agents.ts";
import {
  AgentIdentityParams,
  AgentIdentityResult,
  AgentsListParams,
  AgentsListResult,
} from "../../../schemas/method/agents.ts";
import type { Static } from "../../../schemas/primitives.ts";
import type { AgentInfo } from "../../config/types.ts";
import { agentIdOf, keyRules, normalizeAgentId } from "../../session/key.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

const DEADLINE_MS = 10_000;
/** What a page can show without reading the agent's workspace. */
const SHOWABLE_AVATAR = /^(?:https?:\/\/|data:image\/)/u;

const list = defineMethod({
  name: "agents.list",
  access: "operator.read",
  params: AgentsListParams,
  result: AgentsListResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "The configured agents and which one is the default",
  handle: (_call, { config }) => ({
    defaultId: config.agents.defaultId,
    mainKey: config.session.mainKey,
    scope: config.session.scope,
    ownership: "sole" as const,
    selectionRequired: false,
    agents: config.agents.list.map(agentView),
  }),
});

const agentView = ({ id, name, identity, workspace }: AgentInfo): AgentView => ({
  id,
  kind: "agent",
  ...(name === undefined ? {} : { name }),
  ...(Object.keys(identity).length === 0 ? {} : { identity: { ...identity } }),
  ...(workspace === undefined ? {} : { workspace }),
});

const identity = defineMethod({
  name: "agent.identity.get",
  access: "operator.read",
  params: AgentIdentityParams,
  result: AgentIdentityResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Name and picture of an agent, by its id or by a session key",
  handle: ({ params }, services) => identityOf(wantedAgent(params, services), services),
});

function wantedAgent(params: Static<typeof AgentIdentityParams>, { config, sessions }: Services): string {
  const key = params.sessionKey?.trim();
  const ofKey = key ? agentIdOf(sessions.canonical(key), keyRules(config)) : undefined;
  const named = params.agentId === undefined ? undefined : normalizeAgentId(params.agentId);
  if (named !== undefined && ofKey !== undefined && named !== ofKey) {
    throw invalid(`invalid agent.identity.get params: agent "${named}" does not match session key agent "${ofKey}"`);
  }
  return named ?? ofKey ?? config.agents.defaultId;
}

function identityOf(agentId: string, { config }: Services): Static<typeof AgentIdentityResult> {
  const agent = config.agents.list.find(({ id }) => id === agentId);
  const emoji = agent?.identity.emoji || undefined;
  const name = agent?.identity.name || agent?.name || (agentId === "main" ? "Assistant" : agentId);
  const picture = agent?.identity.avatar ?? "";
  // A path in the workspace means nothing to a browser; the emoji or a letter does.
  const avatar = SHOWABLE_AVATAR.test(picture) ? picture : emoji ?? (name.trim().at(0) ?? "A").toUpperCase();
  return { agentId, name, avatar, ...(emoji === undefined ? {} : { emoji }) };
}

export const agentsMethods: readonly MethodDef[] = [list, identity];
