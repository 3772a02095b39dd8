/** The live sockets of nodes: one a node, the newest, and which sessions called it. */
import type { Client, NodeClaims } from "../connection/client.ts";
import { MAX_NAME_CHARS, usableNames } from "./about.ts";

/** Sessions remembered a node; the oldest goes first. */
const MAX_SESSIONS = 64;
/** What a node says of itself is shown in every list of nodes. */
const MAX_PATH_CHARS = 4_096;
const MAX_PERMISSIONS = 64;

export interface LiveNode {
  readonly nodeId: string;
  readonly client: Client;
  /** Sorted, without repeats. */
  readonly claims: NodeClaims;
  /** Canonical keys of the sessions that calls to this node were made for. */
  readonly sessions: Set<string>;
}

export class Registry {
  readonly #live = new Map<string, LiveNode>();

  /** Takes the place of an older socket of the same node, whose close is then of no interest. */
  add(client: Client): LiveNode | undefined {
    const { deviceId: nodeId, node } = client;
    if (nodeId === undefined || node === undefined) return undefined;
    const claims = boundedClaims(node);
    const sessions = this.#live.get(nodeId)?.sessions ?? new Set<string>();
    const live = { nodeId, client, claims, sessions };
    this.#live.set(nodeId, live);
    return live;
  }

  /** The node that is gone with this socket; undefined when a newer socket stands for it. */
  remove(client: Client): LiveNode | undefined {
    const live = client.deviceId === undefined ? undefined : this.#live.get(client.deviceId);
    if (live?.client.connId !== client.connId) return undefined;
    this.#live.delete(live.nodeId);
    return live;
  }

  get(nodeId: string): LiveNode | undefined {
    return this.#live.get(nodeId);
  }

  all(): Iterable<LiveNode> {
    return this.#live.values();
  }

  /** Remembers that a call to the node was made for this session, which the node may then speak in. */
  calledFor(live: LiveNode, sessionKey: string): void {
    live.sessions.delete(sessionKey);
    live.sessions.add(sessionKey);
    for (const oldest of live.sessions) {
      if (live.sessions.size <= MAX_SESSIONS) return;
      live.sessions.delete(oldest);
    }
  }
}

function boundedClaims({ caps, commands, permissions, pathEnv }: NodeClaims): NodeClaims {
  const entries = Object.entries(permissions).filter(([name]) => name.length <= MAX_NAME_CHARS);
  return {
    caps: usableNames(caps),
    commands: usableNames(commands),
    permissions: Object.fromEntries(entries.slice(0, MAX_PERMISSIONS)),
    pathEnv: pathEnv?.slice(0, MAX_PATH_CHARS),
  };
}
