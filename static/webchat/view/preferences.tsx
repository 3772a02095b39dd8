/** Theme and language: two small controls, kept in this browser. */
import { isLanguage, LANGUAGES } from "../i18n/mod.ts";
import { type Theme, useUi } from "./context.ts";
import { Icon, type IconName } from "./icons.tsx";

const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const ICON: Readonly<Record<Theme, IconName>> = { system: "auto", light: "sun", dark: "moon" };

export function Preferences() {
  const { t, theme, setTheme, language, setLanguage } = useUi();
  const label = `${t.theme}: ${t.themes[theme]}`;
  return (
    <div class="preferences">
      <button type="button" class="ghost" aria-label={label} title={label} onClick={() => setTheme(NEXT[theme])}>
        <Icon name={ICON[theme]} />
      </button>
      <label class="select">
        <span class="sr">{t.language}</span>
        <select
          value={language}
          onChange={({ currentTarget }) => isLanguage(currentTarget.value) && setLanguage(currentTarget.value)}
        >
          {Object.entries(LANGUAGES).map(([id, words]) => <option key={id} value={id}>{words.name}</option>)}
        </select>
      </label>
    </div>
  );
}
