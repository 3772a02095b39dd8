/**
 * The reference client of the gateway protocol: connect, prove who we are, stay connected, say plainly when we cannot.
 * It knows nothing of the page; third parties may take it as it is.
 */
import { backoffMs } from "./backoff.ts";
import { type Announcement, connectParams, type Credential, type Hello, readChallenge, readHello } from "./hello.ts";
import { type Identity, NoKeyError, type Safe } from "./identity.ts";
import { Link, RequestError, type SocketLike, type Timers } from "./link.ts";
import { type AskReason, type BlockReason, readRefusal, type Refusal, wireError } from "./refusal.ts";

/** Where we stand. Every state but `connected` is shown to the person with its next step. */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "connected" }
  | { readonly state: "waiting"; readonly why: "lost" | "restarting" | "limited"; readonly retryAt: number }
  | { readonly state: "pairing"; readonly requestId: string }
  | { readonly state: "ask"; readonly reason: AskReason }
  | { readonly state: "blocked"; readonly reason: BlockReason; readonly message: string };

export interface ClientDeps {
  readonly safe: Safe;
  readonly timers: Timers;
  /** Asked at each connect. */
  announce(): Announcement | Promise<Announcement>;
  /** A cheap request that this role may make; it finds out whether a socket is dead. Default: `health`. */
  readonly probe?: { readonly method: string; readonly params: unknown };
  open(): SocketLike;
  random(): number;
  readonly on: {
    state(connection: Connection): void;
    hello(hello: Hello): void;
    event(name: string, payload: unknown): void;
    gap(): void;
  };
}

const HANDSHAKE_MS = 15_000;
const REQUEST_MS = 20_000;
const PROBE_MS = 4_000;
/** How often a device that waits for its approval asks again. */
const PAIRING_MS = 4_000;

export class GatewayClient {
  #deps: ClientDeps;
  #link: Link | undefined;
  #ready = false;
  #attempt = 0;
  #cancelRetry: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;
  #restarting = false;
  #stopped = false;
  /** Secrets that live only in memory: the token as typed, the code from the link. */
  #typed: string | undefined;
  #code: string | undefined;
  connection: Connection = { state: "connecting" };

  constructor(deps: ClientDeps, code?: string) {
    this.#deps = deps;
    this.#code = code;
  }

  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  /** Tries with a secret that the person typed; it is forgotten as soon as the gateway gave a device token for it. */
  useToken(secret: string): void {
    this.#typed = secret;
    this.#again();
  }

  /** Tries with the code of a fresh link; a page that is connected has no need of it. */
  useCode(code: string): void {
    if (this.connection.state === "connected") return;
    this.#code = code;
    this.#again();
  }

  /** A sign that the world changed: the tab is visible, the network is back, someone pressed "try now". */
  wake(): void {
    const { state } = this.connection;
    if (state === "waiting" || state === "pairing") return this.#again();
    const link = this.#link;
    if (state !== "connected" || !link) return;
    // A phone that slept may hold a dead socket that never says so: ask, and give up soon.
    const { method, params } = this.#deps.probe ?? { method: "health", params: {} };
    link.request(method, params, PROBE_MS).catch((error: unknown) => {
      if (error instanceof RequestError && error.code === "TIMEOUT") link.close(4000, "tick timeout");
    });
  }

  request(method: string, params: unknown, deadlineMs = REQUEST_MS): Promise<unknown> {
    const link = this.#link;
    if (!this.#ready || !link) {
      return Promise.reject(new RequestError("CLOSED", `Cannot send ${method}: not connected`));
    }
    return link.request(method, params, deadlineMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#clear();
    this.#hangUp();
  }

  #again(): void {
    this.#attempt = 0;
    this.#hangUp();
    this.#connect();
  }

  /** Ends the socket without treating its end as a lost connection. */
  #hangUp(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#ready = false;
    link?.close(1000, "");
  }

  #clear(): void {
    this.#cancelRetry?.();
    this.#cancelWatch?.();
  }

  #set(connection: Connection): void {
    this.connection = connection;
    this.#deps.on.state(connection);
  }

  #connect(): void {
    this.#clear();
    // A page that waits for its approval keeps saying so while it asks again.
    if (this.connection.state !== "pairing") this.#set({ state: "connecting" });
    this.#deps.safe.identity().then((identity) => this.#dial(identity), (error: unknown) => this.#noKey(error));
  }

  #noKey(error: unknown): void {
    const reason = error instanceof NoKeyError ? error.reason : "other";
    this.#set({ state: "blocked", reason, message: error instanceof Error ? error.message : "" });
  }

  #dial(identity: Identity): void {
    this.#hangUp();
    if (this.#stopped) return;
    const link: Link = new Link(this.#deps.open(), this.#deps.timers, {
      event: (name, payload) => this.#event(link, identity, name, payload),
      gap: () => this.#deps.on.gap(),
      closed: (code) => this.#closed(link, code),
    });
    this.#link = link;
    this.#cancelWatch = this.#deps.timers.after(HANDSHAKE_MS, () => link.close(1000, ""));
  }

  #event(link: Link, identity: Identity, name: string, payload: unknown): void {
    if (name === "connect.challenge") void this.#shake(link, identity, payload);
    if (!this.#ready) return;
    if (name === "shutdown") this.#restarting = true;
    this.#deps.on.event(name, payload);
  }

  /** The typed token first, since someone just typed it; then what we were given; the one-use code last. */
  async #credential(): Promise<Credential> {
    if (this.#typed !== undefined) return { used: "token", secret: this.#typed };
    const kept = await this.#deps.safe.token();
    if (kept !== undefined) return { used: "deviceToken", secret: kept };
    if (this.#code !== undefined) return { used: "code", secret: this.#code };
    return { used: "none", secret: "" };
  }

  async #shake(link: Link, identity: Identity, payload: unknown): Promise<void> {
    const challenge = readChallenge(payload);
    if (!challenge) return link.close(1008, "connect challenge timeout");
    const credential = await this.#credential();
    try {
      const params = await connectParams(identity, challenge, credential, await this.#deps.announce());
      const hello = readHello(await link.request("connect", params, HANDSHAKE_MS));
      if (!hello) return link.close(1002, "protocol mismatch");
      await this.#welcome(link, hello);
    } catch (error) {
      if (this.#link !== link || !(error instanceof RequestError) || error.unanswered) return;
      await this.#refused(readRefusal(error.wire ?? wireError({}), credential.used), credential);
    }
  }

  async #welcome(link: Link, hello: Hello): Promise<void> {
    if (hello.deviceToken !== undefined) {
      await this.#deps.safe.saveToken(hello.deviceToken);
      this.#typed = undefined;
    }
    this.#code = undefined;
    if (this.#link !== link) return;
    this.#ready = true;
    this.#attempt = 0;
    this.#restarting = false;
    this.#watch(link, hello.tickMs);
    this.#deps.on.hello(hello);
    this.#set({ state: "connected" });
  }

  /** Two ticks of silence mean that the line is dead, whatever the socket says. */
  #watch(link: Link, tickMs: number): void {
    this.#cancelWatch?.();
    this.#cancelWatch = this.#deps.timers.after(tickMs, () => {
      if (this.#deps.timers.now() - link.heardAt > 2 * tickMs) return link.close(4000, "tick timeout");
      this.#watch(link, tickMs);
    });
  }

  async #refused(refusal: Refusal, credential: Credential): Promise<void> {
    this.#hangUp();
    switch (refusal.next) {
      case "pairing":
        this.#set({ state: "pairing", requestId: refusal.requestId });
        return this.#later(PAIRING_MS);
      case "dropDeviceToken":
        await this.#deps.safe.dropToken(credential.secret);
        return this.#connect();
      case "ask":
        this.#typed = this.#code = undefined;
        this.#clear();
        return this.#set({ state: "ask", reason: refusal.reason });
      case "blocked":
        this.#clear();
        return this.#set({ state: "blocked", reason: refusal.reason, message: refusal.message });
      case "retry":
        return this.#wait(refusal.limited ? "limited" : "lost", refusal.afterMs);
    }
  }

  #closed(link: Link, code: number): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#ready = false;
    if (this.connection.state === "pairing") return this.#later(PAIRING_MS);
    this.#wait(this.#restarting || code === 1012 ? "restarting" : "lost", undefined);
  }

  #wait(why: "lost" | "restarting" | "limited", afterMs: number | undefined): void {
    const delay = Math.max(afterMs ?? 0, backoffMs(this.#attempt++, this.#deps.random()));
    this.#later(delay);
    this.#set({ state: "waiting", why, retryAt: this.#deps.timers.now() + delay });
  }

  #later(ms: number): void {
    this.#clear();
    this.#cancelRetry = this.#deps.timers.after(ms, () => this.#connect());
  }
}

/** Reads the one-use code of `#code=…`. */
export function codeOf(hash: string): string | undefined {
  const code = new URLSearchParams(hash.replace(/^#/, "")).get("code");
  return code ? code : undefined;
}

/** Whether a hello-ok lets us do this. Admin covers all, write covers read. */
export function may(hello: Hello | undefined, scope: string): boolean {
  if (!hello) return false;
  return hello.scopes.includes("operator.admin") || hello.scopes.includes(scope);
}
