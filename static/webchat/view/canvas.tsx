/** The canvas beside the chat: its header, its frame, and what to do when it does not load. On phones a sheet. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type CanvasView, frameUrl, pageKey, type PresentedPage, WEB_FRAME } from "../state/canvas_model.ts";
import { briefly } from "../state/approvals_model.ts";
import type { State } from "../state/model.ts";
import { CanvasFrame } from "./canvas_frame.tsx";
import { actionError, ActionLine, CanvasProblem, ForeignCard, LeaveBar, pageTitle } from "./canvas_parts.tsx";
import { useUi } from "./context.ts";
import { Icon, type IconName } from "./icons.tsx";
import { useWidth } from "./canvas_width.ts";

interface PanelProps {
  readonly state: State;
  /** It takes the place of the chat, since there is no room beside it or the person wanted it so. */
  readonly covers: boolean;
  readonly wide: boolean;
  /** Whether there is room for both, so that the person can choose. */
  readonly roomy: boolean;
  onWide(wide: boolean): void;
}

export function CanvasPanel({ state, covers, wide, roomy, onWide }: PanelProps) {
  const { t, chat } = useUi();
  const { canvas } = state;
  const { page, shown } = canvas;
  const panel = useRef<HTMLElement>(null);
  const handle = useWidth(panel, roomy && !wide);
  const [reloads, setReloads] = useState(0);
  // A closed canvas is only out of sight: what somebody typed into it is there when it comes back.
  const [met, setMet] = useState(shown);
  useEffect(() => void (shown && setMet(true)), [shown]);
  useEffect(() => {
    if (shown && covers && document.activeElement === document.body) {
      panel.current?.querySelector<HTMLElement>("button:last-of-type")?.focus();
    }
  }, [shown, covers]);
  if (!page) return null;
  return (
    <aside class="canvas" ref={panel} aria-label={t.canvas.title} hidden={!shown}>
      {roomy && !wide && <div class="canvas-handle" aria-label={t.canvas.width} {...handle} />}
      <header class="canvas-head">
        <h2 title={page.kind === "path" ? page.path : undefined}>{pageTitle(t, page)}</h2>
        <span class="grow" />
        {covers && <Waiting state={state} />}
        {page.kind === "url" && (
          <a
            class="ghost"
            href={page.url}
            target="_blank"
            rel="noopener noreferrer"
            aria-label={t.canvas.openTab}
            title={t.canvas.openTab}
          >
            <Icon name="link" />
          </a>
        )}
        <HeadButton name="retry" label={t.canvas.reload} onClick={() => setReloads(reloads + 1)} />
        {roomy && (
          <HeadButton
            name={wide ? "narrow" : "wide"}
            label={wide ? t.canvas.narrow : t.canvas.wide}
            onClick={() => onWide(!wide)}
          />
        )}
        <HeadButton name="close" label={t.canvas.hide} onClick={() => chat.canvas.close()} />
      </header>
      {(met || shown) && (
        <CanvasBody key={`${canvas.sessionKey} ${pageKey(page)} ${reloads}`} canvas={canvas} page={page} />
      )}
      <ActionLine actions={canvas.actions} />
    </aside>
  );
}

/** A command that waits for its approval must not be forgotten behind a canvas that covers the chat. */
function Waiting({ state }: { state: State }) {
  const { t, chat } = useUi();
  const { open } = state.approvals;
  if (!open.length) return null;
  return (
    <button
      type="button"
      class="button canvas-waiting"
      title={briefly(open[0]?.command ?? "")}
      onClick={() => chat.canvas.close()}
    >
      <b class="badge" aria-hidden="true">{open.length}</b> {t.approvals.badge(open.length)}
    </button>
  );
}

const HeadButton = ({ name, label, onClick }: { name: IconName; label: string; onClick(): void }) => (
  <button type="button" class="ghost" aria-label={label} title={label} onClick={onClick}>
    <Icon name={name} />
  </button>
);

/** Opened once more with a fresh capability before anybody is bothered: the old one may just have ended. */
const TRIES = 2;

function CanvasBody({ canvas, page }: { canvas: CanvasView; page: PresentedPage }) {
  const { t, chat } = useUi();
  const [agreed, setAgreed] = useState(false);
  const [tries, setTries] = useState(1);
  const [silent, setSilent] = useState(false);
  const [thief, setThief] = useState(false);
  const [leaving, setLeaving] = useState<URL>();
  const [trouble, setTrouble] = useState<string>();
  const actions = useMemo(
    () => canvas.actions.map((one) => one.state === "error" ? { ...one, error: actionError(t, one.error) } : one),
    [canvas.actions, t],
  );
  const src = useSource(canvas.surfaceUrl, page, tries);
  const silence = async () => {
    if (tries >= TRIES) return setSilent(true);
    await chat.canvas.renew();
    setTries(tries + 1);
  };
  const again = async () => {
    await chat.canvas.renew();
    setSilent(false);
    setTries(tries + 1);
  };
  if (page.kind === "url" && !agreed) return <ForeignCard url={page.url} onShow={() => setAgreed(true)} />;
  if (src === undefined) return <CanvasProblem text={t.canvas.noHost} onRetry={() => void chat.canvas.renew()} />;
  if (thief) return <CanvasProblem text={t.canvas.thief} onRetry={() => setThief(false)} />;
  if (silent) return <CanvasProblem text={t.canvas.notLoaded} onRetry={() => void again()} />;
  return (
    <>
      {leaving && <LeaveBar url={leaving} onDone={() => setLeaving(undefined)} />}
      {trouble !== undefined && (
        <p class="bar canvas-bar small-text" role="alert">
          <Icon name="alert" />
          <span>{trouble ? `${t.canvas.drawing}: ${trouble}` : t.canvas.drawing}</span>
        </p>
      )}
      <CanvasFrame
        key={src + tries}
        src={src}
        title={pageTitle(t, page)}
        page={page}
        surfaces={page.kind === "a2ui" ? canvas.surfaces : undefined}
        actions={actions}
        onAction={(action) => chat.canvas.act(action)}
        onOpenUrl={(url) => setLeaving((before) => before ?? url)}
        onSilence={() => void silence()}
        onTrouble={setTrouble}
        onThief={() => setThief(true)}
      />
    </>
  );
}

/**
 * The address to load. A form of ours needs nothing more of the canvas host once it is there, so a new capability leaves
 * it alone; a page of files fetches more later and is loaded anew.
 */
function useSource(surfaceUrl: string | undefined, page: PresentedPage, tries: number): string | undefined {
  const first = useRef<{ readonly tries: number; readonly url: string } | undefined>(undefined);
  if (page.kind === "url") return WEB_FRAME;
  if (page.kind === "path") return surfaceUrl && frameUrl(surfaceUrl, page);
  if (surfaceUrl && first.current?.tries !== tries) first.current = { tries, url: frameUrl(surfaceUrl, page) };
  return first.current?.url;
}
