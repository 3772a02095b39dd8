/** One account: when its worker runs, what its reports mean, and what happens when it fails. */
import type { LoginStep, ReplyValue } from "../../schemas/worker/channel.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { ChannelAccount } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { createAccountRecord } from "./account_record.ts";
import { isTerminal } from "./account_state.ts";
import { createStartBudget } from "./budget.ts";
import type { ChannelStore, KeyLease } from "./key_store.ts";
import { createLogin, type LoginRecord } from "./login.ts";
import { HELD_BY_LOST_THREAD, type Obstacle, obstacleOf } from "./obstacle.ts";
import { channelPermissions } from "./permissions.ts";
import { factsOf, fatalState, notStarted } from "./reports.ts";
import { failure, type Session, startSession, type StateReport } from "./session.ts";
import {
  type AccountStatus,
  ChannelFailure,
  type ChannelRequest,
  type ChannelSink,
  type LoginSession,
} from "./types.ts";
import type { LinkEnd, LinkTimes } from "./worker_link.ts";

/** Connected for this long, an account counts as working: waits begin anew and its identity is kept as a good copy. */
const STABLE_MS = 60_000;
/** Threads that may be lost to one account before it stays down: each can hold a core. */
const MAX_LOST = 2;
const LOGIN_MS = 15 * 60_000;
const LOGOUT_MS = 30_000;

export interface ChannelOptions {
  readonly manifest: ChannelManifest;
  readonly entry: URL;
  readonly account: ChannelAccount;
  readonly clock: Clock;
  readonly log: Log;
  readonly sink: ChannelSink;
  readonly store: ChannelStore;
  readonly times: LinkTimes;
  readonly random: () => number;
  readonly strict: boolean;
  /** Where the generations of an account that was removed and came back go on. */
  readonly lastGeneration?: number;
  /** Set when something starts the gateway again: called when a thread is lost. */
  readonly orderlyRestart: ((reason: string) => void) | undefined;
  /** Starts a worker; tests of the state machine give their own. */
  readonly startSession?: typeof startSession;
}

export interface Channel {
  readonly manifest: ChannelManifest;
  account(): ChannelAccount;
  status(): AccountStatus;
  /** By a person: always allowed; does nothing when a worker runs. */
  start(): Promise<AccountStatus>;
  stop(reason: string): Promise<AccountStatus>;
  logout(): Promise<AccountStatus>;
  /** The account's new configuration; the worker is made anew only when `restart`. */
  configure(account: ChannelAccount, restart: boolean): Promise<void>;
  request(request: ChannelRequest, deadlineMs: number): Promise<ReplyValue>;
  login(flow: string, input: Record<string, string>): Promise<LoginSession>;
  activeLogin(): LoginSession | undefined;
  /** Ends it for good. */
  close(reason: string): Promise<void>;
}

export function createChannel(options: ChannelOptions): Channel {
  const { manifest, clock, sink, store } = options;
  let account = options.account;
  const { channel, accountId } = account;
  const log = options.log.with({ channel, account: accountId });
  const budget = createStartBudget(clock, options.random);
  let session: Session | undefined;
  let lease: KeyLease | undefined;
  let login: LoginRecord | undefined;
  let leaving: Promise<unknown> = Promise.resolve();
  let tail: Promise<unknown> = Promise.resolve();
  let cancelRetry = (): void => {};
  let cancelStable = (): void => {};
  let stopping = false;
  let closed = false;

  const status = (): AccountStatus => record.status(budget.starts());
  const record = createAccountRecord({ ...options, log, onChange });

  function onChange(): void {
    try {
      sink.stateChanged(status());
    } catch (error) {
      log.error("channel.sink_failed", { error });
    }
  }

  /** Starts and stops of one account never overlap: two workers of it must not run side by side. */
  function serial<T>(action: () => Promise<T>): Promise<T> {
    const run = tail.then(action);
    tail = run.catch(() => {});
    return run;
  }

  async function launch(): Promise<void> {
    cancelRetry();
    if (session || closed) return;
    const obstacle = whyNot();
    if (obstacle) return record.become(obstacle.state, obstacle);
    await leaving;
    if (session || closed) return;
    const generation = record.nextGeneration();
    budget.started();
    record.become("starting", { sentence: "Starting" });
    try {
      lease = store.open(channel, accountId, generation);
      session = open(generation, lease);
    } catch (error) {
      log.error("channel.not_started", { error });
      record.become("stopped", notStarted(error));
    }
  }

  function open(generation: number, opened: KeyLease): Session {
    const current = <A extends unknown[]>(action: (...args: A) => void) => (...args: A): void => {
      if (session?.generation === generation) action(...args);
    };
    return (options.startSession ?? startSession)({
      entry: options.entry,
      account,
      permissions: channelPermissions(manifest.permissions(account.config)),
      generation,
      lease: opened,
      clock,
      log,
      times: options.times,
      onState: current(takeState),
      onAlive: current(() => record.touch("alive")),
      onInbound: current((event) => {
        record.touch("alive");
        record.touch("inbound");
        sink.inbound(channel, accountId, event);
      }),
      onMark: current(({ chat, messageId, mark, at }) =>
        sink.mark(channel, accountId, { chatId: chat.id, messageId, mark, at })
      ),
      onLoginStep: current((step) => login?.push(step)),
      onEnd: current(takeEnd),
    });
  }

  const whyNot = (): Obstacle | undefined =>
    obstacleOf(manifest, account) ?? (holdsSession() ? HELD_BY_LOST_THREAD : undefined);

  /** A lost thread still has its connection open, and a second session would be thrown out for it. */
  const holdsSession = (): boolean => manifest.singleSession && status().lostThreads > 0;

  function takeState(report: StateReport): void {
    const { state } = report;
    cancelStable();
    if (isTerminal(state)) leave();
    record.become(state, factsOf(report, clock.now()));
    if (state !== "connected") return;
    record.touch("alive");
    cancelStable = clock.after(STABLE_MS, markStable);
  }

  function markStable(): void {
    budget.stable();
    try {
      lease?.keepGood();
    } catch (error) {
      log.warn("channel.no_good_copy", { error });
    }
  }

  /** The worker goes in its own time; nothing it still says counts. */
  function leave(): void {
    const left = session;
    if (!left) return;
    left.detach();
    session = undefined;
    cancelStable();
    leaving = left.stop("the account cannot go on").then(noteForced);
  }

  /** A worker that does not even leave has a blocked thread. */
  function noteForced(how: "left" | "forced"): void {
    if (how === "left" || account.isolation === "process") return;
    record.lostThread();
    log.error("channel.thread_lost", { lostThreads: status().lostThreads });
    if (!closed) options.orderlyRestart?.(`${channel}:${accountId} did not stop and its thread cannot be stopped`);
  }

  function takeEnd(end: LinkEnd): void {
    const ended = session;
    session = undefined;
    cancelStable();
    leaving = ended?.gone ?? leaving;
    if (stopping) return;
    failLogin("The worker ended; start the login again");
    if (end.kind === "wedged" && account.isolation === "worker") return loseThread();
    const how = end.kind === "stopped" ? "it stopped by itself" : end.message;
    retry(
      "reconnecting",
      end.kind === "wedged" ? "The worker gave no sign of life and was killed" : `The worker failed: ${how}`,
    );
  }

  function retry(state: "reconnecting" | "wedged", sentence: string): void {
    const { at, exhausted } = budget.failed();
    const attempt = record.status(0).attempt + 1;
    if (exhausted) {
      record.become("crashed", {
        sentence:
          `${sentence}. It failed ${budget.starts()} times within an hour and rests until it is started or an hour has passed`,
        nextRetryAt: at,
        attempt,
      });
    } else {
      record.become(state, { sentence, nextRetryAt: at, attempt });
    }
    cancelRetry = clock.after(at - clock.now(), () => void serial(launch));
  }

  /** In this runtime a thread that does not return to its event loop cannot be stopped; only the process can end it. */
  function loseThread(): void {
    const lost = record.lostThread();
    const { orderlyRestart } = options;
    orderlyRestart?.(`${channel}:${accountId} no longer answers and its thread cannot be stopped`);
    const sentence = orderlyRestart
      ? "The worker no longer answers; the gateway restarts in order to get its processor core back"
      : "The worker no longer answers, and a processor core is lost until the gateway is restarted";
    if (!manifest.singleSession && lost <= MAX_LOST && !orderlyRestart) return retry("wedged", sentence);
    record.become("wedged", { sentence, userAction: "restart_gateway" });
  }

  function failLogin(text: string): void {
    if (login && !login.ended) login.push({ kind: "failed", text, retryable: true });
  }

  async function end(reason: string): Promise<void> {
    cancelRetry();
    cancelStable();
    stopping = true;
    try {
      if (session) noteForced(await session.stop(reason));
      session = undefined;
      await leaving;
    } finally {
      stopping = false;
    }
    failLogin(`The account was stopped: ${reason}`);
  }

  async function request(asked: ChannelRequest, deadlineMs: number): Promise<ReplyValue> {
    if (!session) {
      const sentence = `${channel}:${accountId} is ${record.state}: ${status().sentence}`;
      throw failure("unreachable", `Cannot run ${asked.type}: ${sentence}`, "not_sent");
    }
    const used = session;
    try {
      const value = await used.request(asked, deadlineMs);
      if (value.kind === "receipt") record.touch("outbound");
      return value;
    } catch (error) {
      if (session === used && error instanceof ChannelFailure) takeFailure(error);
      throw error;
    }
  }

  function takeFailure({ error }: ChannelFailure): void {
    const fatal = fatalState(error);
    if (!fatal) return;
    leave();
    record.become(fatal.state, fatal);
  }

  async function beginLogin(flow: string, input: Record<string, string>): Promise<LoginSession> {
    budget.reset();
    await serial(launch);
    if (!session) throw failure("unreachable", status().sentence, "not_sent");
    if (!login || login.ended) login = createLogin(channel, accountId, clock);
    const mine = login;
    // A worker may answer when the flow has begun or when it is over: the steps tell, the answer does not.
    session.request({ type: "login.start", flow, input }, LOGIN_MS).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      const retryable = error instanceof ChannelFailure && error.error.retryable;
      if (!mine.ended) mine.push({ kind: "failed", text, retryable } satisfies LoginStep);
    });
    return mine.session;
  }

  return {
    manifest,
    account: () => account,
    status,
    start: () =>
      serial(async () => {
        budget.reset();
        await launch();
        return status();
      }),
    stop: (reason) =>
      serial(async () => {
        await end(reason);
        if (!account.enabled) record.become("disabled", { sentence: "Switched off in the configuration" });
        else record.become("stopped", { sentence: `Stopped: ${reason}` });
        return status();
      }),
    logout: () =>
      serial(async () => {
        await request({ type: "logout" }, LOGOUT_MS).catch((error: unknown) => {
          log.warn("channel.logout_unconfirmed", { error });
        });
        await end("logged out");
        store.forget(channel, accountId);
        record.become("logged_out", { sentence: "Logged out; its keys are deleted here", userAction: "login" });
        return status();
      }),
    configure: (changed, restart) =>
      serial(async () => {
        if (restart) await end("its configuration has changed");
        account = changed;
        record.configure(changed);
        if (!restart) return onChange();
        budget.reset();
        await launch();
      }),
    request,
    login: beginLogin,
    activeLogin: () => login && !login.ended ? login.session : undefined,
    close: (reason) => {
      closed = true;
      return serial(async () => {
        await end(reason);
        record.become("stopped", { sentence: `Stopped: ${reason}` });
      });
    },
  };
}
