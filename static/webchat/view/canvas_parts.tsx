/** What stands in the canvas in place of a page, or above it: questions before the web is touched, failures, progress. */
import { useEffect, useState } from "preact/hooks";
import type { Words } from "../i18n/mod.ts";
import type { ActionView, PresentedPage } from "../state/canvas_model.ts";
import { useUi } from "./context.ts";
import { Icon } from "./icons.tsx";

/** The page as its header names it. */
export function pageTitle(t: Words, page: PresentedPage): string {
  if (page.kind === "a2ui") return t.canvas.form;
  if (page.kind === "url") return hostOf(page.url);
  return page.path.replace(/(^|\/)index\.html$/, "") || t.canvas.home;
}

export const hostOf = (url: string): string => {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
};

/** A page of somebody else's is loaded only after the person agreed. */
export function ForeignCard({ url, onShow }: { url: string; onShow(): void }) {
  const { t } = useUi();
  // A browser refuses a page without TLS inside one with it.
  const blocked = location.protocol === "https:" && url.startsWith("http:");
  return (
    <div class="canvas-card">
      <Icon name="link" />
      <h3>{t.canvas.foreign(hostOf(url))}</h3>
      <p>
        <code>{url}</code>
      </p>
      <p class="muted">{blocked ? t.canvas.unencrypted : t.canvas.foreignHint}</p>
      <div class="row center-row">
        <a class="button" href={url} target="_blank" rel="noopener noreferrer">{t.canvas.openTab}</a>
        {!blocked && <button type="button" class="button primary" onClick={onShow}>{t.canvas.showHere}</button>}
      </div>
    </div>
  );
}

export function CanvasProblem({ text, onRetry }: { text: string; onRetry: (() => void) | undefined }) {
  const { t } = useUi();
  return (
    <div class="canvas-card" role="alert">
      <Icon name="alert" />
      <p>{text}</p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          <Icon name="retry" /> {t.tryAgain}
        </button>
      )}
    </div>
  );
}

/** A page asks to leave: the address is shown, and a press of the link opens it without a way back to us. */
export function LeaveBar({ url, onDone }: { url: URL; onDone(): void }) {
  const { t } = useUi();
  return (
    <div class="bar canvas-bar" role="alert">
      <div>
        <strong>{t.canvas.leave(url.host)}</strong>
        <p class="small-text">{t.canvas.leaveHint}</p>
        <code>{url.href}</code>
      </div>
      <div class="row">
        <button type="button" class="button" onClick={onDone}>{t.cancel}</button>
        <a class="button primary" href={url.href} target="_blank" rel="noopener noreferrer" onClick={onDone}>
          {t.canvas.open}
        </a>
      </div>
    </div>
  );
}

/** Why an action failed, in the person's words: the desk's own reasons are names. */
export function actionError(t: Words, error: string | undefined): string {
  if (error === "operator.write") return t.channels.noRight(error);
  return error === "lost" || error === "busy" || error === "alone" ? t.canvas.actionWhy[error] : error ?? "";
}

/** How long a good end is told; a failure stays until the next action. */
const DONE_MS = 8_000;

/** One line about the latest action, read aloud when it changes. */
export function ActionLine({ actions }: { actions: readonly ActionView[] }) {
  const { t } = useUi();
  const latest = actions.at(-1);
  const [past, setPast] = useState<string>();
  const ended = latest?.state === "done" ? latest.id : undefined;
  useEffect(() => {
    if (ended === undefined) return;
    const timer = setTimeout(() => setPast(ended), DONE_MS);
    return () => clearTimeout(timer);
  }, [ended]);
  const last = latest?.id === past ? undefined : latest;
  const failed = last?.state === "error";
  return (
    <div class="canvas-status" role="status" data-state={last?.state ?? "none"}>
      {last && (
        <p class={failed ? "problem" : "muted"}>
          {failed ? <Icon name="alert" /> : last.state === "done" ? <Icon name="check" /> : <span class="spinner" />}
          {last.state === "error" ? t.canvas.actionFailed(actionError(t, last.error)) : t.canvas.action[last.state]}
        </p>
      )}
    </div>
  );
}
