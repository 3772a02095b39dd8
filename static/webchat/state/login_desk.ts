/** Drives a login of a channel account: start, wait for each next step, hand in what was typed, give up. */
import { RequestError } from "../../client/link.ts";
import { accountKey, type ChannelAccount, failureOf, type LoginFlow, type LoginView } from "./channels_model.ts";
import { readLogin } from "./channels_parse.ts";
import type { Wire } from "./chat.ts";
import type { Store } from "./store.ts";

const START = { waitMs: 20_000, deadlineMs: 45_000 };
const NEXT = { waitMs: 25_000, deadlineMs: 45_000 };

export class LoginDesk {
  #round = 0;

  /** `tell` shows a refusal beside an account; `ended` is called when an account may have another state. */
  constructor(
    private readonly store: Store,
    private readonly wire: Wire,
    private readonly tell: (key: string, error: unknown) => void,
    private readonly ended: () => void,
  ) {}

  /** Begins at once where there is one way to log in; else the person chooses first. */
  open({ channel, accountId }: ChannelAccount, flows: readonly LoginFlow[]): void {
    const [only, ...more] = flows;
    this.#set({
      channel,
      accountId,
      flow: only?.id,
      phase: "choosing",
      message: "",
      step: undefined,
      qr: undefined,
      count: 0,
      failure: undefined,
    });
    if (more.length === 0) void this.start(only?.id);
  }

  /** Starts a flow, or goes on with what was typed. */
  async start(flow: string | undefined, input?: Readonly<Record<string, string>>): Promise<void> {
    const login = this.#login();
    if (!login) return;
    const round = ++this.#round;
    this.#change({ phase: "starting", flow, failure: undefined, ...(input ? {} : { step: undefined, qr: undefined }) });
    await this.#ask(round, "web.login.start", {
      timeoutMs: START.waitMs,
      ...(flow === undefined ? {} : { flow }),
      ...(input ? { input } : {}),
    }, START.deadlineMs);
    await this.#follow(round);
  }

  /** After a new connection: the login may have gone on meanwhile, or have ended with the gateway. */
  async resume(): Promise<void> {
    const phase = this.#login()?.phase;
    if (phase !== "starting" && phase !== "step") return;
    const round = ++this.#round;
    this.#change({ phase: "step", count: 0, failure: undefined });
    await this.#follow(round);
  }

  close(): void {
    const login = this.#login();
    this.#round++;
    this.#set(undefined);
    if (login?.phase !== "starting" && login?.phase !== "step") return;
    const { channel, accountId } = login;
    this.wire.request("web.login.cancel", { channel, accountId }).then(
      () => this.ended(),
      (error: unknown) => this.tell(accountKey(channel, accountId), error),
    );
  }

  /** One step after the other, until the end or until somebody else has taken over. */
  async #follow(round: number): Promise<void> {
    for (let login = this.#login(); round === this.#round && login?.phase === "step"; login = this.#login()) {
      if (login.failure !== undefined) return;
      await this.#ask(round, "web.login.wait", { seen: login.count, timeoutMs: NEXT.waitMs }, NEXT.deadlineMs);
    }
  }

  async #ask(round: number, method: string, params: Record<string, unknown>, deadlineMs: number): Promise<void> {
    const login = this.#login();
    if (!login) return;
    const { channel, accountId } = login;
    try {
      const payload = await this.wire.request(method, { channel, accountId, ...params }, deadlineMs);
      if (round === this.#round) this.#show(payload, method === "web.login.start");
    } catch (error) {
      if (round !== this.#round) return;
      // A lost connection comes back by itself, and the login may still be there.
      const lost = error instanceof RequestError && error.code === "CLOSED";
      this.#change({ phase: lost ? "step" : "failed", message: "", failure: failureOf(error) });
    }
  }

  #show(payload: unknown, first: boolean): void {
    const { end, step, ...rest } = readLogin(payload);
    // No step after a wait: the gateway knows of no login any more.
    const phase = end ?? (step || first ? "step" : "failed");
    this.#change({ ...rest, phase, step: end ? undefined : step, failure: undefined });
    if (end) this.ended();
  }

  #login = (): LoginView | undefined => this.store.get().channels.login;
  #set(login: LoginView | undefined): void {
    this.store.dispatch({ type: "channels", change: { login } });
  }
  #change(change: Partial<LoginView>): void {
    const login = this.#login();
    if (login) this.#set({ ...login, ...change });
  }
}
