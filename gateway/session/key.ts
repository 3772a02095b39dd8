/** Session keys: aliases to the canonical form, kinds, and the builders for every situation (sessions facts, section 1). */
import { invalid } from "../../schemas/error.ts";
import { normalizeAgentId } from "../config/agent_id.ts";
import type { Config } from "../config/types.ts";
import type { SessionEntry, SessionKind } from "./types.ts";

export { normalizeAgentId };

/** Longer keys are refused: keys are index keys and event topics. */
const MAX_KEY = 512;
const CRON_RUN = /:cron:[^:]+:run:/u;

/** What decides how aliases resolve. */
export interface KeyRules {
  readonly defaultAgentId: string;
  readonly mainKey: string;
  readonly scope: "per-sender" | "global";
}

export const keyRules = (config: Pick<Config, "agents" | "session">): KeyRules => ({
  defaultAgentId: config.agents.defaultId,
  mainKey: config.session.mainKey,
  scope: config.session.scope,
});

/** `agent:<id>:<rest>` taken apart; undefined for any other key. */
export function parseAgentKey(key: string): { readonly agentId: string; readonly rest: string } | undefined {
  const match = /^agent:([^:]+):(.+)$/su.exec(key);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { agentId: match[1], rest: match[2] };
}

/** The agent of a canonical key; `global` and `unknown` belong to the default agent. */
export const agentIdOf = (key: string, rules: KeyRules): string => parseAgentKey(key)?.agentId ?? rules.defaultAgentId;

/** The key of the agent's main session. */
export const mainSessionKey = (agentId: string, rules: KeyRules): string =>
  rules.scope === "global" ? "global" : `agent:${agentId}:${rules.mainKey.toLowerCase()}`;

/** Whether a canonical key is the main session of its agent. */
export const isMainKey = (key: string, rules: KeyRules): boolean =>
  key === mainSessionKey(agentIdOf(key, rules), rules);

/**
 * The stored form of `key`: `main` and `agent:<id>:main` → the main key, a bare `x` → `agent:<default>:x`, `:dm:` →
 * `:direct:`. `agentId` names the agent of bare keys; a key that names an agent keeps it.
 * Throws INVALID_REQUEST for a key that is empty, too long, or names no agent or no session.
 */
export function canonicalKey(key: string, rules: KeyRules, agentId?: string): string {
  const text = key.trim().toLowerCase();
  if (text === "") throw invalid(`Cannot use session key "${key.slice(0, 64)}": value is empty`);
  if (text.length > MAX_KEY) throw invalid(`Cannot use session key: longer than ${MAX_KEY} characters`);
  // A control character would make two keys look the same in lists and logs.
  if (/\p{Cc}/u.test(text)) throw invalid("Cannot use session key: it holds a control character");
  if (text === "global" || text === "unknown") return text;
  const named = text.startsWith("agent:") ? parseAgentKey(text) : undefined;
  if (text.startsWith("agent:") && !named) {
    throw invalid(`Cannot use session key "${key}": agent id or session name is missing`);
  }
  const agent = normalizeAgentId(named?.agentId ?? agentId ?? rules.defaultAgentId);
  const rest = directForm(named?.rest ?? text);
  const isMain = rest === "main" || rest === rules.mainKey.toLowerCase();
  return isMain ? mainSessionKey(agent, rules) : `agent:${agent}:${rest}`;
}

/** Documents write `:dm:` where keys hold `:direct:`; only the place where the word can stand is read so. */
function directForm(rest: string): string {
  const parts = rest.split(":");
  const at = parts.indexOf("dm");
  const wasPlace = at >= 0 && at <= 2 && at < parts.length - 1;
  if (!wasPlace || parts.slice(0, at).some((part) => /^(?:direct|group|channel|thread)$/u.test(part))) return rest;
  return parts.with(at, "direct").join(":");
}

/** `group` for groups and rooms, `global`, `unknown`, else `direct`. */
export function kindOf(key: string, chatType?: SessionEntry["chatType"]): SessionKind {
  if (key === "global" || key === "unknown") return key;
  if (chatType === "group" || chatType === "channel") return "group";
  return key.includes(":group:") || key.includes(":channel:") ? "group" : "direct";
}

/** Which reset rule set applies: a thread before a group before a direct chat. */
export function resetTypeOf(key: string, kind: SessionKind): "direct" | "group" | "thread" {
  if (key.includes(":thread:") || key.includes(":topic:")) return "thread";
  return kind === "group" ? "group" : "direct";
}

/** Runs of cron jobs are stored and never listed. */
export const isCronRun = (key: string): boolean => CRON_RUN.test(key);
export const isSubagent = (key: string): boolean => parseAgentKey(key)?.rest.startsWith("subagent:") === true;

/** Where a direct message came from. */
export interface DirectPeer {
  readonly agentId: string;
  readonly channel: string;
  readonly accountId: string;
  readonly peer: string;
}

/** The key of a direct chat under `session.dmScope`; `identityLinks` join one person's addresses outside scope `main`. */
export function directKey(from: DirectPeer, config: Pick<Config, "agents" | "session">): string {
  const { dmScope, identityLinks } = config.session;
  const rules = keyRules(config);
  const agent = normalizeAgentId(from.agentId);
  if (dmScope === "main") return mainSessionKey(agent, rules);
  const channel = from.channel.toLowerCase();
  const peer = linkedPeer(identityLinks, channel, from.peer.toLowerCase());
  switch (dmScope) {
    case "per-peer":
      return `agent:${agent}:direct:${peer}`;
    case "per-channel-peer":
      return `agent:${agent}:${channel}:direct:${peer}`;
    case "per-account-channel-peer":
      return `agent:${agent}:${channel}:${from.accountId.toLowerCase()}:direct:${peer}`;
  }
}

function linkedPeer(links: Config["session"]["identityLinks"], channel: string, peer: string): string {
  const names = new Set([peer, `${channel}:${peer}`]);
  for (const [canonical, addresses] of Object.entries(links)) {
    if (addresses.some((address) => names.has(address.trim().toLowerCase()))) return canonical.trim().toLowerCase();
  }
  return peer;
}

const under = (agentId: string, rest: string): string => `agent:${normalizeAgentId(agentId)}:${rest.toLowerCase()}`;

export const groupKey = (agentId: string, channel: string, peer: string) => under(agentId, `${channel}:group:${peer}`);
export const channelKey = (agentId: string, channel: string, peer: string) =>
  under(agentId, `${channel}:channel:${peer}`);
export const threadKey = (base: string, threadId: string) => `${base}:thread:${threadId.toLowerCase()}`;
/** A forum topic inside a group key. */
export const topicKey = (group: string, topicId: string) => `${group}:topic:${topicId.toLowerCase()}`;
export const subagentKey = (agentId: string, id: string) => under(agentId, `subagent:${id}`);
export const cronKey = (agentId: string, jobId: string) => under(agentId, `cron:${jobId}`);
export const cronRunKey = (agentId: string, jobId: string, sessionId: string) =>
  under(agentId, `cron:${jobId}:run:${sessionId}`);
export const hookKey = (agentId: string, id: string) => under(agentId, `hook:${id}`);
