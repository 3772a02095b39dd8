/** Keeps the screen on while something is shown or recorded, where the browser can. */
export class Wake {
  #wanted = false;
  #held: WakeLockSentinel | undefined;
  #asking = false;

  /** A lock ends whenever the page is hidden; it is taken again when it comes back. */
  constructor() {
    document.addEventListener("visibilitychange", () => void this.#settle());
  }

  want(wanted: boolean): void {
    if (this.#wanted === wanted) return;
    this.#wanted = wanted;
    void this.#settle();
  }

  async #settle(): Promise<void> {
    if (!("wakeLock" in navigator) || this.#asking) return;
    if (!this.#wanted) {
      const held = this.#held;
      this.#held = undefined;
      await held?.release().catch(() => undefined);
      return;
    }
    if (document.visibilityState !== "visible" || this.#held?.released === false) return;
    this.#asking = true;
    // Refused with a low battery, for example: then the screen goes off as it always does.
    this.#held = await navigator.wakeLock.request("screen").catch(() => undefined);
    this.#asking = false;
    if (!this.#wanted) await this.#settle();
  }
}
