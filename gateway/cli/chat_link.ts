/** The connection of `openclaw chat`: opens it, hands out its events, and opens it again a few times after a loss. */
import { checker } from "../../schemas/validate.ts";
import { LostError } from "./client.ts";
import type { Opener, Session } from "./connect.ts";
import type { CliContext } from "./context.ts";
import { AgentEventPayload, ChatEventPayload } from "./payloads.ts";
import type { WireEvent } from "./wire.ts";

/** Waits before each new attempt: a restart of the gateway takes a second, a reboot of its host half a minute. */
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 8000, 8000] as const;

const checkAgent = checker(AgentEventPayload);
const checkChat = checker(ChatEventPayload);

export interface LinkEvents {
  agent(payload: AgentEventPayload): void;
  chat(payload: ChatEventPayload): void;
  /** The connection is gone and a new one is being made. */
  lost(reason: string): void;
  /** There is a new connection. */
  back(session: Session): Promise<void>;
  /** No new connection could be made. */
  gone(error: unknown): void;
}

export class ChatLink {
  #session: Session | undefined;
  /** Resolves with the live connection; a new promise stands here while one is being made. */
  #ready = Promise.withResolvers<Session>();
  #closing = false;
  /** Ends the wait before the next attempt. */
  #wakeUp: () => void = () => {};
  constructor(
    private readonly context: CliContext,
    private readonly opener: Opener,
    private readonly events: LinkEvents,
  ) {}

  /** The live connection, or the next one. Rejects when none can be made. */
  get session(): Promise<Session> {
    return this.#ready.promise;
  }

  async open(): Promise<Session> {
    const session = await this.opener.open();
    this.#session = session;
    this.#ready.resolve(session);
    session.client.onEvent((event) => this.#dispatch(event));
    void session.client.ended.then(({ failure, reason, code }) => {
      this.#session = undefined;
      this.#ready = Promise.withResolvers();
      this.#ready.promise.catch(() => {});
      if (!this.#closing) void this.#reopen(failure ?? (reason || `code ${code}`));
    });
    return session;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#wakeUp();
    await this.#session?.client.close();
  }

  async #reopen(reason: string): Promise<void> {
    this.events.lost(reason);
    let last: unknown;
    for (const wait of RETRY_MS) {
      await this.#sleep(wait);
      if (this.#closing) return;
      try {
        await this.events.back(await this.open());
        return;
      } catch (error) {
        last = error;
        if (!(error instanceof LostError)) break;
      }
    }
    this.#ready.reject(last);
    this.events.gone(last);
  }

  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.context.clock.after(ms, resolve);
    this.#wakeUp = resolve;
    await promise;
    cancel();
  }

  #dispatch({ event, payload }: WireEvent): void {
    if (event === "agent") {
      const checked = checkAgent(payload);
      if (checked.ok) this.events.agent(checked.value);
    } else if (event === "chat") {
      const checked = checkChat(payload);
      if (checked.ok) this.events.chat(checked.value);
    }
  }
}
