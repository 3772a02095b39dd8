/** Which language the page speaks. */
import type { Language } from "../../page/language.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export type Words = typeof en;
export const LANGUAGES = { en, zh } satisfies Record<Language, Words>;
