/** One tab of this browser runs the node: two sockets with one key would put each other out. */

export type TabState = "mine" | "elsewhere";

const LOCK = "openclaw-node";

/** Tells whether this tab runs the node, and takes it over from another one. */
export class Tabs {
  /** Ends our own wait for the lock. */
  #queued: AbortController | undefined;

  constructor(private readonly changed: (state: TabState) => void) {}

  /** Takes the node if no other tab has it. Without Web Locks every tab believes that it is the only one. */
  start(): void {
    if (!navigator.locks) return this.changed("mine");
    this.#request({ ifAvailable: true });
  }

  /** The person wants it here: the other tab lets go. */
  take(): void {
    this.#queued?.abort();
    this.#request({ steal: true });
  }

  #request(options: LockOptions): void {
    navigator.locks.request(LOCK, options, (lock) => lock ? this.#hold() : this.#wait()).catch(() => {
      if (!options.signal?.aborted) this.#wait();
    });
  }

  /** For as long as the page lives, or until another tab takes it. */
  #hold(): Promise<never> {
    this.changed("mine");
    return new Promise(() => {});
  }

  /** When the other tab closes, this one goes on by itself. */
  #wait(): void {
    this.changed("elsewhere");
    this.#queued = new AbortController();
    this.#request({ signal: this.#queued.signal });
  }
}
