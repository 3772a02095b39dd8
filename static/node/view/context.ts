/** What every part of the page can reach, and the hooks to reach it. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { useHeld } from "../../page/held.ts";
import type { Language } from "../../page/language.ts";
import type { Theme } from "../../page/start.ts";
import type { Words } from "../i18n/mod.ts";
import type { BrowserNode } from "../node.ts";
import type { State } from "../state/model.ts";

export { useNow } from "../../page/held.ts";

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
  return useHeld(useUi().node.store);
}
