/**
 * The page's end of the bridge to the sandboxed frame. Everything that comes from there was written by somebody else: only
 * messages of this very frame count, their shape is checked, and there may not be too many.
 */
import { type Fields, fields, isFields, word } from "../../client/read.ts";
import { createBucket } from "../../client/bucket.ts";
import { unavailable } from "../host/failure.ts";
import { abortable } from "../host/queue.ts";

export interface FrameEvents {
  /** The frame went on to another page by itself, such as after an edit, and that page has our bridge. */
  changed(): void;
  userAction(action: Fields): void;
  openUrl(url: string): void;
}

export type ActionState = "pending" | "working" | "done" | "error";

export interface Look {
  readonly theme: "light" | "dark";
  readonly prefersReducedMotion: boolean;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Messages of the frame: a page that floods is not listened to. */
const BURST = 60;
const PER_SECOND = 20;
const MAX_WAITING = 16;

export class Frame {
  #element: HTMLIFrameElement | undefined;
  /** Grows with each page that somebody asked to be shown; answers for an older one mean nothing. */
  #load = 0;
  /** A page of the web that our own page in the frame shows; what comes from there is of no interest. */
  #visit: string | undefined;
  #nonce = "";
  #loaded = quietly();
  #ready = quietly();
  #isLoaded = false;
  /** Another page came into the frame by itself and has not spoken yet. */
  #isFresh = false;
  #next = 0;
  readonly #waiting = new Map<string, Waiting>();
  readonly #bucket = createBucket(BURST, PER_SECOND, () => performance.now());

  constructor(private readonly look: () => Look, private readonly on: FrameEvents) {
    addEventListener("message", (event) => this.#receive(event));
  }

  /** Another page comes: what was asked of the old one is void. `visit`: the page of the web that it is to show. */
  expect(load: number, visit?: string): void {
    for (const { reject } of [this.#loaded, this.#ready]) reject(replaced());
    this.#load = load;
    this.#visit = visit;
    this.#nonce = crypto.randomUUID();
    this.#element = undefined;
    this.#isLoaded = this.#isFresh = false;
    this.#loaded = quietly();
    this.#ready = quietly();
    this.#drop();
  }

  attach(load: number, element: HTMLIFrameElement | null): void {
    if (load === this.#load && element) this.#element = element;
  }

  /** The frame's load event. It also comes when the page inside went on to another one. */
  loaded(load: number): void {
    if (load !== this.#load) return;
    this.#isFresh = this.#isLoaded;
    if (this.#isFresh) this.#drop();
    this.#isLoaded = true;
    this.#hello();
    this.#loaded.resolve();
  }

  whenLoaded(signal: AbortSignal): Promise<void> {
    return abortable(this.#loaded.promise, signal);
  }

  whenReady(signal: AbortSignal): Promise<void> {
    return abortable(this.#ready.promise, signal);
  }

  /** Asks the page; rejects with its own error text. Wait for `whenReady` first. */
  async request(type: string, more: Fields, signal: AbortSignal): Promise<unknown> {
    if (this.#waiting.size >= MAX_WAITING) throw unavailable("the page in the frame does not answer");
    const id = `${this.#load}.${++this.#next}`;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#post({ type, nonce: this.#nonce, id, ...more });
    try {
      return await abortable(promise, signal);
    } finally {
      this.#waiting.delete(id);
    }
  }

  status(id: string, state: ActionState, error?: string): void {
    this.#post({ type: "actionStatus", nonce: this.#nonce, id, state, ...(error === undefined ? {} : { error }) });
  }

  /** Tells the page that the look changed. */
  relook(): void {
    this.#post({ type: "theme", nonce: this.#nonce, ...this.look() });
  }

  #hello(): void {
    this.#post({ type: "hello", nonce: this.#nonce, ...this.look() });
  }

  /** The frame has no origin that could be named; it holds no secret, and neither does what is sent to it. */
  #post(message: Fields): void {
    this.#element?.contentWindow?.postMessage({ openclaw: 1, ...message }, "*");
  }

  #receive(event: MessageEvent): void {
    const source = this.#element?.contentWindow;
    if (!source || event.source !== source) return;
    // What comes too often is not even read: a browser unpacks `data` when it is asked for.
    if (!this.#bucket.take()) return;
    const message: unknown = event.data;
    if (!isFields(message) || message["openclaw"] !== 1) return;
    if (message["type"] === "ready") return this.#becameReady();
    if (this.#visit !== undefined) return;
    switch (message["type"]) {
      case "result":
        return this.#settle(message);
      case "userAction":
        return this.on.userAction(fields(message["action"]));
      case "openUrl":
        return this.on.openUrl(word(message["url"]) ?? "");
    }
  }

  #becameReady(): void {
    // A page may be ready before its load event, and takes nothing from us without the nonce.
    this.#hello();
    if (this.#visit !== undefined) this.#post({ type: "show", url: this.#visit });
    this.#ready.resolve();
    if (this.#isFresh) this.on.changed();
    this.#isFresh = false;
  }

  #settle(message: Fields): void {
    const waiting = this.#waiting.get(word(message["id"]) ?? "");
    if (!waiting) return;
    if (message["ok"] === true) return waiting.resolve(message["value"]);
    waiting.reject(unavailable(`the page answered: ${(word(message["error"]) ?? "no reason").slice(0, 2000)}`));
  }

  #drop(): void {
    for (const { reject } of this.#waiting.values()) reject(replaced());
    this.#waiting.clear();
  }
}

/** Nobody may be waiting when it fails. */
function quietly(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => undefined);
  return made;
}

const replaced = () => unavailable("another page took the place of this one");
