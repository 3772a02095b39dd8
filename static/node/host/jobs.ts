/** What runs now, for the person to see and to stop. */
import type { Ability, Job } from "../state/model.ts";
import type { Store } from "../state/store.ts";
import { type NodeFailure, stoppedHere } from "./failure.ts";

/** A job on the page. `update` tells what is known later: the stream, or when it ends. */
export interface Handle {
  update(part: Pick<Partial<Job>, "stream" | "endsAt">): void;
  end(): void;
}

export class Jobs {
  #next = 0;
  readonly #aborts = new Map<number, AbortController>();

  constructor(private readonly store: Store, private readonly now: () => number) {}

  begin(ability: Ability, command: string, abort: AbortController): Handle {
    const id = ++this.#next;
    this.#aborts.set(id, abort);
    const job: Job = { id, ability, command, startedAt: this.now(), endsAt: undefined, stream: undefined };
    this.store.set({ jobs: [...this.store.get().jobs, job] });
    return {
      update: (part) =>
        this.store.set({ jobs: this.store.get().jobs.map((one) => one.id === id ? { ...one, ...part } : one) }),
      end: () => {
        this.#aborts.delete(id);
        this.store.set({ jobs: this.store.get().jobs.filter((one) => one.id !== id) });
      },
    };
  }

  /** The person's Stop. */
  stop(id: number): void {
    this.#aborts.get(id)?.abort(stoppedHere());
  }

  /** Ends what uses an ability, as when its switch goes off or the page is hidden. */
  stopAll(ability: Ability, why: NodeFailure): void {
    for (const job of this.store.get().jobs) {
      const listens = ability === "microphone" && (job.stream?.getAudioTracks().length ?? 0) > 0;
      if (listens || job.ability === ability) this.#aborts.get(job.id)?.abort(why);
    }
  }
}
