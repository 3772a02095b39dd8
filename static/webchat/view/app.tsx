/** The page as a whole: gate or chat, the dialogs, the keys that work everywhere. */
import { useEffect, useRef, useState } from "preact/hooks";
import { activeRuns, type State, threadOf } from "../state/model.ts";
import { Approvals } from "./approvals.tsx";
import { CanvasPanel } from "./canvas.tsx";
import { pageTitle } from "./canvas_parts.tsx";
import { Channels } from "./channels.tsx";
import { Composer, composing } from "./composer.tsx";
import { ConnectionBar } from "./connection.tsx";
import { isGate } from "../../page/gate.tsx";
import { useMedia, useStore, useUi } from "./context.ts";
import { Devices } from "./devices.tsx";
import { Gate, Splash } from "./gate.tsx";
import { Header } from "./header.tsx";
import { Icon } from "./icons.tsx";
import { Nodes } from "./nodes.tsx";
import { Switcher } from "./sessions.tsx";
import { Sidebar } from "./sidebar.tsx";
import { ThreadView } from "./thread.tsx";

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);

const focusMessage = () => document.getElementById("message")?.focus();

/** Keys that work everywhere. Inside a dialog only Ctrl+K does; "/" is a letter wherever one types. */
function useKeys(acts: Readonly<Record<"Ctrl+K" | "Escape" | "/", () => unknown>>): void {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (composing(event) || event.defaultPrevented) return;
      const inDialog = document.querySelector("dialog[open]") !== null;
      const command = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
      if (command) latest.current["Ctrl+K"]();
      else if (inDialog) return;
      else if (event.key === "Escape") return void latest.current.Escape();
      else if (event.key === "/" && !typing(event.target)) latest.current["/"]();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
}

export function App() {
  const ui = useUi();
  const { t, chat } = ui;
  const state = useStore(ui.store);
  const phone = useMedia("(max-width: 760px)");
  const [drawer, setDrawer] = useState(false);
  const [panel, setPanel] = useState<"devices" | "channels" | "nodes" | "switcher">();
  const { covers, ...canvas } = useCanvas(state, phone);
  const thread = threadOf(state);
  const closePanel = () => setPanel(undefined);
  const open = (name: "devices" | "channels" | "nodes") => {
    setDrawer(false);
    setPanel(name);
  };

  useKeys({
    "Ctrl+K": () => state.hello && setPanel(panel === "switcher" ? undefined : "switcher"),
    "Escape": () => {
      if (drawer) setDrawer(false);
      else if (covers) chat.canvas.close();
      else if (activeRuns(thread).length > 0) void chat.abort();
    },
    "/": focusMessage,
  });
  useEffect(() => {
    if (phone && drawer) document.querySelector<HTMLElement>(".sidebar button")?.focus();
  }, [phone, drawer]);

  if (isGate(state.connection)) return <Gate connection={state.connection} />;
  if (!state.hello) return <Splash connection={state.connection} />;
  return (
    <div class="app">
      <a class="skip" href="#message" onClick={(event) => (event.preventDefault(), focusMessage())}>{t.skip}</a>
      <Sidebar
        state={state}
        hidden={phone && !drawer}
        onDone={() => setDrawer(false)}
        onDevices={() => open("devices")}
        onChannels={() => open("channels")}
        onNodes={() => open("nodes")}
      />
      {phone && drawer && <div class="shade" onClick={() => setDrawer(false)} />}
      <div class="stage" data-covers={covers}>
        <main class="main" inert={covers || (phone && drawer)}>
          <Header state={state} onMenu={() => setDrawer(true)} />
          <ThreadView thread={thread} />
          <div class="dock">
            <Notice />
            <ConnectionBar connection={state.connection} />
            {phone && <CanvasTab state={state} />}
            <Approvals state={state} />
            <Composer thread={thread} maxImageBytes={state.hello.maxImageBytes} />
          </div>
        </main>
        <CanvasPanel state={state} covers={covers} {...canvas} />
      </div>
      {panel === "devices" && <Devices state={state} onClose={closePanel} />}
      {panel === "channels" && <Channels state={state} onClose={closePanel} />}
      {panel === "nodes" && <Nodes state={state} onClose={closePanel} />}
      {panel === "switcher" && <Switcher state={state} onClose={closePanel} />}
    </div>
  );
}

/** Where the canvas goes: beside the chat where there is room for both, else over it. */
function useCanvas({ canvas }: State, phone: boolean) {
  const { chat } = useUi();
  const roomy = useMedia("(min-width: 1001px)");
  const [wide, setWide] = useState(false);
  useEffect(() => {
    // It must not come down over somebody who writes.
    chat.canvas.mayOpen = (arriving) => {
      if (arriving && !roomy) return false;
      const box = document.getElementById("message");
      return roomy || !(box instanceof HTMLTextAreaElement) || box.value === "";
    };
  }, [roomy]);
  const covers = canvas.shown && canvas.page !== undefined && (phone || wide || !roomy);
  return { covers, wide, roomy, onWide: setWide };
}

/** The way back to a canvas that waits behind the chat of a phone. */
function CanvasTab({ state }: { state: State }) {
  const { t, chat } = useUi();
  const { page, shown, unseen } = state.canvas;
  if (!page || shown) return null;
  return (
    <button type="button" class="canvas-tab" onClick={() => chat.canvas.open()}>
      <Icon name="canvas" />
      <span>{t.canvas.title} · {pageTitle(t, page)}</span>
      {unseen && <span class="dot" />}
    </button>
  );
}

/** A sentence that goes away by itself. */
function Notice() {
  const { t, store, chat } = useUi();
  const { notice } = useStore(store);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => chat.dismiss(), 10_000);
    return () => clearTimeout(timer);
  }, [notice?.id]);
  return (
    <div class="notice-box" role="alert">
      {notice && (
        <p class="bar notice">
          <Icon name="alert" />
          <span>{notice.text}</span>
          <button type="button" class="ghost" aria-label={t.close} onClick={() => chat.dismiss()}>
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  );
}
