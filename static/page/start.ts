/** What each page does at its start: the one-use code, the theme. */
import { codeOf } from "../client/protocol.ts";

/** A code is a secret for as long as it is unused: it must not stay in the address bar or the browser's history. */
export function takeCode(): string | undefined {
  const code = codeOf(location.hash);
  if (code !== undefined) history.replaceState(null, "", location.pathname);
  return code;
}

export type Theme = "system" | "light" | "dark";

/** The theme by its kept name; an unknown one counts as the system's. */
export const themeOf = (kept: string | undefined): Theme => kept === "light" || kept === "dark" ? kept : "system";

export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
