/** Calls under way: asked of one socket, settled by that node's answer, its going away, or the deadline; never twice. */
import { invalid, unavailable } from "../../schemas/error.ts";
import { NodeInvokeRequestEvent } from "../../schemas/event/node.ts";
import type { NodeInvokeResultParams } from "../../schemas/method/nodes.ts";
import type { Bus } from "../bus.ts";
import type { Client } from "../connection/client.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { LiveNode } from "./registry.ts";
import { EMPTY, fromText, isBare, nodeError, type NodeResult, PIECES_BYTES, readPayload, tooLarge } from "./result.ts";
import type { Spool, SpoolFile } from "./spool.ts";

export const DEFAULT_TIMEOUT_MS = 30_000;
export const MAX_TIMEOUT_MS = 600_000;
export const MAX_CALLS = { perNode: 64, total: 1_024 } as const;
/** The node gets this much less time than the caller, so that its own timeout arrives as an answer. */
const HEAD_START_MS = 250;

export interface Ask {
  readonly command: string;
  /** JSON text of the parameters; null: the command has none. */
  readonly paramsJSON: string | null;
  readonly timeoutMs: number;
  readonly idempotencyKey: string;
}

export interface Piece {
  readonly invokeId: string;
  readonly nodeId: string;
  readonly seq: number;
  readonly chunk: string;
}

export interface Taken {
  readonly ok: true;
  readonly ignored?: true;
}

interface Open {
  readonly nodeId: string;
  readonly connId: string;
  readonly command: string;
  pieces: { readonly file: SpoolFile; next: number } | undefined;
  settle(outcome: Promise<NodeResult>): void;
}

export interface CallsDeps {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly spool: Spool;
}

export class Calls {
  readonly #open = new Map<string, Open>();
  readonly #perNode = new Map<string, number>();
  constructor(private readonly deps: CallsDeps) {}

  /** Throws UNAVAILABLE when too many calls are under way. */
  requireRoom(nodeId: string): void {
    const own = this.#perNode.get(nodeId) ?? 0;
    if (own < MAX_CALLS.perNode && this.#open.size < MAX_CALLS.total) return;
    const whose = own < MAX_CALLS.perNode ? "all nodes together" : "this node";
    throw unavailable(`Cannot call the node: too many calls to ${whose} are under way`, { retryable: true });
  }

  send({ nodeId, client }: LiveNode, ask: Ask): Promise<NodeResult> {
    const id = uuid();
    const { promise, resolve } = Promise.withResolvers<NodeResult>();
    const cancel = this.deps.clock.after(ask.timeoutMs, () => this.#settle(id, Promise.reject(timedOut())));
    this.#perNode.set(nodeId, (this.#perNode.get(nodeId) ?? 0) + 1);
    const open: Open = {
      nodeId,
      connId: client.connId,
      command: ask.command,
      pieces: undefined,
      settle: (outcome) => {
        cancel();
        resolve(outcome);
      },
    };
    this.#open.set(id, open);
    const { command, paramsJSON, idempotencyKey } = ask;
    const timeoutMs = Math.max(1, ask.timeoutMs - Math.min(HEAD_START_MS, Math.floor(ask.timeoutMs / 20)));
    const request = { id, nodeId, command, paramsJSON, timeoutMs, idempotencyKey };
    this.deps.bus.publish(NodeInvokeRequestEvent, request, { only: ({ connId }) => connId === client.connId });
    return promise;
  }

  /** The node's last word on a call. Late, unknown, or about a call to another node: ignored. */
  answer(client: Client, result: NodeInvokeResultParams): Taken {
    const open = this.#ownCall(client, result.nodeId, result.id);
    if (!open) return IGNORED;
    this.#settle(result.id, outcome(result, open.pieces?.file));
    return TAKEN;
  }

  /** A piece of a result. A piece that is missing ends the call; one that came before is ignored. */
  progress(client: Client, { invokeId, nodeId, seq, chunk }: Piece): Taken {
    const open = this.#ownCall(client, nodeId, invokeId);
    if (!open) return IGNORED;
    try {
      const pieces = open.pieces ??= { file: this.deps.spool.create(), next: 0 };
      if (seq < pieces.next) return IGNORED;
      if (seq > pieces.next) {
        throw unavailable(`node invoke failed: piece ${pieces.next} of the result is missing`, { retryable: false });
      }
      pieces.file.append(chunk);
      if (pieces.file.bytes > PIECES_BYTES) throw tooLarge(PIECES_BYTES);
      pieces.next++;
    } catch (error) {
      this.#settle(invokeId, Promise.reject(error));
    }
    return TAKEN;
  }

  /** The socket is gone: who waits for it hears so at once (methods facts, section 11.3). */
  dropped(connId: string): void {
    for (const [id, open] of this.#open) {
      if (open.connId !== connId) continue;
      this.#settle(id, Promise.reject(unavailable(`node disconnected (${open.command})`)));
    }
  }

  #ownCall(client: Client, nodeId: string, id: string): Open | undefined {
    if (client.deviceId === undefined || client.deviceId !== nodeId) throw invalid("nodeId mismatch");
    const open = this.#open.get(id);
    return open?.nodeId === nodeId ? open : undefined;
  }

  #settle(id: string, result: Promise<NodeResult>): void {
    const open = this.#open.get(id);
    if (!open) return void result.catch(() => {});
    this.#open.delete(id);
    const left = (this.#perNode.get(open.nodeId) ?? 1) - 1;
    if (left > 0) this.#perNode.set(open.nodeId, left);
    else this.#perNode.delete(open.nodeId);
    const { pieces } = open;
    open.settle(pieces ? result.finally(() => pieces.file.remove()) : result);
  }
}

const TAKEN: Taken = { ok: true };
const IGNORED: Taken = { ok: true, ignored: true };

async function outcome(result: NodeInvokeResultParams, pieces: SpoolFile | undefined): Promise<NodeResult> {
  if (!result.ok) throw nodeError(result);
  if (!isBare(result)) return readPayload(result);
  return pieces ? fromText(await pieces.read(), PIECES_BYTES) : EMPTY;
}

const timedOut = () =>
  unavailable("node invoke timed out", {
    details: { nodeError: { code: "TIMEOUT", message: "node invoke timed out" } },
    retryable: true,
  });
