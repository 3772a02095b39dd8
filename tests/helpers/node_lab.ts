/** The service of nodes with a clock that stands still, a database in memory, and nodes that answer as a test says. */
import type { PairedDevice } from "../../gateway/auth/types.ts";
import type { Screens } from "../../gateway/canvas/types.ts";
import type { Client } from "../../gateway/connection/client.ts";
import { createNodes } from "../../gateway/node/nodes.ts";
import type { NodeCall, Nodes } from "../../gateway/node/types.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import { type Db, memoryDb } from "../../gateway/storage/db.ts";
import type { Protocol } from "../../schemas/frame.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeBus, fakeClient, fakeConfig } from "./services.ts";

export interface NodeOptions {
  readonly nodeId?: string;
  readonly connId?: string;
  readonly protocol?: Protocol;
  readonly platform?: string;
  readonly commands?: readonly string[];
  readonly caps?: readonly string[];
  readonly displayName?: string;
}

/** One asked call, as the node saw it. */
export interface Asked {
  readonly id: string;
  readonly nodeId: string;
  readonly command: string;
  readonly paramsJSON: string | null;
  readonly timeoutMs: number;
}

export class NodeLab implements Disposable {
  readonly clock = new FakeClock();
  readonly bus = new FakeBus();
  readonly db: Db = memoryDb();
  readonly devices = new Map<string, PairedDevice>();
  readonly screenCalls: unknown[][] = [];
  readonly redeemed: string[] = [];
  /** The session that the last canvas command was for. */
  shownFor: { readonly sessionKey?: unknown } = {};
  lists = { allowCommands: [] as string[], denyCommands: [] as string[] };
  /** What `screens.push` throws, if anything. */
  pushError: Error | undefined;
  readonly nodes: Nodes;
  readonly stateDir = Deno.makeTempDirSync({ prefix: "ocnodes-" });

  constructor() {
    this.nodes = this.make();
  }

  /** Another service on the same database: the gateway after a restart. */
  make(): Nodes {
    const { clock, bus, db, stateDir } = this;
    return createNodes({
      db,
      clock,
      log: silentLog,
      bus,
      stateDir,
      config: { current: () => ({ ...fakeConfig(), gateway: { ...fakeConfig().gateway, nodes: this.lists } }) },
      devices: {
        list: () => ({ pending: [], paired: [...this.devices.values()] }),
        get: (deviceId) => this.devices.get(deviceId),
      },
      approvals: { redeem: (id) => this.redeemed.includes(id) },
      screens: new Proxy<Screens>(Object.create(null), {
        get: (_target, name) => (...args: unknown[]) => {
          if (name === "get") return { revision: 0, page: null, a2ui: null, ...this.shownFor };
          if (name === "shownFor") return void (this.shownFor = args[1] === undefined ? {} : { sessionKey: args[1] });
          if (name === "push" && this.pushError) throw this.pushError;
          this.screenCalls.push([String(name), ...args]);
        },
      }),
    });
  }

  /** Connects a node; a device for it is paired unless there is one. */
  connect(options: NodeOptions = {}): Client {
    const { nodeId = "n1", connId = `conn-${nodeId}`, protocol = 4, platform = "linux", displayName } = options;
    this.pair(nodeId);
    const client: Client = {
      ...fakeClient({ role: "node", deviceId: nodeId, connId, protocol, scopes: [] }),
      info: {
        id: "node-host",
        version: "1.0.0",
        platform,
        mode: "node",
        ...(displayName === undefined ? {} : { displayName }),
      },
      node: {
        caps: options.caps ?? ["system"],
        commands: options.commands ?? ["system.which"],
        permissions: {},
        pathEnv: undefined,
      },
    };
    this.bus.recipients.push(client);
    this.nodes.connected(client);
    return client;
  }

  disconnect(client: Client): void {
    this.bus.recipients.splice(this.bus.recipients.indexOf(client), 1);
    this.nodes.disconnected(client);
  }

  pair(nodeId: string): void {
    if (this.devices.has(nodeId)) return;
    const now = this.clock.now();
    this.devices.set(nodeId, {
      deviceId: nodeId,
      publicKey: "k",
      displayName: undefined,
      platform: "linux",
      deviceFamily: undefined,
      clientId: "node-host",
      clientMode: "node",
      remoteIp: undefined,
      role: "node",
      roles: ["node"],
      scopes: [],
      tokens: {},
      approvedVia: "owner",
      createdAtMs: now,
      approvedAtMs: now,
      lastSeenAtMs: undefined,
    });
  }

  /** Approves what the node asks for. */
  approve(nodeId = "n1", allow: readonly string[] = []): void {
    const request = this.nodes.pairing.list().pending.find((each) => each.nodeId === nodeId);
    if (!request) throw new Error(`Cannot approve "${nodeId}": it does not ask`);
    this.nodes.pairing.approve(request.requestId, allow);
  }

  invoke(call: Partial<NodeCall> = {}) {
    return this.nodes.invoke({
      nodeId: "n1",
      command: "system.which",
      idempotencyKey: crypto.randomUUID(),
      caller: "test",
      ...call,
    });
  }

  /** Calls that reached sockets so far. */
  asked(): (Asked & { readonly connId: string })[] {
    return this.bus.delivered.filter(({ event }) => event === "node.invoke.request")
      .map(({ connId, payload }) => ({ ...(payload as Asked), connId }));
  }

  /** The last call that reached a socket. */
  lastAsked(): Asked {
    const last = this.asked().at(-1);
    if (!last) throw new Error("Cannot answer: no node was asked");
    return last;
  }

  [Symbol.dispose](): void {
    this.nodes.stop();
    this.db.close();
    Deno.removeSync(this.stateDir, { recursive: true });
  }
}
