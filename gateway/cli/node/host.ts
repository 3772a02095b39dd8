/** Answers the gateway's calls on whatever connection there is, and keeps what the gateway should hear for the next one. */
import { LIMITS } from "../../../schemas/frame.ts";
import {
  NodeInvokeRequestEvent,
  NodePairRequestedToNodeEvent,
  NodePairResolvedToNodeEvent,
} from "../../../schemas/event/node.ts";
import { OneOf, type Static, Type } from "../../../schemas/primitives.ts";
import { checker } from "../../../schemas/validate.ts";
import type { GatewayClient } from "../client.ts";
import type { WireEvent } from "../wire.ts";
import type { NodeAction } from "./commands.ts";
import { invalid, nodeError, unavailable } from "./error.ts";
import type { ExecEvent } from "./run.ts";

const Invocation = Type.Pick(NodeInvokeRequestEvent.payload, ["id", "nodeId", "command", "paramsJSON"]);
type Invocation = Static<typeof Invocation>;
/** Newer gateways may add keys. */
const checkInvocation = checker(Type.Object(Invocation.properties));

/** What of these events this node reads; an id goes into a command line that people copy. */
const checkRequest = checker(
  Type.Object({ requestId: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" }) }),
);
const DECISIONS = {
  approved: "Approved: its commands can be called",
  rejected: "Rejected: its commands cannot be called; it asks again when it connects anew",
  removed: "Its approval was taken back",
} as const;
const checkDecision = checker(Type.Object({ decision: OneOf(["approved", "rejected", "removed"]) }));

/** Calls at once. */
const MAX_CALLS = 32;
/** Notes that wait for a connection. */
const MAX_WAITING = 50;
const ANSWER_MS = 30_000;
/** The oldest gateway takes frames of so many bytes. */
const SMALLEST_FRAME = 8 * 1024 * 1024;
const FRAME_MARGIN = 64 * 1024;

export interface HostDeps {
  readonly nodeId: string;
  readonly actions: Readonly<Record<string, NodeAction>>;
  /** Shows one line to whoever runs the node. */
  say(line: string): void;
}

export class NodeHost {
  #client: GatewayClient | undefined;
  readonly #waiting: ExecEvent[] = [];
  readonly #calls = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  constructor(private readonly deps: HostDeps) {}

  /** Serves a connection until the returned function is called. A call that outlives its connection is not answered. */
  attach(client: GatewayClient): () => void {
    this.#client = client;
    const release = client.onEvent((event) => this.#receive(client, event));
    for (const event of this.#waiting.splice(0)) this.tell(event);
    return () => {
      release();
      if (this.#client === client) this.#client = undefined;
    };
  }

  /** Tells the gateway now, or at the next connection; when too many wait, the oldest are forgotten. */
  tell(event: ExecEvent): void {
    const client = this.#client;
    if (client === undefined) {
      this.#waiting.push(event);
      if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
      return;
    }
    void client.request("node.event", event, { timeoutMs: ANSWER_MS }).catch(() => {});
  }

  /** Ends what runs, waits for its end and for the answers. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#calls);
  }

  #receive(client: GatewayClient, { event, payload }: WireEvent): void {
    if (event === NodePairRequestedToNodeEvent.name) return this.#waits(payload);
    if (event === NodePairResolvedToNodeEvent.name) return this.#decided(payload);
    if (event !== NodeInvokeRequestEvent.name) return;
    const checked = checkInvocation(payload);
    if (!checked.ok || checked.value.nodeId !== this.deps.nodeId) return;
    const call = this.#call(client, checked.value).finally(() => this.#calls.delete(call));
    this.#calls.add(call);
  }

  #waits(payload: unknown): void {
    if (!checkRequest.is(payload)) return;
    const { requestId } = payload;
    this.deps.say(`Waiting for approval of its commands, on the gateway's host: openclaw nodes approve ${requestId}`);
  }

  #decided(payload: unknown): void {
    if (checkDecision.is(payload)) this.deps.say(DECISIONS[payload.decision]);
  }

  async #call(client: GatewayClient, invocation: Invocation): Promise<void> {
    const { id, nodeId } = invocation;
    const frame = await this.#outcome(invocation).then(
      (payload) => answer({ id, nodeId, ok: true, payloadJSON: JSON.stringify(payload) }, client),
      (error: unknown) => ({ id, nodeId, ok: false, error: nodeError(error) }),
    );
    await client.request("node.invoke.result", frame, { timeoutMs: ANSWER_MS }).catch((error: unknown) => {
      this.deps.say(`The answer to ${invocation.command} was lost: ${nodeError(error).message}`);
    });
  }

  async #outcome({ command, paramsJSON }: Invocation): Promise<unknown> {
    if (this.#calls.size >= MAX_CALLS) throw unavailable(`Cannot take the call: ${MAX_CALLS} are under way`);
    const action = Object.hasOwn(this.deps.actions, command) ? this.deps.actions[command] : undefined;
    if (action === undefined) throw invalid(`Cannot call "${command.slice(0, 128)}": this node has no such command`);
    return await action(paramsOf(paramsJSON), this.#stop.signal);
  }
}

function paramsOf(json: string | null): unknown {
  if (json === null) return {};
  try {
    return JSON.parse(json);
  } catch {
    throw invalid("Cannot read the parameters: they are no JSON");
  }
}

/** A frame beyond the gateway's limit would cost the connection. */
function answer<T extends { id: string; nodeId: string }>(frame: T, client: GatewayClient) {
  const limit = Math.min(client.hello.policy?.maxPayload || SMALLEST_FRAME, LIMITS.maxPayload) - FRAME_MARGIN;
  if (new TextEncoder().encode(JSON.stringify(frame)).length <= limit) return frame;
  const error = nodeError(unavailable("The result is larger than the gateway takes; ask for less at once"));
  return { id: frame.id, nodeId: frame.nodeId, ok: false, error };
}
