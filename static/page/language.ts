/** The languages that all pages speak. */

export type Language = "en" | "zh";

export const isLanguage = (value: string | undefined): value is Language => value === "en" || value === "zh";

/** The kept choice, else the browser's language, else English. */
export const pickLanguage = (kept: string | undefined, browser: string): Language =>
  isLanguage(kept) ? kept : browser.toLowerCase().startsWith("zh") ? "zh" : "en";
