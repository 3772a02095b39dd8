/** Holds the state, tells listeners at most once a frame: a fast stream must not redraw for every word. */
import { emptyState, type State } from "./model.ts";
import { type Action, reduce } from "./reducer.ts";

export interface Store {
  get(): State;
  dispatch(action: Action): void;
  subscribe(listener: () => void): () => void;
}

/** A hidden tab draws no frames, so a timer stands behind the frame. */
function nextFrame(callback: () => void): void {
  let called = false;
  const once = () => {
    if (called) return;
    called = true;
    callback();
  };
  if (typeof requestAnimationFrame === "function") requestAnimationFrame(once);
  setTimeout(once, 100);
}

export function createStore(schedule: (callback: () => void) => void = nextFrame): Store {
  let state = emptyState;
  let waiting = false;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      if (waiting) return;
      waiting = true;
      schedule(() => {
        waiting = false;
        for (const listener of listeners) listener();
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
