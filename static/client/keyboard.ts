/**
 * Keeps the keyboard where the person types. A page in a frame can focus itself at any time, and would then hear what is
 * typed next, such as a token: no policy of a browser forbids it.
 */

/** For so long after a press in it, browsers say that the person is active in a page or a frame of it. */
const ACTIVE_MS = 5_000;
/** From the Tab key to the focus that it moves. */
const TAB_MS = 500;
/** Who pressed a key so recently is typing. */
const TYPING_MS = 10_000;
const MAX_THEFTS = 5;

export interface KeyboardDeps {
  frame(): HTMLIFrameElement | null | undefined;
  /** The page took the keyboard again and again from somebody who was typing: it should be put away. */
  thief(): void;
}

/** Watches until the returned function is called. */
export function keepKeyboard({ frame, thief }: KeyboardDeps): () => void {
  const seen = new Inputs();
  let field: HTMLElement | undefined;
  let thefts: number[] = [];
  const focused = ({ target }: Event) => field = isField(target) ? target : undefined;
  // In a later turn: what is focused while the focus is still on its way does not get the keys.
  const left = () => void setTimeout(settle, 0);
  const settle = () => {
    const from = field;
    if (!from?.isConnected || document.activeElement !== frame() || !frame()) return;
    if (seen.mayHaveMoved()) return void (field = undefined);
    from.focus({ preventScroll: true });
    const now = performance.now();
    if (now - seen.keyAt > TYPING_MS) return;
    thefts = [...thefts.filter((at) => now - at < TYPING_MS), now];
    if (thefts.length >= MAX_THEFTS) thief();
  };
  field = isField(document.activeElement) ? document.activeElement : undefined;
  document.addEventListener("focusin", focused);
  addEventListener("blur", left);
  return () => {
    seen.stop();
    document.removeEventListener("focusin", focused);
    removeEventListener("blur", left);
  };
}

/** What the person did last in our own page. What happens inside the frame is not told to us. */
class Inputs {
  keyAt = -Infinity;
  #tabAt = -Infinity;
  #pressAt = -Infinity;
  #movedAt = -Infinity;
  #touches = false;
  readonly #ended = new AbortController();

  constructor() {
    const options = { capture: true, signal: this.#ended.signal };
    const on = <K extends keyof DocumentEventMap>(name: K, heard: (event: DocumentEventMap[K]) => void) =>
      document.addEventListener(name, (event) => void (event.isTrusted && heard(event)), options);
    on("keydown", ({ key, timeStamp }) => key === "Tab" ? this.#tabAt = timeStamp : this.keyAt = timeStamp);
    on("pointerdown", ({ pointerType, timeStamp }) => {
      this.#pressAt = timeStamp;
      this.#touches = pointerType !== "mouse";
    });
    on("pointermove", ({ timeStamp }) => void (this.#movedAt = timeStamp));
  }

  stop(): void {
    this.#ended.abort();
  }

  /** Whether the focus that has just gone into the frame may be the person's doing. */
  mayHaveMoved(): boolean {
    const now = performance.now();
    if (now - this.#tabAt < TAB_MS && this.#tabAt > this.keyAt) return true;
    const last = Math.max(this.keyAt, this.#pressAt);
    // Active, and not by anything that we have seen: then it was a press in the frame.
    if (now - last > ACTIVE_MS) return navigator.userActivation?.isActive ?? true;
    // Who presses in the frame right after typing moves the mouse there first; one that lies over it presses nothing.
    return this.#touches || this.#movedAt > last;
  }
}

function isField(target: unknown): target is HTMLElement {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
