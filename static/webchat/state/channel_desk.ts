/** What the page does with channels: reads their state, starts and stops them, decides about strangers and held messages. */
import type { Timers } from "../../client/link.ts";
import { may } from "../../client/protocol.ts";
import { fields } from "../../client/read.ts";
import {
  type ChannelAccount,
  type ChannelsState,
  type Failure,
  failureOf,
  HELD_STATES,
  heldKey,
  type HeldMessage,
  offerOf,
  requestKey,
  type SenderRequest,
} from "./channels_model.ts";
import { readChannels, readHeld, readRequests } from "./channels_parse.ts";
import type { Wire } from "./chat.ts";
import { LoginDesk } from "./login_desk.ts";
import { once } from "./once.ts";
import type { Store } from "./store.ts";

const SOON_MS = 250;
/** How often an open panel looks for held messages: there is no event for them. */
const LOOK_MS = 5_000;
const CHANGE_MS = 35_000;
const HELD_LIMIT = 50;

export class ChannelDesk {
  readonly login: LoginDesk;
  #planned = new Map<string, () => void>();

  constructor(private readonly store: Store, private readonly wire: Wire, private readonly timers: Timers) {
    this.login = new LoginDesk(store, wire, (key, error) => this.#fail(key, error), () => void this.refreshAccounts());
  }

  /** Connected, for the first time or again. */
  hello(): void {
    this.refresh();
    void this.login.resume();
  }

  refresh(): void {
    void this.refreshAccounts();
    void this.refreshRequests();
    void this.refreshHeld();
  }

  event(name: string): void {
    if (name.startsWith("channels.pairing.")) return this.#plan("requests", SOON_MS, () => this.refreshRequests());
    if (name === "health") this.#plan("accounts", SOON_MS, () => this.refreshAccounts());
    // A message that was given up leaves a line in a session, which is the only sign of it.
    if (name === "health" || name === "sessions.changed") this.#plan("held", 4 * SOON_MS, () => this.refreshHeld());
  }

  /** While somebody looks. Returns the function that ends it. */
  watch(): () => void {
    this.refresh();
    let stop = (): void => {};
    const later = (): void => {
      stop = this.timers.after(LOOK_MS, () => {
        void this.refreshHeld();
        later();
      });
    };
    later();
    return () => stop();
  }

  refreshAccounts = once(() =>
    this.#read("accounts", "operator.read", async () => {
      const { ts, offers, accounts } = readChannels(await this.wire.request("channels.status", {}));
      return { offers, accounts, loaded: true, skewMs: ts === undefined ? 0 : ts - this.timers.now() };
    })
  );

  refreshRequests = once(() =>
    this.#read("requests", "operator.pairing", async () => {
      const requests = readRequests(await this.wire.request("channels.pairing.list", {}));
      const next = Math.min(...requests.map(({ expiresAt }) => expiresAt || Infinity));
      const inMs = next - this.timers.now() - this.#state().skewMs;
      if (next < Infinity) this.#plan("expiry", Math.max(1_000, inMs + 1_000), () => this.refreshRequests());
      return { requests };
    })
  );

  refreshHeld = once(() =>
    this.#read("held", "operator.read", async () => {
      const lists = await Promise.all(
        HELD_STATES.map((state) => this.wire.request("outbox.list", { state, limit: HELD_LIMIT })),
      );
      return { held: lists.flatMap(readHeld).sort((a, b) => b.updatedAt - a.updatedAt) };
    })
  );

  change(verb: "start" | "stop" | "logout", { key, channel, accountId }: ChannelAccount): Promise<unknown> {
    return this.#act(key, `channels.${verb}`, { channel, accountId }, () => this.refreshAccounts());
  }

  /**
   * Lets a stranger in or forgets the request. Answers whether it was done, and whether the person could be told. A
   * person's own number stays silent: its owner says hello in their own words.
   */
  async decide(request: SenderRequest, approve: boolean): Promise<"done" | "untold" | undefined> {
    const { channel, accountId, requestId } = request;
    const notify = approve && offerOf(this.#state(), channel)?.personal === false;
    const answer = await this.#act(
      requestKey(request),
      `channels.pairing.${approve ? "approve" : "dismiss"}`,
      { channel, accountId, requestId, ...(notify ? { notify } : {}) },
      () => this.refreshRequests(),
    );
    if (answer === undefined) return undefined;
    return notify && fields(answer)["notification"] !== "sent" ? "untold" : "done";
  }

  /** Lets in whoever was told this code, on whichever channel that was. */
  async approveCode(code: string): Promise<{ readonly approved?: string; readonly failure?: Failure }> {
    const { requests } = this.#state();
    for (const channel of new Set(requests.map((one) => one.channel))) {
      const notify = offerOf(this.#state(), channel)?.personal === false;
      try {
        const params = { channel, requestId: code, ...(notify ? { notify } : {}) };
        const answer = fields(await this.wire.request("channels.pairing.approve", params, CHANGE_MS));
        const known = requests.find(({ requestId }) => requestId === answer["requestId"]);
        await this.refreshRequests();
        return { approved: known?.name ?? String(answer["senderId"]) };
      } catch (error) {
        const failure = failureOf(error);
        // The next channel may know the code; whatever else is wrong is wrong there, too.
        if (!/unknown requestId/.test(failure.text)) return { failure };
      }
    }
    return {};
  }

  settle(verb: "retry" | "drop", message: HeldMessage): Promise<unknown> {
    return this.#act(heldKey(message), `outbox.${verb}`, { id: message.id }, () => this.refreshHeld());
  }

  /** A request for one item: busy while it is under way, and its refusal stands beside the item. */
  async #act(key: string, method: string, params: unknown, after: () => Promise<void>): Promise<unknown> {
    if (this.#state().busy.includes(key)) return undefined;
    this.#set({ busy: [...this.#state().busy, key], failures: without(this.#state().failures, key) });
    try {
      return await this.wire.request(method, params, CHANGE_MS);
    } catch (error) {
      this.#fail(key, error);
      return undefined;
    } finally {
      await after();
      this.#set({ busy: this.#state().busy.filter((one) => one !== key) });
    }
  }

  /** Reads one list; a refusal is told where the list would stand, and the last list stays. */
  async #read(key: string, scope: string, job: () => Promise<Partial<ChannelsState>>): Promise<void> {
    const { hello } = this.store.get();
    const able = may(hello, scope) || (scope === "operator.read" && may(hello, "operator.write"));
    if (!able) return this.#set({ failures: { ...this.#state().failures, [key]: { kind: "right", text: scope } } });
    try {
      const change = await job();
      this.#set({ ...change, failures: without(this.#state().failures, key) });
    } catch (error) {
      this.#fail(key, error);
    }
  }

  #fail(key: string, error: unknown): void {
    this.#set({ failures: { ...this.#state().failures, [key]: failureOf(error) } });
  }

  #state = (): ChannelsState => this.store.get().channels;
  #set(change: Partial<ChannelsState>): void {
    this.store.dispatch({ type: "channels", change });
  }

  #plan(name: string, ms: number, job: () => Promise<void>): void {
    this.#planned.get(name)?.();
    this.#planned.set(name, this.timers.after(ms, () => void job()));
  }
}

function without(failures: Readonly<Record<string, Failure>>, key: string): Readonly<Record<string, Failure>> {
  const { [key]: _gone, ...rest } = failures;
  return rest;
}
