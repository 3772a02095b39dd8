/** In which sessions a node may speak and listen, and how often. A node is a guest: less than an operator, more than none. */
import { agentIdOf, isMainKey, type KeyRules, parseAgentKey } from "../session/key.ts";
import type { Clock } from "../observe/clock.ts";

/** Keys of conversations that belong to somebody else: chats of channels, subagents, jobs and hooks. */
const FOREIGN = /(?:^|:)(?:direct|group|channel|thread|topic)(?::|$)|^(?:subagent|cron|hook|acp):/u;

/** The session that a node speaks in by itself. */
export const ownSession = (nodeId: string): string => `node-${nodeId}`;

/**
 * `key` is canonical. Allowed: the node's own session, the main session, and sessions of the default agent that belong to
 * no channel, no other node and no job. Beyond these only `calledFor`: sessions whose agent or operator called this node
 * while it was connected, so that a form which an agent shows on it can be answered wherever the agent was asked.
 */
export function mayUseSession(
  key: string,
  nodeId: string,
  rules: KeyRules,
  calledFor: (key: string) => boolean,
): boolean {
  if (isMainKey(key, rules) && agentIdOf(key, rules) === rules.defaultAgentId) return true;
  if (calledFor(key)) return true;
  const named = parseAgentKey(key);
  if (named?.agentId !== rules.defaultAgentId) return false;
  if (named.rest.startsWith("node-")) return named.rest === ownSession(nodeId);
  return !FOREIGN.test(named.rest);
}

/** A bucket a node and kind of event: `burst` at once, then `perSecond`. */
export class EventGate {
  readonly #buckets = new Map<string, { left: number; at: number }>();
  constructor(private readonly clock: Clock) {}

  take(nodeId: string, kind: string, burst: number, perSecond: number): boolean {
    const id = `${nodeId}:${kind}`;
    const now = this.clock.now();
    const bucket = this.#buckets.get(id) ?? { left: burst, at: now };
    const left = Math.min(burst, bucket.left + Math.max(0, now - bucket.at) / 1_000 * perSecond);
    if (left < 1) return false;
    this.#buckets.set(id, { left: left - 1, at: now });
    return true;
  }

  /** Buckets that are full again say nothing. */
  sweep(): void {
    const oldest = this.clock.now() - 60_000;
    for (const [id, { at }] of this.#buckets) if (at < oldest) this.#buckets.delete(id);
  }
}
