/** The account's one session: from stored keys or a login to an open connection, and back again after every loss. */
import type { ConnectionState } from "@whiskeysockets/baileys";
import type { ProviderContext } from "../runtime/provider.ts";
import { type AuthState, draftAuth, isLinked, loadAuth, StoreFailure } from "./auth_state.ts";
import type { BackoffRule } from "./backoff.ts";
import { codeOf, type Fate, fateOf } from "./close_codes.ts";
import { notConnected } from "./errors.ts";
import { type Person, personId, personOf } from "./identity.ts";
import type { Socket } from "./library.ts";
import type { Login } from "./login.ts";
import { createRetryTimer } from "./retry_timer.ts";
import { endSocket, openSocket, type SocketParts, versionOf } from "./socket.ts";

/** Restarts that WhatsApp may ask for in a row before they count as failures. */
const MAX_RESTARTS = 4;
const END_MS = 2_000;

export interface ConnectionParts extends SocketParts {
  readonly context: ProviderContext;
  readonly backoff: BackoffRule;
  /** Called for every new connection, before anything came in over it. */
  readonly onSocket: (socket: Socket) => void;
  readonly onOpen: (socket: Socket) => void;
  readonly onLost: () => void;
  /** A phone has agreed, and the keys are stored. */
  readonly onLinked: () => Promise<void>;
  readonly random: () => number;
}

export interface Connection {
  /** Connects with the stored keys, or says that a login is needed. */
  start(): Promise<void>;
  /** Shows codes until a phone agrees or nobody does. */
  link(login: Login): Promise<void>;
  cancelLink(): Promise<void>;
  /** Ends the session at WhatsApp, as far as it can be reached, and forgets the keys. */
  unlink(): Promise<void>;
  close(): Promise<void>;
  /** Throws when there is no open connection. */
  socket(): Socket;
  self(): Person;
  /** Whether the account holds keys of a linked device that WhatsApp has not refused. */
  linked(): boolean;
}

export function createConnection(parts: ConnectionParts): Connection {
  const { context, library, config } = parts;
  const version = versionOf(config).join(".");
  let auth: AuthState | undefined;
  let current: Socket | undefined;
  let open = false;
  let login: Login | undefined;
  let closed = false;
  let refused = false;
  let restarts = 0;
  let openedAt = 0;
  let adopting: Promise<unknown> = Promise.resolve(undefined);

  const authParts = {
    library,
    store: context.store,
    // The connection goes first: nothing may be acknowledged or sent after a key that was not kept.
    onFailure: (failure: StoreFailure) => current && lost(current, failure),
  };

  const timer = createRetryTimer({
    rule: parts.backoff,
    random: parts.random,
    report: (report) => context.state(report),
    dial: () => void redial().catch((error) => retry(String(error.message), "store")),
  });

  function self(): Person {
    const me = auth?.creds.me;
    return personOf(me?.id, me?.lid);
  }

  function facts(): Record<string, unknown> {
    const me = auth?.creds.me;
    const { number, lid } = self();
    return { id: number ?? lid ?? null, lid: lid ?? null, name: me?.name ?? null, version };
  }

  function dial(state: AuthState): void {
    auth = state;
    const socket = openSocket(parts, state);
    current = socket;
    // Rejections of the library's handlers end up here; without a listener they would end the worker.
    Reflect.apply(socket.ev.on, socket.ev, ["error", (error: unknown) => lost(socket, error)]);
    socket.ev.on("creds.update", () => state.saveCreds());
    socket.ev.on("connection.update", (update) => {
      if (socket === current) changed(socket, state, update);
    });
    socket.ws.on("frame", () => context.alive());
    parts.onSocket(socket);
  }

  function changed(socket: Socket, state: AuthState, update: Partial<ConnectionState>): void {
    if (update.qr !== undefined) return void showCode(socket, update.qr);
    if (update.isNewLogin) return void (adopting = adopt(socket, state));
    if (update.connection === "open") return opened(socket);
    if (update.connection === "close") return lost(socket, update.lastDisconnect?.error);
  }

  async function showCode(socket: Socket, qr: string): Promise<void> {
    if (!login) return;
    if (login.flow === "qr") return login.qr(qr);
    // Every further reference of the server finds the code already asked for.
    if (login.phone === undefined || auth?.creds.pairingCode !== undefined) return;
    try {
      login.code(await socket.requestPairingCode(login.phone));
    } catch (error) {
      lost(socket, error);
    }
  }

  /** Gives what went wrong: the connection usually ends before the keys are stored. */
  async function adopt(socket: Socket, state: AuthState): Promise<unknown> {
    try {
      login?.linked();
      await state.adopt();
      await parts.onLinked();
      refused = false;
      return undefined;
    } catch (error) {
      lost(socket, error);
      return error;
    }
  }

  function opened(socket: Socket): void {
    open = true;
    openedAt = performance.now();
    restarts = 0;
    const account = personId(self()) ?? "unknown";
    context.state({ state: "connected", sentence: `Connected as ${account}`, self: facts() });
    login?.done(account);
    login = undefined;
    parts.onOpen(socket);
  }

  function lost(socket: Socket, error: unknown): void {
    if (socket !== current || closed) return;
    current = undefined;
    if (open) parts.onLost();
    if (open) timer.lasted(performance.now() - openedAt);
    open = false;
    void endSocket(socket, END_MS);
    void decide(error).catch((failure) => retry(`The gateway could not go on: ${String(failure)}`, "store"));
  }

  async function decide(reason: unknown): Promise<void> {
    const unkept = await adopting;
    adopting = Promise.resolve(undefined);
    const error = unkept ?? reason;
    const text = error instanceof Error ? error.message : "closed";
    if (unkept !== undefined) return endLogin(`${text}. Remove the new device on the phone`, false);
    if (error instanceof StoreFailure) {
      return retry(`${text}. Nothing was acknowledged to WhatsApp`, "store");
    }
    const code = codeOf(error);
    // What the new keys are must be on disk before anything is asked with them.
    await auth?.settled().catch(() => {});
    const fate = fateOf(code, text, version);
    if (login && auth && !isStored(auth)) return endLogin(loginText(fate, code), fate.kind === "retry");
    switch (fate.kind) {
      case "restart":
        return ++restarts <= MAX_RESTARTS ? await redial() : retry("WhatsApp asks for restart after restart", "515");
      case "retry":
        return retry(fate.sentence, String(code));
      case "stop":
        refused = fate.state !== "conflict";
        login?.failed(fate.sentence, false);
        login = undefined;
        return context.state({
          state: fate.state,
          sentence: fate.sentence,
          userAction: fate.userAction,
          platformCode: String(code),
        });
    }
  }

  function loginText(fate: Fate, code: number): string {
    if (code === 408) return "Nobody used the code in time";
    return fate.kind === "restart" ? "WhatsApp ended the login before the phone agreed" : fate.sentence;
  }

  function endLogin(text: string, retryable: boolean): void {
    login?.failed(text, retryable);
    login = undefined;
    auth = undefined;
    needLogin(text);
  }

  const needLogin = (why?: string): void =>
    context.state({
      state: "login_required",
      sentence: why === undefined ? "Link this account to a phone" : `Not linked: ${why}`,
      userAction: "login",
    });

  function retry(sentence: string, platformCode: string): void {
    if (!closed) timer.schedule(sentence, platformCode);
  }

  /** Reads the keys again: memory may be ahead of what main has. */
  async function redial(): Promise<void> {
    if (closed) return;
    const stored = await loadAuth(authParts);
    if (closed || current) return;
    if (!stored || !isLinked(stored.creds)) return needLogin();
    await parts.journal.load();
    if (closed || current) return;
    dial(stored);
  }

  async function hangUp(): Promise<void> {
    timer.cancel();
    const socket = current;
    current = undefined;
    if (open) parts.onLost();
    open = false;
    if (socket) await endSocket(socket, END_MS);
    await auth?.settled().catch(() => {});
  }

  return {
    self,
    linked: () => auth !== undefined && isLinked(auth.creds) && !refused,
    socket() {
      if (!current || !open) throw notConnected();
      return current;
    },
    async start() {
      context.state({ state: "connecting", sentence: "Connecting to WhatsApp" });
      try {
        await parts.sent.load();
        await redial();
      } catch (error) {
        retry(error instanceof Error ? error.message : String(error), "store");
      }
    },
    async link(next) {
      await hangUp();
      login = next;
      timer.reset();
      context.state({ state: "login_required", sentence: "Waiting for a phone to agree", userAction: "login" });
      dial(draftAuth(authParts));
    },
    async cancelLink() {
      if (!login) return;
      await hangUp();
      endLogin("The login was cancelled", true);
    },
    async unlink() {
      const socket = open ? current : undefined;
      // From here on the end of this connection is our own doing.
      current = undefined;
      open = false;
      timer.cancel();
      if (socket) {
        parts.onLost();
        await socket.logout("The owner logged out").catch(() => {});
        await endSocket(socket, END_MS);
      }
      login?.failed("The account was logged out", true);
      login = undefined;
      const old = auth;
      auth = undefined;
      await (old?.forget() ?? context.store.clear());
      const rest = socket ? "" : "; the phone may still list this device, remove it there";
      context.state({ state: "logged_out", sentence: `Logged out and keys removed${rest}`, userAction: "login" });
    },
    async close() {
      closed = true;
      login?.failed("The account stops", true);
      login = undefined;
      await hangUp();
    },
  };
}

/** Whether the keys have outgrown a login: WhatsApp knows the device and the store has it. */
const isStored = (auth: AuthState): boolean => isLinked(auth.creds);
