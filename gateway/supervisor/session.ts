/** One incarnation of an account's worker: its start, its reports, requests to it, its end in order. */
import {
  type ChannelCommand,
  type ChannelError,
  ChannelReport,
  type LoginStep,
  type ReplyValue,
} from "../../schemas/worker/channel.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import { GatewayError } from "../../schemas/error.ts";
import { messageChecker } from "../../schemas/worker/runtime.ts";
import type { ChannelAccount } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { createInboundGate } from "./inbound_gate.ts";
import type { KeyLease } from "./key_store.ts";
import { createLatest, createMeter } from "./meter.ts";
import type { WorkerPermissions } from "./permissions.ts";
import { startProcess } from "./process_host.ts";
import { ChannelFailure, type ChannelRequest } from "./types.ts";
import { type LinkEnd, type LinkTimes, linkWorker } from "./worker_link.ts";

export type StateReport = Extract<ChannelReport, { type: "state" }>;
export type MarkReport = Extract<ChannelReport, { type: "mark" }>;
type StoreAsk = Extract<ChannelReport, { type: `store.${string}` | "state.save" }>;

/** Requests that wait for one worker. */
const MAX_REQUESTS = 256;
/** The worker needs up to seven seconds (operations under way, then the platform). */
const STOP_MS = 9_000;
/** Messages of any kind: no honest worker comes near, and beyond it main's own work would suffer. */
const MESSAGES_AT_ONCE = 20_000;
const MESSAGES_PER_SECOND = 2_000;
/** Lines of one worker in the gateway's log; the rest is counted. */
const LINES_AT_ONCE = 200;
const LINES_PER_SECOND = 20;

export interface SessionOptions {
  readonly entry: URL;
  readonly account: ChannelAccount;
  readonly permissions: WorkerPermissions;
  readonly generation: number;
  readonly lease: KeyLease;
  readonly clock: Clock;
  readonly log: Log;
  readonly times: LinkTimes;
  readonly onState: (report: StateReport) => void;
  readonly onAlive: () => void;
  /** Commits; throws when the event was not taken. */
  readonly onInbound: (event: Inbound) => void;
  readonly onMark: (report: MarkReport) => void;
  readonly onLoginStep: (step: LoginStep) => void;
  /** Called exactly once. */
  readonly onEnd: (end: LinkEnd) => void;
}

export interface Session {
  readonly generation: number;
  /** Rejects with ChannelFailure: `not_sent` when the worker never got it, `unknown` when its answer was lost. */
  request(request: ChannelRequest, deadlineMs: number): Promise<ReplyValue>;
  /** Ends it in order, or by force when it does not leave in time: then its thread may be lost. */
  stop(reason: string): Promise<"left" | "forced">;
  /** What it still says counts no more; its requests to the store are answered, because it may be on its way out. */
  detach(): void;
  /** Resolves when an ended worker has given everything back. */
  readonly gone: Promise<void>;
}

/** Starts the worker. Throws when it cannot be made, such as for a permission that main does not hold. */
export function startSession(options: SessionOptions): Session {
  const { account, generation, lease, clock } = options;
  const log = options.log.with({ channel: account.channel, account: account.accountId });
  const all = createMeter(clock, MESSAGES_AT_ONCE, MESSAGES_PER_SECOND);
  const lines = createMeter(clock, LINES_AT_ONCE, LINES_PER_SECOND);
  const stopped = Promise.withResolvers<void>();
  let ops = 0;
  let open = 0;
  let ended = false;
  let detached = false;
  let excess = 0;
  let silencedLines = 0;

  const gate = createInboundGate({
    clock,
    log,
    commit: options.onInbound,
    ack: (seq) => link.send({ type: "inbound.ack", seq }),
  });
  const link = linkWorker<ChannelReport, ChannelCommand>({
    url: options.entry,
    name: `${account.channel}:${account.accountId}`,
    permissions: options.permissions,
    generation,
    check: messageChecker(ChannelReport),
    handle,
    replyTo: (report) => report.type === "reply" || report.type === "failed" ? report.op : undefined,
    onEnd,
    clock,
    log,
    times: options.times,
    admit: () => all.take(),
    admitLog,
    ...(account.isolation === "process"
      ? {
        startHost: (host) =>
          startProcess({
            ...host,
            onPrint: (line) =>
              admitLog() && log.info("worker.printed", { generation, line: withoutSecrets(account, line) }),
          }),
      }
      : {}),
  });

  // Messages sent before the worker listens would be lost.
  const ready = link.ready.then(() => link.send(startCommand(account, generation, lease)));

  const states = createLatest<StateReport>(clock, options.onState);

  function admitLog(): boolean {
    if (lines.take()) return true;
    silencedLines++;
    return false;
  }

  function handle(report: ChannelReport): void {
    switch (report.type) {
      case "store.get":
      case "store.set":
      case "store.clear":
      case "state.save":
        return link.send(answerAsk(lease, report, log));
      case "stopped":
        return link.stop();
      default:
        if (!detached) tell(report);
    }
  }

  function tell(report: Exclude<ChannelReport, StoreAsk>): void {
    switch (report.type) {
      case "state":
        return states.push(report);
      case "alive":
        return options.onAlive();
      case "inbound":
        if (!gate.push(report.seq, report.inbound)) excess++;
        return;
      case "mark":
        return options.onMark(report);
      case "login.step":
        return options.onLoginStep(report.step);
    }
  }

  function onEnd(end: LinkEnd): void {
    ended = true;
    gate.stop();
    states.stop();
    const { malformed, late } = link.stats();
    if (excess + malformed + silencedLines > 0) {
      log.warn("channel.misbehaved", { generation, malformed, late, excessEvents: excess, silencedLines });
    }
    stopped.resolve();
    options.onEnd(end);
  }

  async function request(asked: ChannelRequest, deadlineMs: number): Promise<ReplyValue> {
    const what = `Cannot run ${asked.type}`;
    if (ended) throw failure("unreachable", `${what}: the worker has ended`, "not_sent");
    if (open >= MAX_REQUESTS) throw failure("unreachable", `${what}: too many requests wait`, "not_sent");
    open++;
    const deadline = clock.now() + deadlineMs;
    try {
      await startedWithin(asked, deadlineMs);
      const op = String(++ops);
      const left = Math.max(1, deadline - clock.now());
      const report = await link.request(op, { ...asked, op }, left).catch((error: unknown) => {
        const text = `${what}: ${error instanceof Error ? error.message : String(error)}`;
        // The port's own refusals come after the message has left; any other error is why it could not leave.
        throw error instanceof GatewayError
          ? failure("timeout", text, "unknown")
          : failure("invalid", text, "not_sent");
      });
      if (report.type === "failed") throw new ChannelFailure(report.error);
      if (report.type === "reply" && report.value.kind === expectedKind(asked.type)) return report.value;
      throw failure("internal", `${what}: the worker gave an answer of another kind`, "unknown");
    } finally {
      open--;
    }
  }

  /** Resolves when the worker has its `start`; rejects when it ends before, or at the deadline. */
  async function startedWithin(asked: ChannelRequest, deadlineMs: number): Promise<void> {
    const late = Promise.withResolvers<"late">();
    const cancel = clock.after(deadlineMs, () => late.resolve("late"));
    const how = await Promise.race([ready.then(() => "ready"), stopped.promise.then(() => "ended"), late.promise]);
    cancel();
    if (how !== "ready" || ended) {
      throw failure("unreachable", `Cannot run ${asked.type}: the worker has not started`, "not_sent");
    }
  }

  return {
    generation,
    gone: link.gone,
    detach() {
      detached = true;
      states.stop();
      gate.stop();
    },
    request,
    async stop(reason) {
      let how: "left" | "forced" = "left";
      link.send({ type: "stop", reason });
      const cancel = clock.after(STOP_MS, () => {
        how = "forced";
        link.stop();
      });
      await stopped.promise;
      cancel();
      await link.gone;
      return how;
    },
  };
}

/** The text of each secret. It goes into the account's own worker, and out of what that worker prints. */
const revealed = (account: ChannelAccount): [string, string][] =>
  Object.entries(account.secrets).map(([key, secret]) => [key, secret.reveal()]);

/** A library or the runtime may print an address or an error that holds a token. */
function withoutSecrets(account: ChannelAccount, line: string): string {
  return revealed(account).reduce(
    (text, [, secret]) => secret === "" ? text : text.replaceAll(secret, "[secret]"),
    line,
  );
}

function startCommand(account: ChannelAccount, generation: number, lease: KeyLease): ChannelCommand {
  return {
    type: "start",
    accountId: account.accountId,
    generation,
    config: { ...account.config },
    secrets: Object.fromEntries(revealed(account)),
    saved: lease.saved(),
  };
}

/** A refusal changes nothing; the worker's promise rejects with its sentence. */
function answerAsk(lease: KeyLease, ask: StoreAsk, log: Log): ChannelCommand {
  const { op } = ask;
  try {
    switch (ask.type) {
      case "store.get":
        return { type: "store.rows", op, rows: { [ask.kind]: lease.get(ask.kind, ask.ids) } };
      case "store.set":
        lease.set(ask.rows);
        return { type: "done", op };
      case "store.clear":
        lease.clear();
        return { type: "done", op };
      case "state.save":
        lease.save(ask.saved);
        return { type: "done", op };
    }
  } catch (error) {
    log.warn("channel.store_refused", { ask: ask.type, error });
    return { type: "refused", op, message: error instanceof Error ? error.message : "The store is not available" };
  }
}

const KINDS: Partial<Record<ChannelRequest["type"], ReplyValue["kind"]>> = {
  send: "receipt",
  poll: "receipt",
  "media.fetch": "media",
  probe: "probe",
  webhook: "http",
};
const expectedKind = (type: ChannelRequest["type"]): ReplyValue["kind"] => KINDS[type] ?? "ok";

/** A failure that the supervisor itself states. */
export const failure = (code: ChannelError["code"], message: string, outcome: ChannelError["outcome"]) =>
  new ChannelFailure({ code, message, retryable: outcome === "not_sent", outcome });
