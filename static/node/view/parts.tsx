/** Small pieces that several parts of the page use. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { PreferenceBar } from "../../page/preferences.tsx";
import { LANGUAGES } from "../i18n/mod.ts";
import { useUi } from "./context.ts";

/** Theme and language, kept in this browser. */
export function Preferences() {
  const { t, theme, setTheme, language, setLanguage } = useUi();
  return <PreferenceBar {...{ t, theme, setTheme, language, setLanguage }} languages={LANGUAGES} />;
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
