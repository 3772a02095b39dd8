/**
 * Who runs when: one turn at a time a lane, a bounded number of turns in all, lanes served in the order they became ready.
 * It knows nothing of runs; a job is whatever its owner queues.
 */
import type { Clock } from "../observe/clock.ts";

/** A turn's hold on its lane. `release` may be called more than once; only the first call counts. */
export interface Lease {
  release(): void;
}

/** How many jobs from the front of a queue make the next turn, and not before when (Unix ms). */
export interface TurnPlan {
  readonly count: number;
  readonly notBefore: number;
}

export interface LaneOptions<J> {
  readonly clock: Clock;
  readonly maxConcurrent: number;
  /** `queue` is never empty. */
  plan(queue: readonly J[]): TurnPlan;
  /** Starts a turn and must release the lease when it ends. May not throw. */
  start(lane: string, jobs: readonly J[], lease: Lease): void;
}

/** What a lane is doing. Only `move` changes it. */
type LaneState =
  | { readonly at: "idle" }
  | { readonly at: "waiting"; readonly cancel: () => void }
  | { readonly at: "ready" }
  | { readonly at: "busy" };

interface Lane<J> {
  readonly key: string;
  state: LaneState;
  readonly queue: J[];
}

export class Lanes<J> {
  readonly #lanes = new Map<string, Lane<J>>();
  readonly #ready: Lane<J>[] = [];
  #running = 0;
  #paused = false;
  #pump: (() => void) | undefined;
  constructor(private readonly options: LaneOptions<J>) {}

  /** Jobs that wait in a lane, oldest first. */
  queued(key: string): readonly J[] {
    return this.#lanes.get(key)?.queue ?? [];
  }

  /** Whether anything runs or waits in the lane. */
  isBusy(key: string): boolean {
    return this.#lanes.has(key);
  }

  /** Puts a job at the end of a lane. Its turn never starts inside this call, so that the caller can answer first. */
  add(key: string, job: J): void {
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, lane = { key, state: { at: "idle" }, queue: [] });
    lane.queue.push(job);
    if (lane.state.at !== "busy") this.#settle(lane);
  }

  /** Takes a job that still waits out of its lane. Returns whether it was there. */
  remove(key: string, job: J): boolean {
    const lane = this.#lanes.get(key);
    const at = lane?.queue.indexOf(job) ?? -1;
    if (!lane || at < 0) return false;
    lane.queue.splice(at, 1);
    if (lane.state.at !== "busy") this.#settle(lane);
    return true;
  }

  /** No further turn starts. Jobs stay where they are. */
  pause(): void {
    this.#paused = true;
    this.#pump?.();
    this.#pump = undefined;
    for (const lane of this.#lanes.values()) if (lane.state.at === "waiting") lane.state.cancel();
  }

  /** Looks at the front of a lane that is not busy and decides whether it is idle, waiting or ready. */
  #settle(lane: Lane<J>): void {
    if (lane.queue.length === 0) return this.#retire(lane);
    if (this.#paused) return this.#move(lane, { at: "idle" });
    const wait = this.options.plan(lane.queue).notBefore - this.options.clock.now();
    if (wait > 0) {
      this.#move(lane, { at: "waiting", cancel: this.options.clock.after(wait, () => this.#settle(lane)) });
    } else {
      if (lane.state.at !== "ready") this.#ready.push(lane);
      this.#move(lane, { at: "ready" });
      this.#wake();
    }
  }

  #retire(lane: Lane<J>): void {
    this.#move(lane, { at: "idle" });
    this.#lanes.delete(lane.key);
  }

  /** Leaves the old state (its timer, its place in the ready list) before it enters the new one. */
  #move(lane: Lane<J>, next: LaneState): void {
    if (lane.state.at === "waiting") lane.state.cancel();
    if (lane.state.at === "ready" && next.at !== "ready") this.#ready.splice(this.#ready.indexOf(lane), 1);
    lane.state = next;
  }

  #wake(): void {
    if (this.#paused || this.#pump) return;
    this.#pump = this.options.clock.after(0, () => {
      this.#pump = undefined;
      this.#startReady();
    });
  }

  #startReady(): void {
    while (!this.#paused && this.#running < this.options.maxConcurrent) {
      const lane = this.#ready[0];
      if (!lane) return;
      const jobs = lane.queue.splice(0, Math.max(1, this.options.plan(lane.queue).count));
      this.#move(lane, { at: "busy" });
      this.#running++;
      this.options.start(lane.key, jobs, this.#lease(lane));
    }
  }

  /** Frees the lane and the global place together; a lane without waiting jobs is forgotten. */
  #lease(lane: Lane<J>): Lease {
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#running--;
        this.#move(lane, { at: "idle" });
        this.#settle(lane);
        if (this.#ready.length > 0) this.#wake();
      },
    };
  }
}
