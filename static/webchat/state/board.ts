/** What the desks of panels share: lists that may be refused, items that are busy, and the failures beside them. */
import type { Timers } from "../../client/link.ts";
import { may } from "../../client/protocol.ts";
import { type Failure, failureOf } from "./channels_model.ts";
import type { State } from "./model.ts";
import type { Store } from "./store.ts";

interface Part {
  readonly busy: readonly string[];
  readonly failures: Readonly<Record<string, Failure>>;
}

/** The part of the page's state that one desk keeps. */
export class Board<K extends "channels" | "nodes"> {
  readonly #planned = new Map<string, () => void>();

  /** `set`: dispatches a change of that part. */
  constructor(
    private readonly store: Store,
    private readonly timers: Timers,
    private readonly name: K,
    readonly set: (change: Partial<State[K]> | Partial<Part>) => void,
  ) {}

  state = (): State[K] => this.store.get()[this.name];

  /**
   * A request for one item: busy while it and `after` are under way, and its refusal stands beside the item. Undefined
   * when it was refused, or when the item is busy already.
   */
  async act(
    key: string,
    job: () => Promise<unknown>,
    after: () => Promise<unknown>,
  ): Promise<{ readonly value: unknown } | undefined> {
    if (this.#part().busy.includes(key)) return undefined;
    this.set({ busy: [...this.#part().busy, key], failures: this.#without(key) });
    try {
      return { value: await job() };
    } catch (error) {
      this.fail(key, error);
      return undefined;
    } finally {
      await after();
      this.set({ busy: this.#part().busy.filter((one) => one !== key) });
    }
  }

  /** Reads one list; a refusal is told where the list would stand, and the last list stays. */
  async read(key: string, scope: string, job: () => Promise<Partial<State[K]>>): Promise<void> {
    const { hello } = this.store.get();
    const able = may(hello, scope) || (scope === "operator.read" && may(hello, "operator.write"));
    if (!able) return this.set({ failures: { ...this.#part().failures, [key]: { kind: "right", text: scope } } });
    try {
      const change = await job();
      this.set({ ...change, failures: this.#without(key) });
    } catch (error) {
      this.fail(key, error);
    }
  }

  fail(key: string, error: unknown): void {
    this.set({ failures: { ...this.#part().failures, [key]: failureOf(error) } });
  }

  /** Does `job` after `ms`, once: planned again before, it waits anew. */
  plan(name: string, ms: number, job: () => Promise<void>): void {
    this.#planned.get(name)?.();
    this.#planned.set(name, this.timers.after(ms, () => void job()));
  }

  #part = (): Part => this.state();

  #without(key: string): Part["failures"] {
    const { [key]: _gone, ...rest } = this.#part().failures;
    return rest;
  }
}
