/** A supervised worker: host, port and liveness as one thing with one end. */
import { LifeReport, messageChecker, WORKER_CRASH } from "../../schemas/worker/runtime.ts";
import type { Checker } from "../../schemas/validate.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { type Liveness, watchLiveness } from "./liveness.ts";
import type { WorkerPermissions } from "./permissions.ts";
import { createPort, type PortStats } from "./port.ts";
import { startWorker, type WorkerHost, type WorkerHostOptions } from "./worker_host.ts";

export interface LinkTimes {
  /** Until the worker reports `ready`. */
  readonly startMs: number;
  readonly pingIntervalMs: number;
  readonly pingDeadlineMs: number;
  readonly pingMisses: number;
}

export const LINK_TIMES: LinkTimes = { startMs: 20_000, pingIntervalMs: 5_000, pingDeadlineMs: 5_000, pingMisses: 2 };

/** `wedged`: no sign of life; the thread may still burn a core. `stopped`: `stop` was called. */
export interface LinkEnd {
  readonly kind: "crashed" | "wedged" | "stopped";
  /** What a log or a person may be told. */
  readonly message: string;
}

export interface LinkOptions<In, Out> {
  readonly url: URL;
  readonly name: string;
  readonly permissions: WorkerPermissions;
  readonly generation: number;
  /** The worker's whole contract, the life reports included. */
  readonly check: Checker<In>;
  /** Every other message, in order. */
  readonly handle: (message: In) => void;
  /** The id of the request (`request`) that a message answers; for contracts that have such. */
  readonly replyTo?: (message: In) => string | undefined;
  /** Called exactly once. */
  readonly onEnd: (end: LinkEnd) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly times?: LinkTimes;
  /** What runs the worker; default: a Web Worker. */
  readonly startHost?: (options: WorkerHostOptions) => WorkerHost;
  /** Asked for every message before anything else; false ends the worker, because it sends more than main can bear. */
  readonly admit?: () => boolean;
  /** Asked for every line that goes into the log; false drops it. */
  readonly admitLog?: () => boolean;
}

export interface WorkerLink<In, Out> {
  readonly generation: number;
  /** Resolves when the worker takes messages; stays pending when it ends before. */
  readonly ready: Promise<void>;
  send(message: Out): void;
  /** As `Port.request`. */
  request(id: string, message: Out, deadlineMs: number): Promise<In>;
  stop(): void;
  stats(): PortStats;
  /** Resolves when an ended worker has given everything back; see `WorkerHost.gone`. */
  readonly gone: Promise<void>;
}

interface Ping {
  readonly type: "ping";
  readonly id: number;
}

const checkLife = messageChecker(LifeReport);

/** Log lines that one worker may write within a minute; a library that complains in a loop must not fill the disk. */
const MAX_LINES = 200;
const LINES_WINDOW_MS = 60_000;

/** Passes lines through up to the limit; the first one above it says that the rest is left out. */
function limitLines(
  clock: Clock,
  log: Log,
): (report: Extract<LifeReport, { type: "log" }>, generation: number) => void {
  let windowEnds = 0;
  let lines = 0;
  return ({ level, event, fields }, generation) => {
    if (clock.now() >= windowEnds) {
      windowEnds = clock.now() + LINES_WINDOW_MS;
      lines = 0;
    }
    lines++;
    if (lines <= MAX_LINES || event === WORKER_CRASH) return log[level](event, { generation, ...fields });
    if (lines === MAX_LINES + 1) log.warn("worker.log_limited", { generation, perMinute: MAX_LINES });
  };
}

/**
 * Starts the worker. Throws when it cannot be made (a permission that main does not hold). Whatever way it ends,
 * `onEnd` says so once, and no message of it is handled afterwards.
 */
export function linkWorker<In extends { readonly type: string }, Out>(
  options: LinkOptions<In, Out>,
): WorkerLink<In, Out> {
  const { generation, clock, times = LINK_TIMES } = options;
  const log = options.log.with({ worker: options.name });
  const writeLine = limitLines(clock, log);
  const ready = Promise.withResolvers<void>();
  let ended = false;

  const host = (options.startHost ?? startWorker)({
    url: options.url,
    name: options.name,
    permissions: options.permissions,
    onMessage(data) {
      if (options.admit?.() ?? true) port.receive(data);
      else end({ kind: "crashed", message: "it floods the gateway with messages" });
    },
    onError: (message) => end({ kind: "crashed", message }),
  });
  const port = createPort<In, Out | Ping>({
    generation,
    check: options.check,
    post: (message) => host.post(message),
    replyTo: (message) =>
      message.type === "pong" && "id" in message ? `ping:${message.id}` : options.replyTo?.(message),
    handle,
    clock,
    log,
  });
  const cancelStart = clock.after(times.startMs, () => end({ kind: "wedged", message: "it did not start in time" }));
  let liveness: Liveness | undefined;
  /** Not before `ready`: a worker that is still loading its modules cannot answer, and has a time limit of its own. */
  const watch = () =>
    liveness ??= watchLiveness({
      clock,
      intervalMs: times.pingIntervalMs,
      deadlineMs: times.pingDeadlineMs,
      misses: times.pingMisses,
      ping: (id, deadlineMs) => port.request(`ping:${id}`, { type: "ping", id }, deadlineMs),
      onWedged: () => end({ kind: "wedged", message: "it no longer answers" }),
    });

  function handle(message: In): void {
    if (message.type !== "ready" && message.type !== "log") return options.handle(message);
    if (!checkLife.is(message)) return;
    if (message.type === "log") return takeLog(message);
    cancelStart();
    watch();
    ready.resolve();
  }

  function takeLog(report: Extract<LifeReport, { type: "log" }>): void {
    if (options.admitLog?.() ?? true) writeLine(report, generation);
    if (report.event !== WORKER_CRASH) return;
    const { name, message } = report.fields;
    end({ kind: "crashed", message: `${String(name)}: ${String(message)}` });
  }

  function end(how: LinkEnd): void {
    if (ended) return;
    ended = true;
    cancelStart();
    liveness?.stop();
    port.close(`The worker ${options.name} has ended: ${how.message}`);
    host.terminate();
    if (how.kind !== "stopped") log.error("worker.ended", { generation, kind: how.kind, reason: how.message });
    options.onEnd(how);
  }

  return {
    generation,
    ready: ready.promise,
    send: (message) => port.send(message),
    request: (id, message, deadlineMs) => port.request(id, message, deadlineMs),
    stop: () => end({ kind: "stopped", message: "it was stopped" }),
    stats: () => port.stats(),
    gone: host.gone,
  };
}
