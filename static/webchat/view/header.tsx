/** The line above the conversation: its name, the model, and what can be done with it. */
import { useEffect, useState } from "preact/hooks";
import type { State } from "../state/model.ts";
import { channelOf, sessionTitle, useUi } from "./context.ts";
import { Confirm, Rename } from "./dialog.tsx";
import { Icon, type IconName } from "./icons.tsx";

export function Header({ state, onMenu }: { state: State; onMenu(): void }) {
  const { t, chat } = useUi();
  const [asking, setAsking] = useState<"rename" | "delete">();
  const row = state.sessions.find((one) => one.key === state.current);
  const main = state.current === state.hello?.mainKey;
  const title = sessionTitle(t, state.current, state.hello?.mainKey, row);
  const channel = channelOf(state, row);
  const model = row?.model ?? state.defaultModel;
  const waiting = state.approvals.open.length;
  useEffect(() => void (document.title = `${waiting ? `(${waiting}) ` : ""}${title} · OpenClaw`), [title, waiting]);
  const close = () => setAsking(undefined);
  return (
    <header class="head">
      <span class="only-phone">
        <Tool name="menu" label={t.openMenu} onClick={onMenu} />
      </span>
      <h1 title={title}>{title}</h1>
      {channel && <span class="chip">{t.via(channel)}</span>}
      {model && <span class="chip model">{model}</span>}
      <span class="grow" />
      <CanvasButton state={state} />
      <Tool name="pencil" label={t.rename} onClick={() => setAsking("rename")} />
      <Tool name={main ? "retry" : "trash"} label={main ? t.clear : t.delete} onClick={() => setAsking("delete")} />
      <span class="only-phone">
        <Tool name="plus" label={t.newChat} onClick={() => chat.newSession()} />
      </span>
      {asking === "rename" && (
        <Rename
          value={row?.label ?? ""}
          onSave={(label) => void chat.rename(state.current, label)}
          onClose={close}
        />
      )}
      {asking === "delete" && (
        <Confirm
          title={main ? t.clearAsk : t.deleteAsk(title)}
          hint={main ? t.clearHint : t.deleteHint}
          action={main ? t.clearDo : t.delete}
          onConfirm={() => void chat.remove(state.current)}
          onClose={close}
        />
      )}
    </header>
  );
}

const Tool = ({ name, label, onClick }: { name: IconName; label: string; onClick(): void }) => (
  <button type="button" class="ghost" aria-label={label} title={label} onClick={onClick}>
    <Icon name={name} />
  </button>
);

/** Brings the canvas to the front and puts it away; only there when there is something to show. */
function CanvasButton({ state }: { state: State }) {
  const { t, chat } = useUi();
  const { page, shown, unseen } = state.canvas;
  if (!page) return null;
  const label = shown ? t.canvas.hide : unseen ? t.canvas.showNew : t.canvas.show;
  return (
    <button
      type="button"
      class="button canvas-button"
      aria-pressed={shown}
      aria-label={label}
      title={label}
      onClick={() => shown ? chat.canvas.close() : chat.canvas.open()}
    >
      <Icon name="canvas" /> <span>{t.canvas.title}</span>
      {unseen && <span class="dot" />}
    </button>
  );
}
