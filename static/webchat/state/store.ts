/** The state of the page; it changes by actions alone. */
import { hold, nextFrame, type Readable, type Schedule } from "../../page/held.ts";
import { emptyState, type State } from "./model.ts";
import { type Action, reduce } from "./reducer.ts";

export interface Store extends Readable<State> {
  dispatch(action: Action): void;
}

export function createStore(schedule: Schedule = nextFrame): Store {
  const { get, set, subscribe } = hold(emptyState, schedule);
  return {
    get,
    subscribe,
    dispatch(action) {
      const next = reduce(get(), action);
      if (next !== get()) set(next);
    },
  };
}
