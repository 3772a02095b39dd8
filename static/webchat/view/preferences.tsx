/** Theme and language of this page. */
import { PreferenceBar } from "../../page/preferences.tsx";
import { LANGUAGES } from "../i18n/mod.ts";
import { useUi } from "./context.ts";

export function Preferences() {
  const { t, theme, setTheme, language, setLanguage } = useUi();
  return <PreferenceBar {...{ t, theme, setTheme, language, setLanguage }} languages={LANGUAGES} />;
}
