/** Parameters and results of agents.list and agent.identity.get (methods facts, sections 1 and 5). */
import { Closed, NonEmpty, OneOf, Open, type Static, Type } from "../primitives.ts";

const Opt = Type.Optional;

export const AgentIdentity = Closed({
  name: Opt(Type.String()),
  theme: Opt(Type.String()),
  emoji: Opt(Type.String()),
  avatar: Opt(Type.String()),
});
export const AgentView = Closed({
  id: NonEmpty,
  kind: Type.Literal("agent"),
  name: Opt(NonEmpty),
  identity: Opt(AgentIdentity),
  workspace: Opt(NonEmpty),
});
export type AgentView = Static<typeof AgentView>;

export const AgentsListParams = Open({});
export const AgentsListResult = Closed({
  defaultId: NonEmpty,
  mainKey: NonEmpty,
  scope: OneOf(["per-sender", "global"]),
  ownership: Type.Literal("sole"),
  selectionRequired: Type.Boolean(),
  agents: Type.Array(AgentView),
});

export const AgentIdentityParams = Open({ agentId: Opt(NonEmpty), sessionKey: Opt(Type.String()) });
/** `avatar`: an http or data URL, an emoji, or one letter. */
export const AgentIdentityResult = Closed({
  agentId: NonEmpty,
  name: NonEmpty,
  avatar: NonEmpty,
  emoji: Opt(NonEmpty),
});
