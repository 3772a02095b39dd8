/** Which language the page speaks, and times in words. */
import type { Language } from "../../page/language.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export type Words = typeof en;
export const LANGUAGES = { en, zh } satisfies Record<Language, Words>;

/** The browser's own flavour of the language, so that British clocks stay British. */
const localeOf = (t: Words): string =>
  navigator.language.toLowerCase().startsWith(t.locale.slice(0, 2)) ? navigator.language : t.locale;

/** "5 min. ago"; the exact time belongs beside it. */
export function ago(t: Words, timestamp: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - timestamp) / 1000));
  if (seconds < 60) return t.ago(0, "second");
  if (seconds < 3600) return t.ago(Math.round(seconds / 60), "minute");
  if (seconds < 86_400) return t.ago(Math.round(seconds / 3600), "hour");
  return t.ago(Math.round(seconds / 86_400), "day");
}

export const exactTime = (t: Words, timestamp: number): string =>
  new Date(timestamp).toLocaleString(localeOf(t), { dateStyle: "medium", timeStyle: "short" });

export const clockTime = (t: Words, timestamp: number): string =>
  new Date(timestamp).toLocaleTimeString(localeOf(t), { hour: "2-digit", minute: "2-digit" });

/** "0.8 s", "1 min 5 s". */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** "Saturday, 21 November". */
export const dayName = (t: Words, timestamp: number): string =>
  new Date(timestamp).toLocaleDateString(localeOf(t), { weekday: "long", day: "numeric", month: "long" });
