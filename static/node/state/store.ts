/** The state of the page. */
import { hold, nextFrame, type Readable, type Schedule } from "../../page/held.ts";
import type { State } from "./model.ts";

export interface Store extends Readable<State> {
  set(part: Partial<State>): void;
}

export function createStore(initial: State, schedule: Schedule = nextFrame): Store {
  const { get, set, subscribe } = hold(initial, schedule);
  return { get, subscribe, set: (part) => set({ ...get(), ...part }) };
}
