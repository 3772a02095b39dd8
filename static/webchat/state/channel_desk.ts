/** What the page does with channels: reads their state, starts and stops them, decides about strangers and held messages. */
import type { Timers } from "../../client/link.ts";
import { fields } from "../../client/read.ts";
import { Board } from "./board.ts";
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
  readonly #board: Board<"channels">;

  constructor(store: Store, private readonly wire: Wire, private readonly timers: Timers) {
    this.#board = new Board(store, timers, "channels", (change) => store.dispatch({ type: "channels", change }));
    this.login = new LoginDesk(
      store,
      wire,
      (key, error) => this.#board.fail(key, error),
      () => void this.refreshAccounts(),
    );
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
    if (name.startsWith("channels.pairing.")) {
      return this.#board.plan("requests", SOON_MS, () => this.refreshRequests());
    }
    if (name === "health") this.#board.plan("accounts", SOON_MS, () => this.refreshAccounts());
    // A message that was given up leaves a line in a session, which is the only sign of it.
    if (name === "health" || name === "sessions.changed") {
      this.#board.plan("held", 4 * SOON_MS, () => this.refreshHeld());
    }
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
    this.#board.read("accounts", "operator.read", async () => {
      const { ts, offers, accounts } = readChannels(await this.wire.request("channels.status", {}));
      return { offers, accounts, loaded: true, skewMs: ts === undefined ? 0 : ts - this.timers.now() };
    })
  );

  refreshRequests = once(() =>
    this.#board.read("requests", "operator.pairing", async () => {
      const requests = readRequests(await this.wire.request("channels.pairing.list", {}));
      const next = Math.min(...requests.map(({ expiresAt }) => expiresAt || Infinity));
      const inMs = next - this.timers.now() - this.#state().skewMs;
      if (next < Infinity) this.#board.plan("expiry", Math.max(1_000, inMs + 1_000), () => this.refreshRequests());
      return { requests };
    })
  );

  refreshHeld = once(() =>
    this.#board.read("held", "operator.read", async () => {
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

  async #act(key: string, method: string, params: unknown, after: () => Promise<void>): Promise<unknown> {
    return (await this.#board.act(key, () => this.wire.request(method, params, CHANGE_MS), after))?.value;
  }

  #state = (): ChannelsState => this.#board.state();
}
