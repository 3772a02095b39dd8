/** Holds a page's state and tells listeners at most once a frame: a fast stream must not redraw for every word. */
import { useEffect, useState } from "preact/hooks";

export interface Readable<S> {
  get(): S;
  subscribe(listener: () => void): () => void;
}

export interface Held<S> extends Readable<S> {
  set(next: S): void;
}

export type Schedule = (callback: () => void) => void;

/** A hidden tab draws no frames, so a timer stands behind the frame. */
export function nextFrame(callback: () => void): void {
  let called = false;
  const once = () => {
    if (called) return;
    called = true;
    callback();
  };
  if (typeof requestAnimationFrame === "function") requestAnimationFrame(once);
  setTimeout(once, 100);
}

export function hold<S>(initial: S, schedule: Schedule): Held<S> {
  let state = initial;
  let waiting = false;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set(next) {
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

/** The state, redrawn at most once a frame. */
export function useHeld<S>(held: Readable<S>): S {
  const [state, set] = useState(() => held.get());
  useEffect(() => {
    const update = () => set(() => held.get());
    update();
    return held.subscribe(update);
  }, [held]);
  return state;
}

/** The time, renewed every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
