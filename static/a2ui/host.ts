/** What surfaces of either version stand in: actions and how far they are, addresses, the theme, `openclawA2UI`. */
import { askToOpen, listen, randomId, sendAction, type Theme, type UserAction } from "./frame.ts";
import { ActionStatus } from "./status.ts";

/** A version's renderer. */
export interface Renderer {
  readonly version: "v0.8" | "v0.9";
  /** Applies messages in order. Throws an Error that says what is wrong; what came before it stays. */
  apply(messages: readonly unknown[]): void;
  reset(): void;
  surfaces(): readonly string[];
}

export type SurfaceAction = Omit<UserAction, "id">;

export interface Host {
  /** The element that surfaces are put into. */
  readonly root: HTMLElement;
  act(action: SurfaceAction): void;
  /** Asks whoever shows this page to open an http(s) address; anything else is ignored. */
  openUrl(url: unknown): void;
}

interface Applied {
  readonly ok: boolean;
  readonly surfaces: readonly string[];
  readonly error?: string;
}

const byId = (id: string): HTMLElement =>
  document.getElementById(id) ?? document.body.appendChild(document.createElement("div"));

/** Makes the host, then the renderer in it, then tells the outside that the page is ready. */
export function startHost(make: (host: Host) => Renderer): void {
  const status = new ActionStatus(byId("status"));
  const control = lastControl();
  const act = (action: SurfaceAction) => {
    const id = randomId();
    if (!status.begin(id, control())) return;
    if (!sendAction({ id, ...action })) status.update(id, "error", "nobody listens to this page");
  };
  const openUrl = (url: unknown) => {
    const href = webAddress(url);
    if (href !== undefined && !askToOpen(href)) status.say(href, "done");
  };
  const renderer = make({ root: byId("surfaces"), act, openUrl });
  const run = (action: () => void): Applied => {
    try {
      action();
      return { ok: true, surfaces: renderer.surfaces() };
    } catch (error) {
      return {
        ok: false,
        surfaces: renderer.surfaces(),
        error: error instanceof Error ? error.message : String(error),
      };
    }
  };
  const applyMessages = (messages: readonly unknown[]) => run(() => renderer.apply(messages));
  const reset = () =>
    run(() => {
      renderer.reset();
      status.reset();
    });
  Object.assign(globalThis, { openclawA2UI: { applyMessages, reset } });
  listen({ theme: setTheme, status: (id, state, error) => status.update(id, state, error) });
}

/** An http(s) address as browsers read it. */
function webAddress(url: unknown): string | undefined {
  if (typeof url !== "string" || !URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === "https:" || protocol === "http:" ? href : undefined;
}

function setTheme(theme: Theme): void {
  document.documentElement.classList.toggle("a2ui-dark", theme === "dark");
  document.documentElement.classList.toggle("a2ui-light", theme === "light");
}

/** The control that is being used: actions tell which component they come from, not which of its copies. */
function lastControl(): () => Element | undefined {
  let last: Element | undefined;
  document.addEventListener("click", (event) => {
    last = event.composedPath().find((part) => part instanceof HTMLButtonElement);
  }, { capture: true });
  return () => last?.isConnected ? last : undefined;
}
