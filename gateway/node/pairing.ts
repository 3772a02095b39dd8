/** What each node may do: requests that wait for the owner, and what was approved (pairing facts, section 3). */
import { createHash, timingSafeEqual } from "node:crypto";
import { invalid } from "../../schemas/error.ts";
import {
  NodePairRequestedEvent,
  NodePairRequestedToNodeEvent,
  NodePairResolvedEvent,
  NodePairResolvedToNodeEvent,
  type NodesChangedReason,
} from "../../schemas/event/node.ts";
import type { NodePairRequest, PairedNode } from "../../schemas/method/nodes.ts";
import type { Bus } from "../bus.ts";
import { type Clock, randomToken, uuid } from "../observe/clock.ts";
import { defined } from "../session/rows.ts";
import type { Db } from "../storage/db.ts";
import { aboutClient, aboutOf, sortedNames, usableNames } from "./about.ts";
import { isDangerous, listed, needsAdmin } from "./policy.ts";
import type { LiveNode } from "./registry.ts";
import { type NodeRow, NodeRows } from "./rows.ts";
import type { NodePairing } from "./types.ts";

/** How long a request waits after its node went away. */
export const REQUEST_TTL_MS = 5 * 60_000;
/** Requests that wait at once; a new one beyond it drops the oldest. */
export const MAX_REQUESTS = 512;
const TOKEN_BYTES = 32;

type Wish = Omit<NodePairRequest, "requestId" | "ts">;

interface Waiting {
  readonly request: NodePairRequest;
  /** Made by node.pair.request: its approval gives out a token. */
  readonly byMethod: boolean;
  /** Undefined while the node is connected. */
  expiresAtMs: number | undefined;
}

export interface PairingDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly isConnected: (nodeId: string) => boolean;
  /** A node lost its approval; if it is connected it may ask again. */
  readonly removed: (nodeId: string) => void;
  readonly changed: (nodeId: string, reason: NodesChangedReason) => void;
}

export class NodePairings implements NodePairing {
  readonly rows: NodeRows;
  readonly #waiting = new Map<string, Waiting>();
  constructor(private readonly deps: PairingDeps) {
    this.rows = new NodeRows(deps.db);
  }

  list(): { pending: NodePairRequest[]; paired: PairedNode[] } {
    this.#prune();
    return {
      pending: [...this.#waiting.values()].map(({ request }) => request).reverse(),
      paired: this.rows.all().filter(({ approved }) => approved).map(pairedNode),
    };
  }

  request(wish: Wish): { request: NodePairRequest; created: boolean } {
    const before = this.ofNode(wish.nodeId);
    if (before) return { request: before, created: false };
    return { request: this.#open(wish, true, this.deps.clock.now() + REQUEST_TTL_MS), created: true };
  }

  pending(requestId: string): NodePairRequest | undefined {
    this.#prune();
    return this.#waiting.get(requestId)?.request;
  }

  ofNode(nodeId: string): NodePairRequest | undefined {
    return this.#of(nodeId)?.request;
  }

  /**
   * A protocol 4 node is here: what it declares beyond `approved` waits for the owner under a request. A request is never
   * widened: the owner approves what was shown under its id.
   */
  declare(live: LiveNode, approved: NodeRow | undefined, silent: boolean): void {
    const { commands, caps } = live.claims;
    const before = this.#of(live.nodeId);
    const isCovered = commands.every((name) => approved?.commands.includes(name));
    if (commands.length === 0 || isCovered) return before && this.#close(before.request, "rejected");
    if (before && sameNames(before.request.commands, commands) && sameNames(before.request.caps, caps)) {
      before.expiresAtMs = undefined;
      return this.#tellNode(before.request);
    }
    if (before) this.#close(before.request, "rejected");
    const about = aboutOf(aboutClient(live.client), { displayName: approved?.renamed });
    const wish = { nodeId: live.nodeId, ...about, caps: [...caps], commands: [...commands], silent };
    this.#tellNode(this.#open(wish, false, undefined));
  }

  #tellNode(request: NodePairRequest): void {
    const { nodeId } = request;
    this.deps.bus.publish(NodePairRequestedToNodeEvent, request, { only: ({ deviceId }) => deviceId === nodeId });
  }

  /** The node is gone: its request waits a while longer. */
  left(nodeId: string): void {
    const waiting = this.#of(nodeId);
    if (waiting) waiting.expiresAtMs = this.deps.clock.now() + REQUEST_TTL_MS;
  }

  approve(requestId: string, allow: readonly string[]): { requestId: string; node: PairedNode } {
    this.#prune();
    const waiting = this.#waiting.get(requestId);
    if (!waiting) throw invalid("unknown requestId");
    const { request } = waiting;
    const allowed = this.#allowable(request, allow);
    const { nodeId, caps, commands } = request;
    const token = waiting.byMethod ? randomToken(TOKEN_BYTES) : undefined;
    this.deps.db.transaction(() => {
      const before = this.rows.get(nodeId);
      const now = this.deps.clock.now();
      this.rows.put({
        nodeId,
        about: aboutOf(request),
        renamed: before?.renamed,
        caps,
        commands,
        allowed: sortedNames([...before?.allowed ?? [], ...allowed]),
        approved: true,
        createdAtMs: before?.createdAtMs ?? now,
        approvedAtMs: now,
      });
      if (this.deps.isConnected(nodeId)) this.rows.seen(nodeId, now, true);
      if (token !== undefined) this.rows.setTokenHash(nodeId, digest(token));
    });
    this.#close(request, "approved");
    return { requestId, node: { ...pairedNode(this.#row(nodeId)), ...defined({ token }) } };
  }

  reject(requestId: string): { requestId: string; nodeId: string } {
    const request = this.pending(requestId);
    if (!request) throw invalid("unknown requestId");
    this.#close(request, "rejected");
    return { requestId, nodeId: request.nodeId };
  }

  verify(nodeId: string, token: string): PairedNode | undefined {
    const row = this.rows.get(nodeId);
    const hash = this.rows.tokenHash(nodeId);
    if (!row?.approved || hash === undefined) return undefined;
    const given = digest(token);
    return hash.length === given.length && timingSafeEqual(hash, given) ? pairedNode(row) : undefined;
  }

  remove(nodeId: string): boolean {
    const waiting = this.#of(nodeId);
    if (waiting) this.#close(waiting.request, "rejected");
    if (!this.rows.remove(nodeId)) return waiting !== undefined;
    this.#tell("", nodeId, "removed");
    this.deps.changed(nodeId, "approval");
    this.deps.removed(nodeId);
    return true;
  }

  setAllowed(nodeId: string, commands: readonly string[]): readonly string[] {
    const allowed = usableNames(commands.map((name) => name.trim()));
    this.rows.put({ ...this.#rowOrNew(nodeId), allowed });
    this.deps.changed(nodeId, "policy");
    return allowed;
  }

  rename(nodeId: string, displayName: string): void {
    this.rows.put({ ...this.#rowOrNew(nodeId), renamed: displayName });
    this.deps.changed(nodeId, "renamed");
  }

  #row(nodeId: string): NodeRow {
    const row = this.rows.get(nodeId);
    if (!row) throw new Error(`Cannot read node "${nodeId}": its row is gone`);
    return row;
  }

  #rowOrNew(nodeId: string): NodeRow {
    return this.rows.get(nodeId) ?? {
      nodeId,
      about: {},
      renamed: undefined,
      caps: [],
      commands: [],
      allowed: [],
      approved: false,
      createdAtMs: this.deps.clock.now(),
      approvedAtMs: undefined,
      lastConnectedAtMs: undefined,
      lastSeenAtMs: undefined,
    };
  }

  /** `allow` as names of declared commands; a family such as `camera.*` stands for those that are declared. */
  #allowable(request: NodePairRequest, allow: readonly string[]): string[] {
    return allow.flatMap((name) => {
      const fits = request.commands.filter((command) => listed([name.trim()], command));
      if (fits.length === 0) throw invalid(`Cannot allow "${name}": the node does not declare it`);
      return fits;
    });
  }

  #of(nodeId: string): Waiting | undefined {
    this.#prune();
    return [...this.#waiting.values()].find(({ request }) => request.nodeId === nodeId);
  }

  #open(wish: Wish, byMethod: boolean, expiresAtMs: number | undefined): NodePairRequest {
    const commands = usableNames(wish.commands);
    const dangerousCommands = commands.filter(isDangerous);
    const { silent, ...rest } = wish;
    const request: NodePairRequest = {
      ...rest,
      requestId: uuid(),
      caps: usableNames(wish.caps),
      commands,
      ...(dangerousCommands.length > 0 ? { dangerousCommands } : {}),
      requiredApproveScopes: ["operator.pairing", commands.some(needsAdmin) ? "operator.admin" : "operator.write"],
      ...(silent === true ? { silent } : {}),
      ...(this.rows.get(wish.nodeId)?.approved ? { isRepair: true } : {}),
      ts: this.deps.clock.now(),
    };
    this.#waiting.set(request.requestId, { request, byMethod, expiresAtMs });
    for (const [id, { request: oldest }] of this.#waiting) {
      if (this.#waiting.size <= MAX_REQUESTS) break;
      this.#waiting.delete(id);
      this.deps.changed(oldest.nodeId, "approval");
    }
    this.deps.bus.publish(NodePairRequestedEvent, request);
    this.deps.changed(request.nodeId, "approval");
    return request;
  }

  #close({ requestId, nodeId }: NodePairRequest, decision: "approved" | "rejected"): void {
    this.#waiting.delete(requestId);
    this.#tell(requestId, nodeId, decision);
    this.deps.changed(nodeId, "approval");
  }

  /** Owners hear of it, and the node itself, which waits for it. */
  #tell(requestId: string, nodeId: string, decision: "approved" | "rejected" | "removed"): void {
    const payload = { requestId, nodeId, decision, ts: this.deps.clock.now() };
    this.deps.bus.publish(NodePairResolvedEvent, payload);
    this.deps.bus.publish(NodePairResolvedToNodeEvent, payload, { only: ({ deviceId }) => deviceId === nodeId });
  }

  /** Pages that show a request hear that its time is over. */
  sweep(): void {
    this.#prune();
  }

  #prune(): void {
    const now = this.deps.clock.now();
    for (const [id, { request, expiresAtMs }] of this.#waiting) {
      if (expiresAtMs === undefined || expiresAtMs > now) continue;
      this.#waiting.delete(id);
      this.deps.changed(request.nodeId, "approval");
    }
  }
}

const digest = (token: string): Uint8Array => createHash("sha256").update(token).digest();

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, index) => name === b[index]);

function pairedNode(row: NodeRow): PairedNode {
  const { nodeId, about, renamed, caps, commands, allowed, createdAtMs, approvedAtMs } = row;
  return {
    nodeId,
    ...aboutOf(about, { displayName: renamed }),
    caps: [...caps],
    commands: [...commands],
    ...(allowed.length > 0 ? { allowedCommands: [...allowed] } : {}),
    createdAtMs,
    approvedAtMs: approvedAtMs ?? createdAtMs,
    ...defined({ lastConnectedAtMs: row.lastConnectedAtMs, lastSeenAtMs: row.lastSeenAtMs }),
  };
}
