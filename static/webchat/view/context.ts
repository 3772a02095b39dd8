/** What every part of the page can reach, and the hooks to reach it. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { GatewayClient } from "../../client/protocol.ts";
import type { Language } from "../../page/language.ts";
import type { Theme } from "../../page/start.ts";
import type { Words } from "../i18n/mod.ts";
import type { Chat } from "../state/chat.ts";
import { channelLabel } from "../state/channels_model.ts";
import type { SessionRow, State } from "../state/model.ts";
import type { Store } from "../state/store.ts";

export { useHeld as useStore, useNow } from "../../page/held.ts";

export interface Ui {
  readonly store: Store;
  readonly chat: Chat;
  readonly client: GatewayClient;
  /** Forgets this browser's key and token. */
  forget(): Promise<void>;
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

export function useMedia(query: string): boolean {
  const [matches, set] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = () => set(list.matches);
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [query]);
  return matches;
}

/** The name of a session: what the person called it, else what it is about. */
export function sessionTitle(t: Words, key: string, mainKey: string | undefined, row: SessionRow | undefined): string {
  if (row?.label) return row.label;
  if (key === mainKey) return t.main;
  if (row?.title && row.title !== key) return row.title;
  return row?.preview ?? t.untitled;
}

/** The channel that a session is used over, as people know it; undefined for this page itself. */
export function channelOf({ channels }: State, row: SessionRow | undefined): string | undefined {
  const id = row?.channel;
  return id === undefined || id === "webchat" ? undefined : channelLabel(channels, id);
}
