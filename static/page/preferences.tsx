/** Theme and language: two small controls, kept in this browser. */
import { Drawing, THEME_PATHS } from "./drawings.tsx";
import { useState } from "preact/hooks";
import type { Keep } from "./keep.ts";
import { isLanguage, type Language, pickLanguage } from "./language.ts";
import { showTheme, type Theme, themeOf } from "./start.ts";

const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const PATH: Readonly<Record<Theme, string>> = {
  system: THEME_PATHS.auto,
  light: THEME_PATHS.sun,
  dark: THEME_PATHS.moon,
};

export interface PreferenceProps {
  readonly t: { readonly theme: string; readonly themes: Readonly<Record<Theme, string>>; readonly language: string };
  /** The languages by their own names. */
  readonly languages: Readonly<Record<Language, { readonly name: string }>>;
  readonly theme: Theme;
  readonly language: Language;
  setTheme(theme: Theme): void;
  setLanguage(language: Language): void;
}

export function PreferenceBar({ t, languages, theme, language, setTheme, setLanguage }: PreferenceProps) {
  const label = `${t.theme}: ${t.themes[theme]}`;
  return (
    <div class="preferences">
      <button type="button" class="ghost" aria-label={label} title={label} onClick={() => setTheme(NEXT[theme])}>
        <Drawing path={PATH[theme]} />
      </button>
      <label class="select">
        <span class="sr">{t.language}</span>
        <select
          value={language}
          onChange={({ currentTarget }) => isLanguage(currentTarget.value) && setLanguage(currentTarget.value)}
        >
          {Object.entries(languages).map(([id, words]) => <option key={id} value={id}>{words.name}</option>)}
        </select>
      </label>
    </div>
  );
}

/** The person's choices, shown at once and kept. `locales`: what `<html lang>` says of each language. */
export function usePreferences(keep: Keep, locales: Readonly<Record<Language, { readonly locale: string }>>) {
  const [language, setLanguage] = useState(() => pickLanguage(keep.get("language"), navigator.language));
  const [theme, setTheme] = useState(() => themeOf(keep.get("theme")));
  document.documentElement.lang = locales[language].locale;
  showTheme(theme);
  return {
    language,
    theme,
    setLanguage(next: Language): void {
      keep.set("language", next);
      setLanguage(next);
    },
    setTheme(next: Theme): void {
      keep.set("theme", next === "system" ? undefined : next);
      setTheme(next);
    },
  };
}
