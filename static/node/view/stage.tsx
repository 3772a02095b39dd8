/** The canvas: a sandboxed frame without an origin, its bar, and full screen. */
import { useEffect, useRef, useState } from "preact/hooks";
import { keepKeyboard } from "../../client/keyboard.ts";
import type { Shown } from "../state/model.ts";
import { useNodeState, useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

export function Stage() {
  const { t } = useUi();
  const { shown, switches } = useNodeState();
  if (shown) return <Showing shown={shown} />;
  return (
    <section class="stage empty" aria-label={t.canvas}>
      <Icon name="canvas" />
      <p class="stage-title">{switches.canvas ? t.canvasEmpty : t.canvasOff}</p>
      <p class="muted small-text">{switches.canvas ? t.canvasEmptyHint : t.ability.canvas.hint}</p>
    </section>
  );
}

function Showing({ shown }: { shown: Shown }) {
  const { t, node } = useUi();
  const box = useRef<HTMLElement>(null);
  useEffect(
    () => keepKeyboard({ frame: () => box.current?.querySelector("iframe"), thief: () => node.hideCanvas() }),
    [node],
  );
  // On a phone the switches may be scrolled to; what is shown anew must not stay out of sight above them.
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [shown.load]);
  const [full, setFull] = useFullScreen(box);
  const name = shown.kind === "a2ui" ? t.form : shown.name;
  const label = full ? t.leaveFullScreen : t.fullScreen;
  return (
    <section class="stage" ref={box} data-full={full} aria-label={t.canvas}>
      <header class="stage-bar">
        <span class="live-dot" />
        <strong class="stage-name">{name}</strong>
        {shown.kind === "url" && <span class="chip">{t.outside}</span>}
        <span class="grow" />
        <button type="button" class="ghost" aria-label={label} title={label} onClick={() => setFull(!full)}>
          <Icon name={full ? "shrink" : "expand"} />
        </button>
        <button
          type="button"
          class="ghost"
          aria-label={t.hideCanvas}
          title={t.hideCanvas}
          onClick={() => node.hideCanvas()}
        >
          <Icon name="close" />
        </button>
      </header>
      {/* Scripts, and nothing else: no origin, so nothing of this page or of the gateway is within its reach. */}
      <iframe
        key={shown.load}
        ref={(element) => node.frame.attach(shown.load, element)}
        title={t.canvasFrame(name)}
        src={shown.src}
        sandbox="allow-scripts"
        referrerpolicy="no-referrer"
        onLoad={() => node.frame.loaded(shown.load)}
      />
    </section>
  );
}

/** The browser's own full screen, left by Escape; where a page cannot have it (iPhone), the whole window. */
function useFullScreen(box: { readonly current: HTMLElement | null }): [boolean, (full: boolean) => void] {
  const [full, set] = useState(false);
  // What the person wants: the browser takes its time, and an Escape may come before its full screen does.
  const wanted = useRef(false);
  const leave = () => {
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  };
  const change = (next: boolean) => {
    wanted.current = next;
    set(next);
    if (!next) leave();
    else void box.current?.requestFullscreen?.().catch(() => undefined);
  };
  useEffect(() => {
    const changed = () => {
      const now = document.fullscreenElement !== null && document.fullscreenElement === box.current;
      if (now && !wanted.current) return leave();
      wanted.current = now;
      set(now);
    };
    const key = (event: KeyboardEvent) => event.key === "Escape" && change(false);
    document.addEventListener("fullscreenchange", changed);
    addEventListener("keydown", key);
    return () => {
      document.removeEventListener("fullscreenchange", changed);
      removeEventListener("keydown", key);
    };
  }, []);
  return [full, change];
}
