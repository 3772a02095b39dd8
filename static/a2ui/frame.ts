/** The page's side of the talk with what shows it: a parent page by messages, a native app by its bridge, or nobody. */

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
  apply(messages: readonly unknown[]): unknown;
  reset(): unknown;
  theme(theme: Theme): void;
  status(id: string, state: ActionState, error: string | undefined): void;
}

export interface Frame {
  /** False when nobody could take it. */
  action(action: UserAction): boolean;
  openUrl(url: string): boolean;
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isState = (value: unknown): value is ActionState =>
  typeof value === "string" && ["pending", "working", "done", "error"].includes(value);

/** Listens, and says `ready`. A message counts when our parent sent it with the nonce that its hello gave us. */
export function connectFrame(version: string, events: FrameEvents): Frame {
  const framed = globalThis.parent !== globalThis.self;
  let nonce: unknown;
  const post = (message: Fields) => globalThis.parent.postMessage({ openclaw: 1, ...message }, "*");
  const ready = () => post({ type: "ready", page: "a2ui", a2ui: version });

  const hello = (message: Fields) => {
    // A parent that begins anew shows everything anew.
    if (nonce !== undefined && nonce !== message["nonce"]) events.reset();
    const first = nonce !== message["nonce"];
    nonce = message["nonce"];
    theme(message);
    if (first) ready();
  };
  const theme = (message: Fields) => {
    const wanted = message["theme"];
    if (wanted === "light" || wanted === "dark") events.theme(wanted);
  };
  const answer = (message: Fields, action: () => unknown) => {
    const value = action();
    const failed = isFields(value) && value["ok"] === false;
    const error = failed ? { error: String(value["error"]) } : { value };
    post({ type: "result", id: message["id"], ok: !failed, ...error });
  };
  const receive = (message: Fields) => {
    switch (message["type"]) {
      case "a2ui":
        return answer(message, () => events.apply(Array.isArray(message["messages"]) ? message["messages"] : []));
      case "a2ui.reset":
        return answer(message, () => events.reset());
      case "theme":
        return theme(message);
      case "actionStatus": {
        const { id, state, error } = message;
        if (typeof id === "string" && isState(state)) {
          events.status(id, state, typeof error === "string" ? error : undefined);
        }
      }
    }
  };

  if (framed) {
    addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
      if (source !== globalThis.parent || !isFields(data) || data["openclaw"] !== 1) return;
      if (data["type"] === "hello") hello(data);
      else if (nonce !== undefined && data["nonce"] === nonce) receive(data);
    });
    ready();
  }
  // Native apps answer by an event; its detail says only how it ended.
  addEventListener("openclaw:a2ui-action-status", (event) => {
    const detail: unknown = event instanceof CustomEvent ? event.detail : undefined;
    if (!isFields(detail) || typeof detail["id"] !== "string") return;
    const error = typeof detail["error"] === "string" ? detail["error"] : undefined;
    events.status(detail["id"], detail["ok"] === true ? "done" : "error", error);
  });
  return {
    action: (action) => framed ? (post({ type: "userAction", action }), true) : toNative({ userAction: action }),
    openUrl: (url) => framed ? (post({ type: "openUrl", url }), true) : false,
  };
}

/** The bridge of the official apps (canvas facts, section 3), iOS and macOS first. False: there is none. */
export function toNative(payload: unknown): boolean {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const webkit: unknown = Reflect.get(globalThis, "webkit");
  const handlers = isFields(webkit) ? webkit["messageHandlers"] : undefined;
  const apple = isFields(handlers) ? handlers["openclawCanvasA2UIAction"] : undefined;
  const android: unknown = Reflect.get(globalThis, "openclawCanvasA2UIAction");
  for (const bridge of [apple, android]) {
    if (!isFields(bridge) || typeof bridge["postMessage"] !== "function") continue;
    try {
      bridge["postMessage"](text);
      return true;
    } catch {
      // The next one may be alive.
    }
  }
  return false;
}

/** Random, also where the page is no secure context and `randomUUID` is missing. */
export const randomId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
