/** Small pieces that several parts of the page use. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isLanguage, LANGUAGES } from "../i18n/mod.ts";
import { type Theme, useUi } from "./context.ts";
import { Icon, type IconName } from "./icons.tsx";

const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const ICON: Readonly<Record<Theme, IconName>> = { system: "auto", light: "sun", dark: "moon" };

/** Theme and language, kept in this browser. */
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

/** A command to copy. */
export function CommandLine({ text }: { text: string }) {
  const { t } = useUi();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text).catch(() => undefined);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div class="command">
      <code>{text}</code>
      <button type="button" class="link" onClick={() => void copy()}>{copied ? t.copied : t.copy}</button>
    </div>
  );
}

interface DialogProps {
  readonly title: string;
  onClose(): void;
  readonly children: ComponentChildren;
}

/** On the browser's own `<dialog>`: it keeps the focus inside, closes on Esc and gives the focus back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} class="dialog small" aria-label={title} onCancel={onClose}>
      <div class="dialog-body">
        <h2>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
