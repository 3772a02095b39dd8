/** In which sessions a node may speak and listen, and how often. A node is a guest: less than an operator, more than none. */
import { agentIdOf, isMainKey, type KeyRules, parseAgentKey } from "../session/key.ts";
import type { Clock } from "../observe/clock.ts";
import type { SessionRight } from "./types.ts";

/** Keys of conversations that belong to somebody else: chats of channels, subagents, jobs and hooks. */
const FOREIGN = /(?:^|:)(?:direct|group|channel|thread|topic)(?::|$)|^(?:subagent|cron|hook|acp):/u;

/** The session that a node speaks in by itself. */
export const ownSession = (nodeId: string): string => `node-${nodeId}`;

/**
 * `own`: the session is the owner's: the node's own one, the main one, and those of the default agent that belong to no
 * channel, no other node and no job. `called`: another one, whose agent called this node while it was connected, so that
 * a form which an agent shows on the node can be answered wherever the agent was asked; what is said there does not have
 * the owner's power. `key` is canonical.
 */
export function sessionRight(
  key: string,
  nodeId: string,
  rules: KeyRules,
  calledFor: (key: string) => boolean,
): SessionRight | undefined {
  if (agentIdOf(key, rules) === rules.defaultAgentId && isOwners(key, nodeId, rules)) return "own";
  return calledFor(key) ? "called" : undefined;
}

function isOwners(key: string, nodeId: string, rules: KeyRules): boolean {
  if (isMainKey(key, rules)) return true;
  const rest = parseAgentKey(key)?.rest;
  if (rest === undefined) return false;
  return rest.startsWith("node-") ? rest === ownSession(nodeId) : !FOREIGN.test(rest);
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
