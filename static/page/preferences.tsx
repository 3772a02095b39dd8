/** Theme and language: two small controls, kept in this browser. */
import { Drawing, THEME_PATHS } from "./drawings.tsx";
import { isLanguage, type Language } from "./language.ts";
import type { Theme } from "./start.ts";

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
