/** Joins the parts of the node: connection, calls, canvas, device. What the page shows and does goes through here. */
import { browserName, type Hello } from "../client/hello.ts";
import { browserSafe, type Safe } from "../client/identity.ts";
import { browserTimers } from "../client/link.ts";
import { fields, word } from "../client/read.ts";
import { type Connection, GatewayClient } from "../client/protocol.ts";
import { announce, VAULT } from "./announce.ts";
import { Actions } from "./canvas/actions.ts";
import { Desk } from "./canvas/desk.ts";
import { Frame, type Look } from "./canvas/frame.ts";
import { Surface } from "./canvas/surface.ts";
import { Permissions, unknownPermissions } from "./device/permissions.ts";
import { Wake } from "./device/wake.ts";
import { type CommandDeps, createCommands } from "./host/commands.ts";
import { NodeFailure } from "./host/failure.ts";
import { refusal, switchedOff } from "./host/gate.ts";
import { Host } from "./host/host.ts";
import { Jobs } from "./host/jobs.ts";
import { Asks } from "./state/asks.ts";
import { keepSwitch, keptSwitches } from "./state/keep.ts";
import type { Ability, State } from "./state/model.ts";
import { StandingWatch } from "./state/standing.ts";
import { createStore, type Store } from "./state/store.ts";
import { Tabs, type TabState } from "./tabs.ts";

const MAX_OVERLAYS = 3;
const now = (): number => Date.now();
/** Always the page's own origin: no parameter can point the page, and with it the key, at another gateway. */
const endpoint = (): string => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`;

const firstState = (): State => ({
  tab: "waiting",
  connection: { state: "connecting" },
  deviceId: undefined,
  gatewayVersion: undefined,
  standing: undefined,
  switches: keptSwitches(),
  permissions: unknownPermissions(),
  jobs: [],
  ask: undefined,
  shown: undefined,
  overlays: [],
});

export const deviceName = ({ standing }: State): string => standing?.name ?? browserName();

export class BrowserNode {
  readonly store: Store = createStore(firstState());
  readonly jobs = new Jobs(this.store, now);
  readonly asks = new Asks(this.store, now);
  readonly frame: Frame;
  readonly client: GatewayClient;
  readonly #safe: Safe = browserSafe(VAULT);
  readonly #permissions: Permissions;
  readonly #surface: Surface;
  readonly #desk: Desk;
  readonly #host: Host;
  readonly #actions: Actions;
  readonly #standing: StandingWatch;
  readonly #wakeLock = new Wake();
  readonly #tabs = new Tabs((tab) => this.#tabIs(tab));

  /** `code`: the one-use code of the link. `look`: how a page in the frame should look. */
  constructor(code: string | undefined, look: () => Look) {
    const { store } = this;
    const timers = browserTimers;
    const request = (method: string, params: unknown, deadlineMs?: number) =>
      this.client.request(method, params, deadlineMs);
    this.#permissions = new Permissions(() => store.set({ permissions: this.#permissions.all() }));
    this.#surface = new Surface({ timers, request });
    this.frame = new Frame(look, {
      changed: () => this.#desk.changed(),
      userAction: (action) => void this.#actions.perform(action),
      openUrl: (url) => this.asks.open(url),
    });
    this.#desk = new Desk({ store, surface: this.#surface, timers, request }, this.frame);
    this.#actions = new Actions({
      timers,
      request,
      nodeId: () => store.get().deviceId ?? "",
      deviceName: () => deviceName(store.get()),
      shownFor: async () => word(fields(await request("node.canvas.get", {}))["sessionKey"]),
      status: (id, state, error) => this.frame.status(id, state, error),
    });
    const commands = createCommands(this.#commandDeps());
    const { jobs } = this;
    this.#host = new Host({ commands, jobs, refusal: (ability) => this.#refusal(ability), request, now });
    this.#standing = new StandingWatch({ timers, request, learned: (standing) => store.set({ standing }) });
    this.client = this.#createClient(Object.keys(commands), code);
  }

  start(): void {
    void this.#permissions.begin();
    this.#safe.identity().then(({ deviceId }) => this.store.set({ deviceId }), () => undefined);
    this.store.subscribe(() => this.#keepAwake());
    this.#tabs.start();
  }

  /** Turns an ability on or off; on may show the browser's prompt. Must be called by a press. */
  async flip(ability: Ability, on: boolean): Promise<void> {
    const allowed = on && ["granted", "unknown"].includes(await this.#permissions.ask(ability));
    keepSwitch(ability, allowed);
    this.store.set({ switches: { ...this.store.get().switches, [ability]: allowed } });
    if (ability === "canvas") this.#canvasIs(allowed);
    if (!allowed) this.jobs.stopAll(ability, switchedOff(ability));
  }

  /** The person takes the canvas away; the assistant can show it again. */
  hideCanvas(): void {
    this.#desk.hide();
  }

  takeOver(): void {
    this.#tabs.take();
  }

  closeOverlay(id: string): void {
    this.store.set({ overlays: this.store.get().overlays.filter((one) => one.id !== id) });
  }

  /** A sign of life: the page is in front, the network is back. */
  wake(): void {
    if (this.store.get().tab !== "mine") return;
    this.client.wake();
    void this.#standing.look();
  }

  /** Pictures of a page that nobody sees would be taken behind the person's back, and phones freeze them anyway. */
  hidden(): void {
    const why = new NodeFailure("NODE_BACKGROUND_UNAVAILABLE", "the node page went to the background");
    this.jobs.stopAll("camera", why);
  }

  /** Forgets key and token. */
  forget(): Promise<void> {
    return this.#safe.forget();
  }

  #commandDeps(): CommandDeps {
    return {
      desk: this.#desk,
      refusal: (ability) => this.#refusal(ability),
      askScreen: (wish, thinkMs, signal) => this.asks.screen(wish, thinkMs, signal),
      deviceName: () => deviceName(this.store.get()),
      overlay: (title, body) => {
        const overlay = { id: crypto.randomUUID(), title, body };
        this.store.set({ overlays: [...this.store.get().overlays, overlay].slice(-MAX_OVERLAYS) });
      },
    };
  }

  #createClient(commands: readonly string[], code: string | undefined): GatewayClient {
    return new GatewayClient({
      safe: this.#safe,
      timers: browserTimers,
      open: () => new WebSocket(endpoint()),
      random: Math.random,
      probe: { method: "node.self", params: {} },
      announce: () =>
        announce(commands, (one) => this.store.get().switches[one] && this.#permissions.get(one) !== "denied"),
      on: {
        state: (connection) => this.#moved(connection),
        hello: (hello) => this.#welcome(hello),
        gap: () => void this.#standing.look(),
        event: (name, payload) => {
          if (name === "node.invoke.request") this.#host.receive(payload);
          if (name === "chat") this.#actions.heard(payload);
        },
      },
    }, code);
  }

  #refusal(ability: Ability): NodeFailure | undefined {
    return refusal(ability, {
      on: this.store.get().switches[ability],
      permission: this.#permissions.get(ability),
      hidden: document.visibilityState === "hidden",
    });
  }

  #moved(connection: Connection): void {
    const was = this.store.get().connection.state;
    this.store.set({ connection });
    if (was === "connected" && connection.state !== "connected") this.#quiet();
  }

  #welcome(hello: Hello): void {
    this.store.set({ gatewayVersion: hello.version });
    this.#surface.learned(hello.canvasUrl);
    this.#standing.start();
    if (this.store.get().switches.canvas) this.#canvasIs(true);
  }

  #tabIs(tab: TabState): void {
    this.store.set({ tab });
    if (tab === "mine") return this.client.start();
    this.client.stop();
    this.#quiet();
  }

  /** Nobody waits for answers any more. */
  #quiet(): void {
    this.#standing.stop();
    this.#host.disconnected();
  }

  #canvasIs(on: boolean): void {
    if (on) this.#desk.restore().catch(() => undefined);
    else this.#desk.hide();
  }

  #keepAwake(): void {
    const { jobs, shown } = this.store.get();
    this.#wakeLock.want(shown !== undefined || jobs.some(({ ability }) => ability !== "location"));
  }
}
