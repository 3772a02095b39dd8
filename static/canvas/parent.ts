/**
 * The bridge to the page that shows this one in a frame. Only that page is heard, and only with the nonce of its hello; it
 * in turn believes nothing that comes from here.
 */
import { a2uiVersion, applyA2ui, resetA2ui } from "./a2ui.ts";
import { evaluate } from "./evaluate.ts";
import { takeSnapshot } from "./picture.ts";

type Fields = Record<string, unknown>;

/** Calls that run at the same time. */
const MAX_RUNNING = 16;

export class ParentBridge {
  #nonce: string | undefined;
  #running = 0;

  /** `base`: the address of the bridge, beside which the picture maker is. */
  constructor(private readonly base: string) {}

  /** Whether another page shows this one. */
  get framed(): boolean {
    return globalThis.parent !== globalThis.window;
  }

  get connected(): boolean {
    return this.#nonce !== undefined;
  }

  start(): void {
    if (!this.framed) return;
    addEventListener("message", (event) => this.#receive(event));
    // After the load event of our element outside, which the parent answers with its hello.
    const ready = () => setTimeout(() => this.#ready(), 0);
    if (document.readyState === "complete") ready();
    else addEventListener("load", ready, { once: true });
  }

  /** `text`: JSON with `userAction`. False when nobody shows this page, or it holds something else. */
  postAction(text: string): boolean {
    const action = read(text)["userAction"];
    return isFields(action) && this.#post({ type: "userAction", action });
  }

  openUrl(url: string): boolean {
    return this.#post({ type: "openUrl", url: String(url) });
  }

  #ready(): void {
    const a2ui = a2uiVersion();
    this.#post(a2ui === undefined ? { type: "ready", page: "canvas" } : { type: "ready", page: "a2ui", a2ui });
  }

  /** Nothing secret goes out: whoever shows the page sees it anyway. */
  #post(message: Fields): boolean {
    if (!this.framed) return false;
    try {
      globalThis.parent.postMessage({ openclaw: 1, ...message }, "*");
      return true;
    } catch {
      // What cannot be copied, such as a function in an action.
      return false;
    }
  }

  #receive(event: MessageEvent): void {
    const message: unknown = event.data;
    if (event.source !== globalThis.parent || !isFields(message) || message["openclaw"] !== 1) return;
    if (message["type"] === "hello") return this.#hello(message);
    if (this.#nonce === undefined || message["nonce"] !== this.#nonce) return;
    switch (message["type"]) {
      case "theme":
        return look(message);
      case "actionStatus":
        return status(message);
      default:
        return void this.#run(message);
    }
  }

  /** The parent began anew: it waits for us to say that we are here. */
  #hello(message: Fields): void {
    const { nonce } = message;
    if (typeof nonce !== "string" || nonce === "") return;
    const anew = this.#nonce !== undefined && this.#nonce !== nonce;
    this.#nonce = nonce;
    look(message);
    dispatchEvent(new CustomEvent("openclaw:bridge", { detail: { connected: true } }));
    if (anew) this.#ready();
  }

  async #run(message: Fields): Promise<void> {
    const { id } = message;
    if (typeof id !== "string") return;
    if (this.#running >= MAX_RUNNING) return this.#fail(id, "too many calls at once");
    this.#running++;
    try {
      const value = await this.#perform(message);
      if (!this.#post({ type: "result", id, ok: true, value })) this.#fail(id, "the result cannot be sent");
    } catch (error) {
      this.#fail(id, error instanceof Error ? error.message : String(error));
    } finally {
      this.#running--;
    }
  }

  #fail(id: string, error: string): void {
    this.#post({ type: "result", id, ok: false, error: error.slice(0, 4_000) });
  }

  #perform(message: Fields): unknown {
    switch (message["type"]) {
      case "eval":
        return evaluate(String(message["javaScript"] ?? ""));
      case "snapshot":
        return takeSnapshot(this.base, message);
      case "a2ui":
        return applyA2ui(message["messages"]);
      case "a2ui.reset":
        return resetA2ui();
      default:
        throw new Error(`this page does not know "${String(message["type"]).slice(0, 64)}"`);
    }
  }
}

/** Pages that care about the look listen; the attribute is for style sheets. */
function look({ theme, prefersReducedMotion }: Fields): void {
  if (theme !== "light" && theme !== "dark") return;
  document.documentElement.dataset["openclawTheme"] = theme;
  const detail = { theme, prefersReducedMotion: prefersReducedMotion === true };
  dispatchEvent(new CustomEvent("openclaw:theme", { detail }));
}

/** Each state as our own event; how it ended as the documented one (canvas facts, section 3). */
function status({ id, state, error }: Fields): void {
  const more = typeof error === "string" ? { error } : {};
  dispatchEvent(new CustomEvent("openclaw:action-state", { detail: { id, state, ...more } }));
  if (state !== "done" && state !== "error") return;
  dispatchEvent(
    new CustomEvent("openclaw:a2ui-action-status", { detail: { id, ok: state === "done", ...more } }),
  );
}

function read(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
