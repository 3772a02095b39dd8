/** Holds the state and tells who draws it, at most once a frame. */
import type { State } from "./model.ts";

export interface Store {
  get(): State;
  set(part: Partial<State>): void;
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

export function createStore(initial: State, schedule: (callback: () => void) => void = nextFrame): Store {
  let state = initial;
  let waiting = false;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set(part) {
      state = { ...state, ...part };
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
