/** What every part of the page can reach, and the hooks to reach it. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Language, Words } from "../i18n/mod.ts";
import type { BrowserNode } from "../node.ts";
import type { State } from "../state/model.ts";

export type Theme = "system" | "light" | "dark";

export interface Ui {
  readonly node: BrowserNode;
  readonly t: Words;
  readonly language: Language;
  readonly theme: Theme;
  setLanguage(language: Language): void;
  setTheme(theme: Theme): void;
}

export const UiContext = createContext<Ui | undefined>(undefined);

export function useUi(): Ui {
  const ui = useContext(UiContext);
  if (!ui) throw new Error("Cannot draw: no context");
  return ui;
}

/** The state, redrawn at most once a frame. */
export function useNodeState(): State {
  const { store } = useUi().node;
  const [state, set] = useState(store.get());
  useEffect(() => {
    set(store.get());
    return store.subscribe(() => set(store.get()));
  }, [store]);
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
