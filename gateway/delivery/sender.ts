/**
 * Sends what is due: one row at a time in each chat, in order, several chats of an account at once. A chat waits for its
 * own first row alone; an account that is not connected, or was told to wait, holds all of its chats.
 */
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { Channels } from "../supervisor/types.ts";
import type { Head } from "./outbox_rows.ts";

/** Calls of one account at once. */
const MAX_PARALLEL = 8;
/** An account that is not connected is looked at this often, beside the wake-ups of its state changes. */
const LOOK_MS = 5_000;
const MAX_TIMER_MS = 3_600_000;
const MAX_REMEMBERED_CHATS = 1_000;

export interface SenderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly channels: Pick<Channels, "account">;
  heads(channel: string, accountId: string): readonly Head[];
  paceMs(channel: string, accountId: string): number;
  /** One attempt; says for how long the whole account must wait. */
  attempt(id: string): Promise<{ readonly pauseAccountMs: number }>;
  expire(id: string): void;
}

export interface Sender {
  wake(channel: string, accountId: string): void;
  /** Nothing of the account is sent for so long. */
  pause(channel: string, accountId: string, ms: number): void;
  /** Calls under way. */
  active(): number;
  /** Whether something could be sent at once. */
  due(): boolean;
  /** Starts nothing more. Calls under way go on. */
  stop(): void;
}

export function createSender(deps: SenderDeps): Sender {
  const pumps = new Map<string, Pump>();
  let stopped = false;
  const pumpOf = (channel: string, accountId: string): Pump => {
    const key = JSON.stringify([channel, accountId]);
    let pump = pumps.get(key);
    if (!pump) pumps.set(key, pump = new Pump(deps, channel, accountId));
    return pump;
  };
  return {
    wake: (channel, accountId) => stopped ? undefined : pumpOf(channel, accountId).run(),
    pause: (channel, accountId, ms) => stopped ? undefined : pumpOf(channel, accountId).pause(ms),
    active: () => [...pumps.values()].reduce((sum, pump) => sum + pump.active, 0),
    due: () => [...pumps.values()].some((pump) => pump.due()),
    stop() {
      stopped = true;
      for (const pump of pumps.values()) pump.stop();
    },
  };
}

/** The sender of one account. */
class Pump {
  readonly #busy = new Set<string>();
  /** Chat → when the platform bears its next message. */
  readonly #paced = new Map<string, number>();
  #pausedUntil = 0;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(private readonly deps: SenderDeps, readonly channel: string, readonly accountId: string) {}

  get active(): number {
    return this.#busy.size;
  }

  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.deps.clock.now() + ms);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  due(): boolean {
    const now = this.deps.clock.now();
    return !this.#stopped && this.#connected() && this.#heads().some((head) => this.#readyAt(head) <= now);
  }

  /** Starts what can be started, and a timer for the rest. */
  run(): void {
    if (this.#stopped) return;
    this.#cancel?.();
    this.#cancel = undefined;
    const { clock } = this.deps;
    while (this.#expireDue());
    const connected = this.#connected();
    let next = Infinity;
    for (const head of this.#heads()) {
      if (this.#busy.has(head.chatId)) continue;
      const at = connected ? this.#readyAt(head) : clock.now() + LOOK_MS;
      // The end of a call runs this again, so a full house needs no timer.
      if (at <= clock.now() && this.#busy.size < MAX_PARALLEL) this.#start(head);
      else next = Math.min(next, at, head.expiresAt);
    }
    if (next < Infinity && this.#busy.size < MAX_PARALLEL) {
      const wait = Math.min(Math.max(next - clock.now(), 1), MAX_TIMER_MS);
      this.#cancel = clock.after(wait, () => this.run());
    }
  }

  /** Ends what has waited too long; the rows behind it may have, too. */
  #expireDue(): boolean {
    const now = this.deps.clock.now();
    const late = this.#heads().filter((head) => head.expiresAt <= now && !this.#busy.has(head.chatId));
    for (const head of late) this.deps.expire(head.id);
    return late.length > 0;
  }

  #start(head: Head): void {
    const { log, clock, attempt, paceMs } = this.deps;
    this.#busy.add(head.chatId);
    attempt(head.id)
      .then(({ pauseAccountMs }) => {
        if (pauseAccountMs > 0) this.pause(pauseAccountMs);
      }, (error: unknown) => {
        log.error("outbox.attempt_broke", { id: head.id, channel: this.channel, account: this.accountId, error });
        // Without a wait a broken database would be asked in a tight loop.
        this.pause(LOOK_MS);
      })
      .finally(() => {
        this.#busy.delete(head.chatId);
        this.#remember(head.chatId, clock.now() + paceMs(this.channel, this.accountId));
        this.run();
      });
  }

  #remember(chatId: string, until: number): void {
    this.#paced.set(chatId, until);
    if (this.#paced.size <= MAX_REMEMBERED_CHATS) return;
    const now = this.deps.clock.now();
    for (const [chat, at] of this.#paced) if (at <= now) this.#paced.delete(chat);
  }

  #heads = (): readonly Head[] => this.deps.heads(this.channel, this.accountId);
  #connected = (): boolean => this.deps.channels.account(this.channel, this.accountId)?.state === "connected";
  #readyAt = (head: Head): number => Math.max(head.nextAttemptAt, this.#pausedUntil, this.#paced.get(head.chatId) ?? 0);
}
