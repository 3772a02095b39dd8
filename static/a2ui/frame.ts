/**
 * The talk with what shows this page, a parent page or a native app, by the names and events that the canvas host's
 * bridge puts into every page (static/canvas/bridge.ts; canvas facts, section 3). It stands in the page before us.
 */

export type Theme = "light" | "dark";
export type ActionState = "pending" | "working" | "done" | "error";

/** What a person did (canvas facts, section 3). */
export interface UserAction {
  readonly id: string;
  readonly name: string;
  readonly surfaceId: string;
  readonly sourceComponentId: string;
  readonly timestamp: string;
  readonly context: Readonly<Record<string, unknown>>;
}

export interface FrameEvents {
  theme(theme: Theme): void;
  status(id: string, state: ActionState, error: string | undefined): void;
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isState = (value: unknown): value is ActionState =>
  typeof value === "string" && ["pending", "working", "done", "error"].includes(value);
const isTheme = (value: unknown): value is Theme => value === "light" || value === "dark";

/** Hears of the look and of how far actions are. */
export function listen(events: FrameEvents): void {
  const on = (name: string, take: (detail: Fields) => void) =>
    addEventListener(name, (event) => {
      if (event instanceof CustomEvent && isFields(event.detail)) take(event.detail);
    });
  const theme = (value: unknown) => isTheme(value) && events.theme(value);
  const status = ({ id, error }: Fields, state: unknown) => {
    if (typeof id !== "string" || !isState(state)) return;
    events.status(id, state, typeof error === "string" ? error : undefined);
  };
  theme(document.documentElement.dataset["openclawTheme"]);
  on("openclaw:theme", (detail) => theme(detail["theme"]));
  on("openclaw:action-state", (detail) => status(detail, detail["state"]));
  // Native apps say only how it ended.
  on("openclaw:a2ui-action-status", (detail) => status(detail, detail["ok"] === true ? "done" : "error"));
}

/** False when nobody could take it. */
export const sendAction = (action: UserAction): boolean => callBridge("sendUserAction", action);
export const askToOpen = (url: string): boolean => callBridge("openUrl", url);

function callBridge(name: string, value: unknown): boolean {
  const bridge: unknown = Reflect.get(globalThis, "OpenClaw");
  const method = isFields(bridge) ? bridge[name] : undefined;
  return typeof method === "function" && Reflect.apply(method, bridge, [value]) === true;
}

/** Random, also where the page is no secure context and `randomUUID` is missing. */
export const randomId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
