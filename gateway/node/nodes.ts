/** Joins what the gateway knows of nodes: sockets, approvals, policy, screens, and calls under way. */
import { invalid, unavailable } from "../../schemas/error.ts";
import { NodesChangedEvent, type NodesChangedReason } from "../../schemas/event/node.ts";
import type { NodeView } from "../../schemas/method/nodes.ts";
import type { ExecApprovals } from "../approval/types.ts";
import type { PairedDevice, PairingStore } from "../auth/types.ts";
import type { Bus } from "../bus.ts";
import type { Screens } from "../canvas/types.ts";
import type { ConfigStore } from "../config/types.ts";
import type { Client } from "../connection/client.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { keyRules } from "../session/key.ts";
import type { Db } from "../storage/db.ts";
import { Calls } from "./calls.ts";
import { findNode } from "./find.ts";
import { Invoker } from "./invoke.ts";
import { NodePairings } from "./pairing.ts";
import { Registry } from "./registry.ts";
import { Repeats } from "./repeats.ts";
import { EventGate, sessionRight } from "./session_rule.ts";
import { Spool } from "./spool.ts";
import type { NodeAnswer, NodeCall, Nodes, SessionRight } from "./types.ts";
import { approvedRow, byStateAndName, type NodeParts, nodeView } from "./view.ts";

export interface NodesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly config: Pick<ConfigStore, "current">;
  /** Devices with role node, connected or not. */
  readonly devices: Pick<PairingStore, "list" | "get">;
  readonly approvals: Pick<ExecApprovals, "redeem">;
  /** What canvas commands show is checked and kept here before the node gets it. */
  readonly screens: Screens;
  /** Where large results wait on disk. */
  readonly stateDir: string;
}

/** How many events of a kind a node may send: at once, and then a second. */
const EVENT_LIMITS = { run: { burst: 5, perSecond: 1 }, note: { burst: 30, perSecond: 5 } } as const;

export const createNodes = (deps: NodesDeps): Nodes => new NodeService(deps);

class NodeService implements Nodes {
  readonly pairing: NodePairings;
  readonly #registry = new Registry();
  readonly #spool: Spool;
  readonly #calls: Calls;
  readonly #repeats: Repeats;
  readonly #invoker: Invoker;
  readonly #gate: EventGate;
  #stopped = false;

  constructor(private readonly deps: NodesDeps) {
    const { clock, bus, db, stateDir } = deps;
    this.#spool = new Spool(stateDir, clock);
    this.#calls = new Calls({ clock, bus, spool: this.#spool });
    this.#repeats = new Repeats(clock, this.#spool);
    this.#gate = new EventGate(clock);
    this.pairing = new NodePairings({
      db,
      clock,
      bus,
      isConnected: (nodeId) => this.#registry.get(nodeId) !== undefined,
      removed: (nodeId) => this.#declare(nodeId),
      changed: (nodeId, reason) => this.#changed(nodeId, reason),
    });
    this.#invoker = new Invoker({
      ...deps,
      registry: this.#registry,
      calls: this.#calls,
      partsOf: (nodeId) => this.#partsOf(nodeId, deps.devices.get(nodeId)),
    });
  }

  connected(client: Client): void {
    const live = this.#registry.add(client);
    if (!live) return;
    this.pairing.rows.seen(live.nodeId, this.deps.clock.now(), true);
    this.#declare(live.nodeId);
    this.#changed(live.nodeId, "connected");
  }

  disconnected(client: Client): void {
    this.#calls.dropped(client.connId);
    const live = this.#registry.remove(client);
    // The last sockets close after the database.
    if (!live || this.#stopped) return;
    this.pairing.rows.seen(live.nodeId, this.deps.clock.now(), false);
    this.pairing.left(live.nodeId);
    this.#changed(live.nodeId, "disconnected");
  }

  list(): readonly NodeView[] {
    const devices = new Map<string, PairedDevice>();
    for (const device of this.deps.devices.list().paired) {
      if (device.roles.includes("node")) devices.set(device.deviceId, device);
    }
    const ids = new Set([...devices.keys(), ...[...this.#registry.all()].map(({ nodeId }) => nodeId)]);
    return [...ids].map((id) => nodeView(this.#partsOf(id, devices.get(id)))).sort(byStateAndName);
  }

  get(nodeId: string): NodeView | undefined {
    const device = this.deps.devices.get(nodeId);
    const parts = this.#partsOf(nodeId, device);
    return parts.device || parts.live ? nodeView(parts) : undefined;
  }

  find(query: string): NodeView {
    return findNode(this.list(), query);
  }

  rename(nodeId: string, displayName: string): void {
    const name = displayName.trim();
    if (name === "") throw invalid("Cannot rename the node: the name is empty");
    if (!this.get(nodeId)) throw invalid("unknown nodeId");
    this.pairing.rename(nodeId, name);
  }

  async invoke(call: NodeCall): Promise<NodeAnswer> {
    const { nodeId, command, caller, idempotencyKey: key, signal } = call;
    // Nobody would see what came of it: a run that was stopped takes no photo.
    if (signal?.aborted) throw stoppedWaiting();
    const result = this.#repeats.once(
      { caller, key, call: [nodeId, command, call.params ?? null] },
      () => this.#invoker.start(call),
    );
    const { payload, json, asText } = await unlessAborted(result, signal);
    return { nodeId, command, payload, payloadJSON: asText ? json : null };
  }

  answer(...[client, result]: Parameters<Nodes["answer"]>): ReturnType<Nodes["answer"]> {
    return this.#calls.answer(client, result);
  }

  progress(...[client, piece]: Parameters<Nodes["progress"]>): ReturnType<Nodes["progress"]> {
    return this.#calls.progress(client, piece);
  }

  rightIn(nodeId: string, sessionKey: string): SessionRight | undefined {
    const live = this.#registry.get(nodeId);
    const rules = keyRules(this.deps.config.current());
    // What stands on its screen may be answered after a reconnect or a restart, too.
    const called = (key: string) =>
      live?.sessions.has(key) === true || this.deps.screens.get({ nodeId }).sessionKey === key;
    return live && sessionRight(sessionKey, nodeId, rules, called);
  }

  takeEvent(nodeId: string, kind: "run" | "note"): boolean {
    const { burst, perSecond } = EVENT_LIMITS[kind];
    return this.#gate.take(nodeId, kind, burst, perSecond);
  }

  sweep(): void {
    this.pairing.sweep();
    this.#repeats.sweep();
    this.#spool.sweep();
    this.#gate.sweep();
  }

  stop(): void {
    this.#stopped = true;
    for (const { nodeId, client } of this.#registry.all()) {
      this.#calls.dropped(client.connId);
      this.pairing.rows.seen(nodeId, this.deps.clock.now(), false);
    }
    this.#spool.clear();
  }

  #partsOf(nodeId: string, device: PairedDevice | undefined): NodeParts {
    return {
      nodeId,
      device: device?.roles.includes("node") ? device : undefined,
      live: this.#registry.get(nodeId),
      row: this.pairing.rows.get(nodeId),
      pending: this.pairing.ofNode(nodeId),
      lists: this.deps.config.current().gateway.nodes,
    };
  }

  /** A protocol 4 node that is here asks for approval of what nobody has approved yet. */
  #declare(nodeId: string): void {
    const parts = this.#partsOf(nodeId, this.deps.devices.get(nodeId));
    if (!parts.live || !parts.device || parts.live.client.protocol === 3) return;
    this.pairing.declare(parts.live, approvedRow(parts), parts.device?.approvedVia === "silent");
  }

  #changed(nodeId: string, reason: NodesChangedReason): void {
    this.deps.bus.publish(NodesChangedEvent, { nodeId, reason });
  }
}

const stoppedWaiting = () => unavailable("Cannot wait for the node: the caller stopped waiting", { retryable: true });

/** `result`, unless the caller stops waiting; the call itself goes on for those who share it. */
function unlessAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return result;
  return new Promise((resolve, reject) => {
    const stop = () => reject(stoppedWaiting());
    signal.addEventListener("abort", stop, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
