/** What the page does with nodes: lists them, approves what they can do, switches the dangerous commands, makes links. */
import type { Timers } from "../../client/link.ts";
import { Board } from "./board.ts";
import { failureOf } from "./channels_model.ts";
import type { Wire } from "./chat.ts";
import { nodeKey, type NodeRequest, nodeRequestKey, type NodeRow, type NodesState } from "./nodes_model.ts";
import { readCode, readLink, readNodePairs, readNodes } from "./nodes_parse.ts";
import { once } from "./once.ts";
import type { Store } from "./store.ts";

const SOON_MS = 250;

export class NodeDesk {
  readonly #board: Board<"nodes">;

  constructor(private readonly store: Store, private readonly wire: Wire, private readonly timers: Timers) {
    this.#board = new Board(store, timers, "nodes", (change) => store.dispatch({ type: "nodes", change }));
  }

  refresh(): void {
    void this.refreshNodes();
    void this.refreshRequests();
  }

  event(name: string): void {
    if (name === "nodes.changed") this.#board.plan("nodes", SOON_MS, () => this.refreshNodes());
    if (name === "nodes.changed" || name.startsWith("node.pair.")) {
      this.#board.plan("requests", SOON_MS, () => this.refreshRequests());
    }
  }

  refreshNodes = once(() =>
    this.#board.read("nodes", "operator.read", async () => {
      const { ts, nodes } = readNodes(await this.wire.request("node.list", {}));
      return { nodes, loaded: true, skewMs: ts === undefined ? 0 : ts - this.timers.now() };
    })
  );

  refreshRequests = once(() => {
    if (!this.store.get().hello?.methods.has("node.pair.list")) return Promise.resolve();
    return this.#board.read(
      "requests",
      "operator.pairing",
      async () => readNodePairs(await this.wire.request("node.pair.list", {})),
    );
  });

  /** `allow`: the dangerous commands that the person ticked. */
  approve({ requestId }: NodeRequest, allow: readonly string[]): Promise<boolean> {
    const params = { requestId, ...(allow.length ? { allowCommands: [...allow] } : {}) };
    return this.#act(nodeRequestKey(requestId), () => this.wire.request("node.pair.approve", params));
  }

  reject({ requestId }: NodeRequest): Promise<boolean> {
    return this.#act(nodeRequestKey(requestId), () => this.wire.request("node.pair.reject", { requestId }));
  }

  rename(nodeId: string, displayName: string): Promise<boolean> {
    return this.#act(nodeKey(nodeId), () => this.wire.request("node.rename", { nodeId, displayName }));
  }

  /** What was approved of it goes, and its device with it: otherwise it would stay in the list and ask again. */
  remove({ nodeId, paired }: NodeRow): Promise<boolean> {
    return this.#act(nodeKey(nodeId), async () => {
      await this.wire.request("node.pair.remove", { nodeId }).catch((error: unknown) => {
        if (!paired || !(error instanceof Error) || !/unknown nodeId/.test(error.message)) throw error;
      });
      if (paired) await this.wire.request("device.pair.remove", { deviceId: nodeId });
    });
  }

  /** Switches one dangerous command of a node; the others stay as they are. */
  toggle(nodeId: string, command: string, on: boolean): Promise<boolean> {
    const others = (this.#state().allowed[nodeId] ?? []).filter((one) => one !== command);
    const allowCommands = on ? [...others, command] : others;
    return this.#act(nodeKey(nodeId), () => this.wire.request("node.commands.set", { nodeId, allowCommands }));
  }

  /** A link with a one-use code for a phone. */
  async makeLink(): Promise<void> {
    this.#set({ link: { state: "loading" } });
    try {
      const link = readLink(await this.wire.request("node.link", {}));
      if (this.#state().link) this.#set({ link });
    } catch (error) {
      if (this.#state().link) this.#set({ link: { state: "failed", failure: failureOf(error) } });
    }
  }

  /** The address of the node page for this browser, with a one-use code where there is one; else it asks for the token. */
  async pageHere(): Promise<string> {
    const code = await this.wire.request("node.link", { codeOnly: true }).then(readCode, () => undefined);
    return code === undefined ? "/node" : `/node#code=${encodeURIComponent(code)}`;
  }

  closeLink(): void {
    this.#set({ link: undefined });
  }

  /** Whether it was done; the lists are read anew either way. */
  async #act(key: string, job: () => Promise<unknown>): Promise<boolean> {
    const done = await this.#board.act(key, job, () => Promise.all([this.refreshNodes(), this.refreshRequests()]));
    return done !== undefined;
  }

  #state = (): NodesState => this.#board.state();
  #set(change: Partial<NodesState>): void {
    this.#board.set(change);
  }
}
