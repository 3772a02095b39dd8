/** What the canvas shows: loads pages into the frame, talks to them, and takes up after a reload where it was. */
import { each, type Fields, fields, isFields, number, word } from "../../client/read.ts";
import type { Timers } from "../../client/link.ts";
import { invalid, NodeFailure, unavailable } from "../host/failure.ts";
import { abortable } from "../host/queue.ts";
import type { Store } from "../state/store.ts";
import type { Frame } from "./frame.ts";
import { type A2uiVersion, addressOf, nameOf, type Page, pageOf, readPage, versionOf } from "./page.ts";
import type { Surface } from "./surface.ts";

export interface DeskDeps {
  readonly store: Store;
  readonly surface: Surface;
  readonly timers: Timers;
  request(method: string, params: unknown): Promise<unknown>;
}

/** How long a page may take to load, and to say that it has our bridge. */
const LOAD_MS = 10_000;
const READY_MS = 8_000;
/** After the last change: then the gateway's record is asked for its number. */
const SYNC_MS = 400;

export class Desk {
  #page: Page | undefined;
  #loads = 0;
  /** The state of the gateway's record that the frame shows; undefined when that is not known. */
  #revision: number | undefined;
  #cancelSync: (() => void) | undefined;
  #restoring: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: DeskDeps, readonly frame: Frame) {}

  /** Resolves once the page has loaded. Whether a page of another site let itself be framed, no browser tells. */
  async present(url: string, signal: AbortSignal): Promise<void> {
    const base = await abortable(this.deps.surface.base(), signal);
    const page = readUrl(url, base);
    this.#open(page, base);
    const arrived = page.kind === "url" ? this.frame.whenReady(signal) : this.frame.whenLoaded(signal);
    await within(arrived, LOAD_MS, unavailable(`"${nameOf(page)}" did not load`));
    if (page.kind === "a2ui") await this.#replayed(page.version, signal);
    this.#sync();
  }

  hide(): void {
    this.#page = undefined;
    this.deps.surface.want(false);
    this.deps.store.set({ shown: undefined });
    this.frame.expect(++this.#loads);
    this.#sync();
  }

  /** A request to the page in front, which must be one of ours. */
  async ask(type: string, more: Fields, signal: AbortSignal): Promise<unknown> {
    if (!this.#page) throw unavailable("nothing is shown on the canvas; use canvas.present first");
    if (this.#page.kind === "url") throw unavailable("pages of other sites cannot be asked; show one of the canvas");
    const late = this.#page.kind === "a2ui"
      ? new NodeFailure("A2UI_HOST_UNAVAILABLE", "the A2UI page did not load")
      : unavailable("the page has no bridge: only HTML pages of the canvas can be asked");
    await within(this.frame.whenReady(signal), READY_MS, late);
    return await this.frame.request(type, more, signal);
  }

  /** Shows the messages. A page that had to be loaded first takes them from the gateway's record, which has them. */
  async push(messages: readonly Fields[], signal: AbortSignal): Promise<unknown> {
    const version = versionOf(messages);
    if (this.#page?.kind !== "a2ui" || this.#page.version !== version) {
      const base = await abortable(this.deps.surface.base(), signal);
      this.#open({ kind: "a2ui", version }, base);
      const shown = await this.#replayed(version, signal);
      if (shown !== undefined) return this.#synced(shown);
    }
    await abortable(this.#restoring.catch(() => undefined), signal);
    try {
      return this.#synced(await this.ask("a2ui", { messages }, signal));
    } catch (error) {
      // What the page holds and what the gateway holds have parted: begin anew from the record.
      if (signal.aborted) throw error;
      const shown = await this.#replayed(version, signal).catch(() => undefined);
      if (shown === undefined) throw error;
      return this.#synced(shown);
    }
  }

  async reset(signal: AbortSignal): Promise<unknown> {
    if (this.#page?.kind !== "a2ui") return { ok: true, surfaces: [] };
    return this.#synced(await this.ask("a2ui.reset", {}, signal));
  }

  /** After each hello: what the gateway says that this node shows. A page that is up to date is left in peace. */
  async restore(): Promise<void> {
    const loads = this.#loads;
    const state = fields(await this.deps.request("node.canvas.get", {}));
    const revision = number(state["revision"]);
    const base = await this.deps.surface.base();
    // A call came first: what it shows is newer than this answer.
    if (loads !== this.#loads) return;
    const page = readPage(state["page"], base);
    if (!page) return this.#page ? this.hide() : undefined;
    // The person took the canvas away, and nothing has come since.
    if (!this.#page && revision === this.#revision) return;
    const same = JSON.stringify(this.#page) === JSON.stringify(page);
    const moved = this.deps.store.get().shown?.src !== addressOf(page, base);
    if (same && revision === this.#revision && (!moved || page.kind === "a2ui")) return;
    this.#open(page, base);
    if (page.kind === "a2ui") await this.#replayed(page.version, AbortSignal.timeout(LOAD_MS));
    this.#revision = revision;
  }

  /** A page that came into the frame by itself, as after a live reload, needs its surfaces again. */
  changed(): void {
    if (this.#page?.kind !== "a2ui") return;
    this.#replayed(this.#page.version, AbortSignal.timeout(LOAD_MS)).catch(() => undefined);
  }

  #open(page: Page, base: string): void {
    const load = ++this.#loads;
    this.#page = page;
    this.#revision = undefined;
    this.frame.expect(load, page.kind === "url" ? page.url : undefined);
    this.deps.surface.want(true);
    this.deps.store.set({ shown: { kind: page.kind, name: nameOf(page), src: addressOf(page, base), load } });
  }

  /** Gives a fresh A2UI page what the gateway has kept. Resolves with the page's answer, undefined for an empty record. */
  #replayed(version: A2uiVersion, signal: AbortSignal): Promise<unknown> {
    const job = (async () => {
      const [state] = await Promise.all([
        abortable(this.deps.request("node.canvas.get", {}), signal),
        within(
          this.frame.whenReady(signal),
          READY_MS,
          new NodeFailure("A2UI_HOST_UNAVAILABLE", "its page did not load"),
        ),
      ]);
      const kept = fields(fields(state)["a2ui"]);
      const messages = each(kept["messages"], (one) => isFields(one) ? one : undefined);
      if (messages.length === 0 || word(kept["version"]) !== version) return undefined;
      await this.frame.request("a2ui.reset", {}, signal);
      return await this.frame.request("a2ui", { messages }, signal);
    })();
    this.#restoring = job;
    return job;
  }

  #synced(result: unknown): unknown {
    this.#sync();
    return result;
  }

  /** Learns the number of the record, so that a reconnect knows whether anything changed meanwhile. */
  #sync(): void {
    this.#revision = undefined;
    this.#cancelSync?.();
    this.#cancelSync = this.deps.timers.after(SYNC_MS, () => {
      this.deps.request("node.canvas.get", {}).then(
        (state) => this.#revision = number(fields(state)["revision"]),
        () => undefined,
      );
    });
  }
}

function readUrl(url: string, base: string): Page {
  if (url.length > 2048) throw invalid("url is longer than 2048 characters");
  const page = pageOf(url, base);
  addressOf(page, base);
  return page;
}

async function within<T>(promise: Promise<T>, ms: number, late: NodeFailure): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([promise, new Promise<never>((_, reject) => timer = setTimeout(() => reject(late), ms))]);
  } finally {
    clearTimeout(timer);
  }
}
