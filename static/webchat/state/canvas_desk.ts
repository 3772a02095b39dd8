/** What the page does with the canvas: reads what is shown beside the open chat, follows it, and takes actions back. */
import { RequestError, type Timers } from "../../client/link.ts";
import { may } from "../../client/protocol.ts";
import { fields, number, word } from "../../client/read.ts";
import { ActionDesk } from "./action_desk.ts";
import { MAX_SURFACE_MESSAGES } from "./canvas_limits.ts";
import {
  type CanvasView,
  emptyCanvas,
  pageKey,
  type PresentedPage,
  type Surfaces,
  type UserAction,
} from "./canvas_model.ts";
import { type CanvasNews, readCanvas, readCanvasEvent, surfaceAddress } from "./canvas_parse.ts";
import { failureOf } from "./channels_model.ts";
import type { Wire } from "./chat.ts";
import { keep } from "./keep.ts";
import { once } from "./once.ts";
import type { Store } from "./store.ts";

const FIRST_RENEWAL_MS = 1_000;
const RETRY_MS = 60_000;
const MIN_RENEWAL_MS = 15_000;

const closedName = (key: string): string => `canvas-closed:${key}`;

export class CanvasDesk {
  /**
   * Whether the canvas may come to the front by itself now; on a phone it would cover what somebody writes. `arriving`: the
   * page or the chat was only just opened, which is a wish to see the chat.
   */
  mayOpen: (arriving: boolean) => boolean = () => true;
  readonly #actions: ActionDesk;
  #cancelRenewal: (() => void) | undefined;

  constructor(private readonly store: Store, private readonly wire: Wire, private readonly timers: Timers) {
    this.#actions = new ActionDesk(store, wire, timers);
  }

  /** Connected, for the first time or again: a new connection has a capability of its own. */
  hello(canvasUrl: string | undefined): void {
    this.#set({ surfaceUrl: surfaceAddress(canvasUrl) });
    this.#cancelRenewal?.();
    this.#cancelRenewal = undefined;
    this.#actions.settle();
    void this.refresh();
  }

  gap(): void {
    this.#actions.settle();
    void this.refresh();
  }

  /** Another session is open now. */
  select(): void {
    const { surfaceUrl } = this.#view();
    this.#set({ ...emptyCanvas, surfaceUrl, sessionKey: this.store.get().current });
    void this.refresh();
  }

  event(name: string, payload: unknown): void {
    if (name === "chat") return this.#actions.chat(payload);
    if (name !== "canvas.changed") return;
    const event = readCanvasEvent(payload);
    const view = this.#view();
    if (!event || event.sessionKey !== this.store.get().current) return;
    if (!view.loaded) return void this.refresh();
    if (event.revision <= view.revision) return;
    const follows = event.revision === view.revision + 1;
    if (!follows || !event.news || tooMany(view.surfaces)) return void this.refresh();
    this.#apply(event.revision, event.news);
  }

  refresh = once(async () => {
    const key = this.store.get().current;
    const { hello } = this.store.get();
    if (!key || !hello?.methods.has("canvas.get")) return;
    try {
      const answer = readCanvas(await this.wire.request("canvas.get", { sessionKey: key }));
      if (this.store.get().current === key) this.#read(key, answer);
    } catch (error) {
      if (error instanceof RequestError && error.unanswered) return;
      this.#set({ sessionKey: key, failure: failureOf(error) });
    }
  });

  /** The whole state: what the person had closed stays closed as long as nothing changed. */
  #read(key: string, answer: ReturnType<typeof readCanvas>): void {
    const before = this.#view();
    const fresh = before.sessionKey !== key || !before.loaded;
    const { page, revision } = answer;
    const isNew = fresh
      ? keep.get(closedName(key)) !== String(revision)
      : page !== undefined && (before.page === undefined || pageKey(page) !== pageKey(before.page));
    const shown = page !== undefined && ((!fresh && before.shown) || (isNew && this.mayOpen(fresh)));
    const same = !fresh && revision === before.revision;
    const epoch = (before.surfaces?.epoch ?? 0) + 1;
    this.#set({
      sessionKey: key,
      loaded: true,
      revision,
      page,
      surfaces: same ? before.surfaces : answer.surfaces && { ...answer.surfaces, epoch },
      shown,
      unseen: page !== undefined && !shown && (fresh ? isNew : !same || before.unseen),
      failure: undefined,
    });
    this.#mind();
  }

  #apply(revision: number, news: CanvasNews): void {
    const view = this.#view();
    switch (news.kind) {
      case "hide":
        this.#set({ revision, page: undefined, shown: false, unseen: false });
        break;
      case "reset": {
        const { surfaces } = view;
        this.#set({ revision, surfaces: surfaces && { ...surfaces, messages: [], epoch: surfaces.epoch + 1 } });
        if (view.page?.kind === "a2ui") this.#set({ page: undefined, shown: false, unseen: false });
        break;
      }
      case "present":
        this.#front(revision, news.page, true);
        break;
      case "a2ui": {
        this.#set({ surfaces: grown(view.surfaces, news) });
        this.#front(revision, { kind: "a2ui", version: news.version }, false);
      }
    }
    this.#mind();
  }

  /** `ask`: the agent wants it to be seen; otherwise a canvas that the person put away stays away. */
  #front(revision: number, page: PresentedPage, ask: boolean): void {
    const { shown, page: before } = this.#view();
    const isNew = before === undefined || pageKey(before) !== pageKey(page);
    const open = shown || ((ask || isNew) && this.mayOpen(false));
    this.#set({ revision, page, shown: open, unseen: !open });
  }

  open(): void {
    keep.set(closedName(this.#view().sessionKey), undefined);
    this.#set({ shown: true, unseen: false });
  }

  close(): void {
    const { sessionKey, revision } = this.#view();
    keep.set(closedName(sessionKey), String(revision));
    this.#set({ shown: false });
  }

  /** Takes an action to the session. Answers its id, under which its states follow. */
  act(action: UserAction): string {
    const { sessionKey } = this.#view();
    const id = action.id ?? crypto.randomUUID();
    void this.#actions.act(sessionKey, { ...action, id }, may(this.store.get().hello, "operator.write"));
    return id;
  }

  /** A capability ends after some minutes; as long as there is a page it is prolonged in time. */
  #mind(): void {
    if (this.#view().page === undefined) {
      this.#cancelRenewal?.();
      this.#cancelRenewal = undefined;
    } else if (!this.#cancelRenewal) this.#plan(FIRST_RENEWAL_MS);
  }

  #plan(ms: number): void {
    this.#cancelRenewal?.();
    this.#cancelRenewal = this.timers.after(ms, () => void this.renew());
  }

  /** Prolongs the capability, or gets a new one. Answers whether that worked. */
  async renew(): Promise<boolean> {
    const { hello } = this.store.get();
    if (!hello?.methods.has("plugin.surface.refresh")) return false;
    try {
      const answer = fields(await this.wire.request("plugin.surface.refresh", { surface: "canvas" }));
      const surfaceUrl = surfaceAddress(word(fields(answer["pluginSurfaceUrls"])["canvas"]));
      this.#set({ surfaceUrl });
      const left = (number(answer["expiresAtMs"]) ?? 0) - this.timers.now() - this.store.get().channels.skewMs;
      this.#plan(Math.max(MIN_RENEWAL_MS, left / 2));
      return surfaceUrl !== undefined;
    } catch {
      this.#plan(RETRY_MS);
      return false;
    }
  }

  #view = (): CanvasView => this.store.get().canvas;
  #set(change: Partial<CanvasView>): void {
    this.store.dispatch({ type: "canvas", change });
  }
}

const tooMany = (surfaces: Surfaces | undefined): boolean => (surfaces?.messages.length ?? 0) > MAX_SURFACE_MESSAGES;

/** Another version of the specification begins with nothing. */
function grown(
  before: Surfaces | undefined,
  { version, messages }: Extract<CanvasNews, { kind: "a2ui" }>,
): Surfaces {
  if (before?.version === version) return { ...before, messages: [...before.messages, ...messages] };
  return { version, messages, epoch: (before?.epoch ?? 0) + 1 };
}
