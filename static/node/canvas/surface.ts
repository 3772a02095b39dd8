/** The address of the canvas host, which holds a capability that ends: kept fresh while something is shown. */
import { fields, number, word } from "../../client/read.ts";
import type { Timers } from "../../client/link.ts";
import { NodeFailure } from "../host/failure.ts";

export interface SurfaceDeps {
  readonly timers: Timers;
  request(method: string, params: unknown): Promise<unknown>;
}

/** Longest trust in an address. Half of what remains, if that is shorter: the clocks may differ. */
const KEEP_MS = 240_000;
const LEAST_MS = 10_000;
/** Before the next try when the gateway did not answer. */
const AGAIN_MS = 15_000;

export class Surface {
  #url: string | undefined;
  #freshUntil = 0;
  #wanted = false;
  #cancel: (() => void) | undefined;
  #asking: Promise<void> | undefined;

  constructor(private readonly deps: SurfaceDeps) {}

  /** What hello-ok said. Its life is not known, so it is prolonged soon. */
  learned(url: string | undefined): void {
    this.#take(url, LEAST_MS);
    this.#plan();
  }

  /** Whether something is shown that needs the address to stay good. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#plan();
  }

  /** Throws A2UI_HOST_NOT_CONFIGURED when the gateway has no canvas host. */
  async base(): Promise<string> {
    if (this.deps.timers.now() >= this.#freshUntil) await this.#refresh().catch(() => undefined);
    if (this.#url !== undefined) return this.#url;
    throw new NodeFailure("A2UI_HOST_NOT_CONFIGURED", "the gateway has no canvas host (canvasHost.enabled)");
  }

  #take(url: string | undefined, forMs: number): void {
    this.#url = url;
    this.#freshUntil = this.deps.timers.now() + forMs;
  }

  #refresh(): Promise<void> {
    return this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
  }

  async #ask(): Promise<void> {
    const answer = fields(await this.deps.request("node.pluginSurface.refresh", { surface: "canvas" }));
    const url = word(fields(answer["pluginSurfaceUrls"])["canvas"]);
    const left = (number(answer["expiresAtMs"]) ?? 0) - this.deps.timers.now();
    this.#take(url, Math.min(KEEP_MS, Math.max(LEAST_MS, left / 2)));
  }

  #plan(): void {
    this.#cancel?.();
    if (!this.#wanted || this.#url === undefined) return;
    const wait = Math.max(LEAST_MS, this.#freshUntil - this.deps.timers.now());
    this.#cancel = this.deps.timers.after(wait, () => {
      this.#refresh().catch(() => void (this.#freshUntil = this.deps.timers.now() + AGAIN_MS)).then(() => this.#plan());
    });
  }
}
