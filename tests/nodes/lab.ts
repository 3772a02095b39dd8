/** Nodes on real sockets: they connect, answer calls as a test says, and remember what they were asked. */
import { type Identity, type Json, makeIdentity, type TestClient } from "../helpers/client.ts";
import type { TestGateway } from "../helpers/gateway.ts";

/** What a node answers: a value becomes payloadJSON; members of node.invoke.result replace it; undefined: nothing. */
export type Answerer = (command: string, params: unknown, request: Json) => unknown;

/** Members of node.invoke.result as they are, instead of a value. */
export class Raw {
  constructor(readonly members: Json) {}
}

export interface NodeOptions {
  readonly protocol?: 3 | 4;
  readonly platform?: string;
  readonly displayName?: string;
  readonly commands?: readonly string[];
  readonly caps?: readonly string[];
  readonly device?: Identity;
  readonly record?: boolean;
}

export class TestNode implements AsyncDisposable {
  readonly asked: Json[] = [];
  answerer: Answerer = (command) => ({ command });
  private constructor(readonly client: TestClient, readonly device: Identity) {}

  static async connect(gateway: TestGateway, options: NodeOptions = {}): Promise<TestNode> {
    const { protocol = 3, platform = "linux", displayName = "hk-node", device = makeIdentity() } = options;
    const client = await gateway.connect({
      role: "node",
      protocol,
      device,
      caps: options.caps ?? ["system"],
      commands: options.commands ?? ["system.which"],
      client: { id: "node-host", mode: "node", platform, displayName },
      ...(options.record === undefined ? {} : { record: options.record }),
    });
    const node = new TestNode(client, device);
    client.onFrame = (frame) => {
      if (frame.type === "event" && frame.event === "node.invoke.request") node.#answer(frame.payload);
    };
    return node;
  }

  get id(): string {
    return this.device.id;
  }

  event(event: string, payload: unknown): Promise<Json> {
    return this.client.request("node.event", { event, payloadJSON: JSON.stringify(payload) });
  }

  /** Sends node.invoke.result for a call of this node. */
  result(id: unknown, members: Json): string {
    return this.client.sendRequest("node.invoke.result", { id, nodeId: this.id, ok: true, ...members });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  #answer(request: Json): void {
    this.asked.push(request);
    const params: unknown = request["paramsJSON"] === null ? undefined : JSON.parse(String(request["paramsJSON"]));
    const answer = this.answerer(String(request["command"]), params, request);
    if (answer === undefined) return;
    this.result(request["id"], answer instanceof Raw ? answer.members : { payloadJSON: JSON.stringify(answer) });
  }
}

/** A call with a key of its own. */
export const invokeParams = (nodeId: string, command: string, params?: unknown, more: Json = {}): Json => ({
  nodeId,
  command,
  ...(params === undefined ? {} : { params }),
  idempotencyKey: crypto.randomUUID(),
  ...more,
});
