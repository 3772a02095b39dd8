/** Questions to the person. One at a time: a page in the frame must not be able to bury the screen under questions. */
import { endTracks } from "../device/recorder.ts";
import { openScreen, type ScreenWish } from "../device/screen.ts";
import { createBucket } from "../../client/bucket.ts";
import { NodeFailure } from "../host/failure.ts";
import { abortable } from "../host/queue.ts";
import type { Store } from "./store.ts";

interface Pending {
  readonly id: number;
  yes(): void;
  no(why: "refused" | "replaced"): void;
}

const MAX_URL = 2_048;
const OPEN_BURST = 3;
const OPEN_PER_SECOND = 0.1;

export class Asks {
  #next = 0;
  #pending: Pending | undefined;
  /** A page may not nag. */
  readonly #pace;

  constructor(private readonly store: Store, private readonly now: () => number) {
    this.#pace = createBucket(OPEN_BURST, OPEN_PER_SECOND, now);
  }

  /** The person pressed a button. `yes` runs inside the press, which the browser needs to show its own choice. */
  answer(id: number, yes: boolean): void {
    const pending = this.#pending;
    if (pending?.id !== id) return;
    this.#close(id);
    if (yes) pending.yes();
    else pending.no("refused");
  }

  /** Whether the screen may be recorded; resolves with what the browser gave. */
  screen(wish: ScreenWish, thinkMs: number, signal: AbortSignal): Promise<MediaStream> {
    this.#pending?.no("replaced");
    const id = ++this.#next;
    const { promise, resolve, reject } = Promise.withResolvers<MediaStream>();
    const refuse = (sentence: string) => {
      this.#close(id);
      reject(new NodeFailure("SCREEN_PERMISSION_REQUIRED", sentence));
    };
    const timer = setTimeout(() => refuse(`nobody agreed within ${Math.round(thinkMs / 1000)} s`), thinkMs);
    this.#pending = {
      id,
      yes: () => {
        clearTimeout(timer);
        abortable(openScreen(wish), signal, endTracks).then(resolve, reject);
      },
      no: () => {
        clearTimeout(timer);
        refuse("the person refused the recording");
      },
    };
    this.store.set({
      ask: { kind: "screen", id, endsAt: this.now() + thinkMs, seconds: Math.ceil(wish.durationMs / 1000) },
    });
    return abortable(promise, signal, endTracks).finally(() => {
      clearTimeout(timer);
      this.#close(id);
    });
  }

  /** A page in the frame wants to open another one in a new tab. Ignored while another question stands. */
  open(address: string): void {
    const url = address.length > MAX_URL ? null : URL.parse(address);
    if (!url || !/^https?:$/.test(url.protocol) || this.#pending || !this.#pace.take()) return;
    const id = ++this.#next;
    this.#pending = { id, yes: () => void globalThis.open(url.href, "_blank", "noopener,noreferrer"), no: () => {} };
    this.store.set({ ask: { kind: "open", id, url: url.href } });
  }

  #close(id: number): void {
    if (this.#pending?.id === id) this.#pending = undefined;
    if (this.store.get().ask?.id === id) this.store.set({ ask: undefined });
  }
}
