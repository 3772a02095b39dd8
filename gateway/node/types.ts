/** Nodes as the rest of the gateway uses them: who is there, what may be asked of them, and asking. */
import type { NodeInvokeResultParams, NodePairRequest, NodeView, PairedNode } from "../../schemas/method/nodes.ts";
import type { Client } from "../connection/client.ts";

/** A call of a command on a node. */
export interface NodeCall {
  readonly nodeId: string;
  readonly command: string;
  /** JSON; absent: the command has no parameters. */
  readonly params?: unknown;
  /** Default 30 s; 10 min at most. 0 means the default. */
  readonly timeoutMs?: number | undefined;
  /** A repeat with the same key and caller while the call runs, and for ten minutes after, gets the same answer. */
  readonly idempotencyKey: string;
  /** Whose keys these are: `Client.principal`, or `run:<id>` for an agent. */
  readonly caller: string;
  readonly sessionKey?: string | undefined;
  /** Ends the waiting; the node is not told. */
  readonly signal?: AbortSignal;
  /** A call of the gateway's own methods: only these may name `system.execApprovals.*`. */
  readonly internal?: true;
}

export interface NodeAnswer {
  readonly nodeId: string;
  readonly command: string;
  readonly payload: unknown;
  /** The payload as the node sent it, when it came as text: always JSON; null when there was none. */
  readonly payloadJSON: string | null;
}

/** See session_rule.ts. */
export type SessionRight = "own" | "called";

/** The registry: one live socket a node (the newest), the approvals of what nodes declare, calls under way. */
export interface Nodes {
  /** After hello-ok, for clients with role node. */
  connected(client: Client): void;
  /** Calls to this socket fail at once with "node disconnected". A newer socket of the same node stays. */
  disconnected(client: Client): void;
  list(): readonly NodeView[];
  get(nodeId: string): NodeView | undefined;
  /**
   * By id, by the beginning of an id, or by display name (case does not count). Throws INVALID_REQUEST when none or more
   * than one fits, with the names to choose from.
   */
  find(query: string): NodeView;
  rename(nodeId: string, displayName: string): void;
  /** Throws GatewayError as methods facts, section 11.3 say: policy, not connected, timeout, the node's own error. */
  invoke(call: NodeCall): Promise<NodeAnswer>;
  /** Throws INVALID_REQUEST `nodeId mismatch` when the answer is not the caller's own to give. */
  answer(client: Client, result: NodeInvokeResultParams): { readonly ok: true; readonly ignored?: true };
  progress(
    client: Client,
    part: { readonly invokeId: string; readonly nodeId: string; readonly seq: number; readonly chunk: string },
  ): { readonly ok: true; readonly ignored?: true };
  readonly pairing: NodePairing;
  /** By what right this live node may speak and listen in the session (canonical key); undefined: it may not. */
  rightIn(nodeId: string, sessionKey: string): SessionRight | undefined;
  /** Counts one event of the node; false: it sends too many. */
  takeEvent(nodeId: string, kind: "run" | "note"): boolean;
  /** Drops answers and files past their time. Called every minute. */
  sweep(): void;
  /** Fails what is under way and removes the files of results. */
  stop(): void;
}

/** What each node may do: its declared commands, what an owner approved of them, and which dangerous ones are on. */
export interface NodePairing {
  list(): { readonly pending: readonly NodePairRequest[]; readonly paired: readonly PairedNode[] };
  request(wish: Omit<NodePairRequest, "requestId" | "ts">): {
    readonly request: NodePairRequest;
    readonly created: boolean;
  };
  pending(requestId: string): NodePairRequest | undefined;
  /** `allow`: dangerous commands that go on with it. Throws INVALID_REQUEST `unknown requestId`. */
  approve(requestId: string, allow: readonly string[]): { readonly requestId: string; readonly node: PairedNode };
  reject(requestId: string): { readonly requestId: string; readonly nodeId: string };
  verify(nodeId: string, token: string): PairedNode | undefined;
  remove(nodeId: string): boolean;
  setAllowed(nodeId: string, commands: readonly string[]): readonly string[];
}
