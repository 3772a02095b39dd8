/** The page's end of the talk with one frame: hello, limits, and what waits until the frame is ready. */
import { createBucket } from "../../client/bucket.ts";
import type { Fields } from "../../client/read.ts";
import { ASK_BURST, ASK_PER_SECOND, FRAME_BURST, FRAME_PER_SECOND } from "./canvas_limits.ts";
import type { ActionState, UserAction } from "./canvas_model.ts";
import { readFrameMessage } from "./canvas_parse.ts";

export interface FrameLook {
  readonly theme: "light" | "dark";
  readonly prefersReducedMotion: boolean;
}

export interface FrameDeps {
  /** Sends to the frame's window, whatever its origin is: nothing secret may be in it. */
  post(message: Fields): void;
  now(): number;
  /** A fresh page is there and has nothing yet; also after the frame reloaded itself. */
  ready(): void;
  action(action: UserAction): void;
  openUrl(url: URL): void;
  /** The page could not do what we asked. */
  trouble(text: string): void;
}

/** Calls that wait for their result; more means that the frame does not answer. */
const MAX_ASKED = 200;
/** What waits for a frame that is not ready; a page that never gets there must not collect for ever. */
const MAX_WAITING = 500;

export class FrameBridge {
  /** One for the frame's whole life: a page takes the nonce of its first hello, and may get several. */
  readonly #nonce = crypto.randomUUID();
  #greeted = false;
  #ready = false;
  /** `ready` since the last load: it can come before the load event of its own document. */
  #early = false;
  #documents = 0;
  #waiting: Fields[] = [];
  #asked = new Set<string>();
  #next = 0;
  readonly #messages;
  readonly #questions;

  constructor(private readonly deps: FrameDeps, private look: FrameLook) {
    // A page in a loop costs no more than this, and cannot nag.
    this.#messages = createBucket(FRAME_BURST, FRAME_PER_SECOND, deps.now);
    this.#questions = createBucket(ASK_BURST, ASK_PER_SECOND, deps.now);
  }

  /** The frame has a document: it hears who we are. One that took another's place is told everything again. */
  loaded(): void {
    this.#hello();
    const another = this.#documents++ > 0;
    const early = this.#early;
    this.#early = false;
    if (!another) return;
    this.#ready = false;
    this.#waiting = [];
    this.#asked.clear();
    if (early) this.#start();
  }

  /**
   * A message whose source was this frame's window. What comes too often is not even read: a browser unpacks `data` when
   * it is asked for, and a page that sends megabytes would hold up everything else here.
   */
  receive(event: { readonly data: unknown }): void {
    if (!this.#messages.take()) return;
    const message = readFrameMessage(event.data);
    if (!message) return;
    switch (message.type) {
      case "ready":
        return this.#isReady();
      case "userAction":
        return this.deps.action(message.action);
      case "openUrl":
        return void (this.#questions.take() && this.deps.openUrl(message.url));
      case "result":
        if (this.#asked.delete(message.id) && !message.ok) this.deps.trouble(message.error);
    }
  }

  show(look: FrameLook): void {
    this.look = look;
    if (this.#greeted) this.deps.post({ openclaw: 1, type: "theme", nonce: this.#nonce, ...look });
  }

  apply(messages: readonly Fields[]): void {
    if (messages.length) this.#call({ type: "a2ui", messages });
  }

  /** Sends the frame for pages of the web to its page. */
  visit(url: string): void {
    this.#send({ openclaw: 1, type: "show", url });
  }

  reset(): void {
    this.#call({ type: "a2ui.reset" });
  }

  status(id: string, state: ActionState, error: string | undefined): void {
    this.#send({ openclaw: 1, type: "actionStatus", id, state, ...(error === undefined ? {} : { error }) });
  }

  #hello(): void {
    this.#greeted = true;
    this.deps.post({ openclaw: 1, type: "hello", nonce: this.#nonce, ...this.look });
  }

  /** From a script that runs long before the load event it is the first word; the hello need not wait then. */
  #isReady(): void {
    this.#early = true;
    if (!this.#greeted) this.#hello();
    if (!this.#ready) this.#start();
  }

  #start(): void {
    this.#ready = true;
    this.deps.ready();
    for (const message of this.#waiting.splice(0)) this.#send(message);
  }

  #call(message: Fields): void {
    if (this.#asked.size >= MAX_ASKED) return this.deps.trouble("");
    const id = `p${++this.#next}`;
    this.#asked.add(id);
    this.#send({ openclaw: 1, id, ...message });
  }

  #send(message: Fields): void {
    if (this.#ready) this.deps.post({ ...message, nonce: this.#nonce });
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(message);
  }
}
