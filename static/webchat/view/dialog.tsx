/** Dialogs on the browser's own `<dialog>`: it keeps the focus inside, closes on Esc and gives the focus back. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

interface DialogProps {
  readonly label: string;
  readonly name: string;
  onClose(): void;
  readonly children: ComponentChildren;
}

export function Dialog({ label, name, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      class={`dialog ${name}`}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

export function DialogHead({ title, onClose }: { title: string; onClose(): void }) {
  const { t } = useUi();
  return (
    <header class="dialog-head">
      <h2>{title}</h2>
      <button type="button" class="ghost" aria-label={t.close} title={t.close} onClick={onClose}>
        <Icon name="close" />
      </button>
    </header>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly hint: string;
  readonly action: string;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ title, hint, action, onConfirm, onClose }: ConfirmProps) {
  const { t } = useUi();
  const confirm = () => {
    onClose();
    onConfirm();
  };
  return (
    <Dialog label={title} name="small" onClose={onClose}>
      <h2>{title}</h2>
      <p class="muted">{hint}</p>
      <div class="row end">
        <button type="button" class="button" autofocus onClick={onClose}>{t.cancel}</button>
        <button type="button" class="button danger" onClick={confirm}>{action}</button>
      </div>
    </Dialog>
  );
}

interface RenameProps {
  /** Default: the words for a chat. */
  readonly title?: string;
  readonly label?: string;
  readonly value: string;
  onSave(value: string): void;
  onClose(): void;
}

export function Rename({ title, label, value, onSave, onClose }: RenameProps) {
  const { t } = useUi();
  const [name, setName] = useState(value);
  const save = (event: Event) => {
    event.preventDefault();
    onSave(name.trim());
    onClose();
  };
  return (
    <Dialog label={title ?? t.rename} name="small" onClose={onClose}>
      <form onSubmit={save}>
        <h2>{title ?? t.rename}</h2>
        <label class="field">
          <span>{label ?? t.renameLabel}</span>
          <input value={name} maxLength={64} autofocus onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <div class="row end">
          <button type="button" class="button" onClick={onClose}>{t.cancel}</button>
          <button type="submit" class="button primary">{t.save}</button>
        </div>
      </form>
    </Dialog>
  );
}
