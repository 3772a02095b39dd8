/** The two counters of `stateVersion`: process-wide, from 1, raised on every change. */
import type { StateVersion } from "../../schemas/frame.ts";

export class StateCounters {
  #presence = 1;
  #health = 1;

  current(): StateVersion {
    return { presence: this.#presence, health: this.#health };
  }

  bump(counter: "presence" | "health"): StateVersion {
    if (counter === "presence") this.#presence++;
    else this.#health++;
    return this.current();
  }
}
