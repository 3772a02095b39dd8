/** Which language the page speaks. */
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export type Words = typeof en;
export const LANGUAGES = { en, zh } as const;
export type Language = keyof typeof LANGUAGES;

export const isLanguage = (value: string | undefined): value is Language => value === "en" || value === "zh";
/** The kept choice, else the browser's language, else English. */
export const pickLanguage = (kept: string | undefined, browser: string): Language =>
  isLanguage(kept) ? kept : browser.toLowerCase().startsWith("zh") ? "zh" : "en";
