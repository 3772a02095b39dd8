/**
 * One frame of the canvas and our end of its bridge. What is in it is hostile by assumption: it is sandboxed, heard only
 * when the message comes from its own window, and gets nothing that is secret.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { keepKeyboard } from "../../client/keyboard.ts";
import { LOAD_MS, READY_MS } from "../state/canvas_limits.ts";
import type { ActionView, PresentedPage, Surfaces, UserAction } from "../state/canvas_model.ts";
import { saysReady } from "../state/canvas_model.ts";
import { FrameBridge, type FrameLook } from "../state/frame_bridge.ts";
import { useMedia, useUi } from "./context.ts";

export interface FrameProps {
  readonly src: string;
  readonly title: string;
  readonly page: PresentedPage;
  readonly surfaces: Surfaces | undefined;
  readonly actions: readonly ActionView[];
  /** Answers the id of the action, whose states are in `actions` from then on. */
  onAction(action: UserAction): string;
  onOpenUrl(url: URL): void;
  /** A page that holds the bridge did not say that it is there. */
  onSilence(): void;
  onTrouble(text: string): void;
  /** It took the keyboard from somebody who was typing, more than once. */
  onThief(): void;
}

/** What the frame drew so far: the rest follows, and another epoch begins anew. */
interface Drawn {
  epoch: number;
  count: number;
}

export function CanvasFrame(props: FrameProps) {
  const { src, title, page, surfaces, actions } = props;
  const frame = useRef<HTMLIFrameElement>(null);
  const look = useLook();
  const [ready, setReady] = useState(0);
  const [loaded, setLoaded] = useState(false);
  const latest = useRef(props);
  latest.current = props;
  const told = useRef(new Map<string, string>());
  const bridge: FrameBridge = useMemo(() =>
    new FrameBridge({
      // The frame's origin is opaque, so its window can only be named by "*".
      post: (message) => frame.current?.contentWindow?.postMessage(message, "*"),
      now: () => performance.now(),
      ready: () => setReady((count) => count + 1),
      action: (action) => {
        const id = latest.current.onAction(action);
        // At once: the states that follow may come before the page is drawn the next time.
        told.current.set(id, "pending");
        bridge.status(id, "pending", undefined);
      },
      openUrl: (url) => latest.current.onOpenUrl(url),
      trouble: (text) => latest.current.onTrouble(text),
    }, look), []);
  useMessages(frame, bridge);
  useEffect(() => keepKeyboard({ frame: () => frame.current, thief: () => latest.current.onThief() }), []);
  useEffect(() => bridge.show(look), [look]);
  useSurfaces(bridge, ready, surfaces);
  useStatus(bridge, told.current, actions);
  useEffect(() => void (ready > 0 && page.kind === "url" && bridge.visit(page.url)), [ready]);
  useEffect(() => {
    if (ready > 0 || !saysReady(page)) return;
    const timer = setTimeout(() => latest.current.onSilence(), loaded ? READY_MS : LOAD_MS);
    return () => clearTimeout(timer);
  }, [ready > 0, loaded]);
  return (
    <iframe
      ref={frame}
      class="canvas-frame"
      title={title}
      sandbox="allow-scripts"
      referrerpolicy="no-referrer"
      src={src}
      onLoad={() => {
        setLoaded(true);
        bridge.loaded();
      }}
    />
  );
}

function useLook(): FrameLook {
  const { theme } = useUi();
  const dark = useMedia("(prefers-color-scheme: dark)");
  const prefersReducedMotion = useMedia("(prefers-reduced-motion: reduce)");
  const shown = theme === "system" ? (dark ? "dark" : "light") : theme;
  return useMemo(() => ({ theme: shown, prefersReducedMotion }), [shown, prefersReducedMotion]);
}

function useMessages(frame: { readonly current: HTMLIFrameElement | null }, bridge: FrameBridge): void {
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      const own = frame.current?.contentWindow;
      if (own && event.source === own) bridge.receive(event);
    };
    addEventListener("message", hear);
    return () => removeEventListener("message", hear);
  }, [bridge]);
}

/** Keeps the surfaces of the frame equal to ours. `ready` counts documents: a new one has drawn nothing. */
function useSurfaces(bridge: FrameBridge, ready: number, surfaces: Surfaces | undefined): void {
  const drawn = useRef<Drawn & { ready: number }>({ epoch: 0, count: 0, ready: 0 });
  useEffect(() => {
    const before = drawn.current;
    if (ready === 0 || !surfaces) return;
    const fresh = before.ready !== ready;
    const anew = fresh || before.epoch !== surfaces.epoch;
    if (anew && !fresh) bridge.reset();
    bridge.apply(surfaces.messages.slice(anew ? 0 : before.count));
    drawn.current = { epoch: surfaces.epoch, count: surfaces.messages.length, ready };
  }, [ready, surfaces]);
}

/** Tells the frame what became of its actions, each state once. */
function useStatus(bridge: FrameBridge, told: Map<string, string>, actions: readonly ActionView[]): void {
  useEffect(() => {
    for (const { id, state, error } of actions) {
      if (told.get(id) === state) continue;
      told.set(id, state);
      bridge.status(id, state, error);
    }
    for (const id of told.keys()) if (!actions.some((one) => one.id === id)) told.delete(id);
  }, [actions]);
}
