/** One real channel worker under a real permission set, without a gateway: the test plays main. */
import {
  type ChannelCommand,
  ChannelReport,
  type LoginStep,
  type ProviderState,
  type ReplyValue,
} from "../../schemas/worker/channel.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import type { ChannelPermissions } from "../../schemas/worker/manifest.ts";
import { messageChecker, WORKER_CRASH } from "../../schemas/worker/runtime.ts";
import { systemClock } from "../../gateway/observe/clock.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import { channelPermissions } from "../../gateway/supervisor/permissions.ts";
import { createPort } from "../../gateway/supervisor/port.ts";
import { startProcess } from "../../gateway/supervisor/process_host.ts";
import { ChannelFailure, type ChannelRequest } from "../../gateway/supervisor/types.ts";
import { startWorker } from "../../gateway/supervisor/worker_host.ts";
import { eventually } from "./wait.ts";

export interface ChannelWorkerOptions {
  /** The worker's entry, such as `new URL("../../workers/fake/main.ts", import.meta.url)`. */
  readonly entry: URL;
  readonly permissions: ChannelPermissions;
  readonly config?: Record<string, unknown>;
  readonly secrets?: Record<string, string>;
  /** What an earlier worker saved; `worker.saved` of it, to test a restart. */
  readonly saved?: Record<string, unknown>;
  /** The key store of an earlier worker; `worker.store` of it. */
  readonly store?: MemoryStore;
  readonly isolation?: "worker" | "process";
  readonly accountId?: string;
}

/** kind → id → value. */
export type MemoryStore = Map<string, Map<string, string>>;
type State = Extract<ChannelReport, { type: "state" }>;

export interface ChannelWorker extends AsyncDisposable {
  /** Every checked report, in order; log reports too. */
  readonly reports: readonly ChannelReport[];
  /** Messages that broke the contract, as the sentence that says why. Should stay empty. */
  readonly malformed: readonly string[];
  readonly store: MemoryStore;
  readonly saved: Record<string, unknown>;
  /** Set when the worker has ended: a crash, or "stopped". */
  readonly ended: string | undefined;
  readonly states: () => State[];
  readonly steps: () => LoginStep[];
  /** Event names and fields of `log` reports. */
  readonly logs: () => { readonly event: string; readonly fields: Record<string, unknown> }[];
  /** Rejects with ChannelFailure when the worker answers `failed`. */
  request(request: ChannelRequest, deadlineMs?: number): Promise<ReplyValue>;
  /** Resolves with the first report of this state that comes after the last one waited for. */
  waitState(state: ProviderState, deadlineMs?: number): Promise<State>;
  waitStep(kind: LoginStep["kind"], deadlineMs?: number): Promise<LoginStep>;
  waitReport<T extends ChannelReport>(what: string, find: (report: ChannelReport) => report is T): Promise<T>;
  /** The next event in order; acknowledged unless `ack` is false (then call `ack(seq)`). */
  nextInbound(
    options?: { readonly ack?: boolean; readonly deadlineMs?: number },
  ): Promise<{ readonly seq: number; readonly event: Inbound }>;
  ack(seq: number): void;
  /** Makes every store request fail with this message, or work again with undefined. */
  refuseStore(message: string | undefined): void;
  /** Ends it in order: resolves when it reported `stopped`. */
  stop(deadlineMs?: number): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): void;
}

const checkReport = messageChecker(ChannelReport);

/** Starts the worker and sends `start`; resolves when it takes commands. Throws when it ends before. */
export async function startChannelWorker(options: ChannelWorkerOptions): Promise<ChannelWorker> {
  const reports: ChannelReport[] = [];
  const malformed: string[] = [];
  const store: MemoryStore = options.store ?? new Map();
  let saved = structuredClone(options.saved ?? {});
  let ended: string | undefined;
  let storeRefusal: string | undefined;
  let ops = 0;
  let inboundRead = 0;
  let stateRead = 0;

  const start = options.isolation === "process" ? startProcess : startWorker;
  const host = start({
    url: options.entry,
    name: "test",
    permissions: channelPermissions(options.permissions),
    onMessage: (data) => port.receive(data),
    onError: (message) => end(message),
  });
  const port = createPort<ChannelReport, ChannelCommand>({
    generation: 1,
    check: Object.assign((data: unknown) => {
      const checked = checkReport(data);
      if (!checked.ok) malformed.push(checked.error);
      return checked;
    }, { is: checkReport.is }),
    post: (message) => host.post(message),
    replyTo: (report) => report.type === "reply" || report.type === "failed" ? report.op : undefined,
    handle,
    clock: systemClock,
    log: silentLog,
  });

  function end(reason: string): void {
    ended ??= reason;
    port.close(`The worker has ended: ${reason}`);
    host.terminate();
  }

  function handle(report: ChannelReport): void {
    reports.push(report);
    switch (report.type) {
      case "log":
        if (report.event === WORKER_CRASH) end(`${report.fields["name"]}: ${report.fields["message"]}`);
        return;
      case "stopped":
        return end("stopped");
      case "store.get":
      case "store.set":
      case "store.clear":
      case "state.save":
        return port.send(
          storeRefusal === undefined ? answer(report) : {
            type: "refused",
            op: report.op,
            message: storeRefusal,
          },
        );
    }
  }

  function answer(ask: Extract<ChannelReport, { type: `store.${string}` | "state.save" }>): ChannelCommand {
    switch (ask.type) {
      case "store.get": {
        const rows = store.get(ask.kind) ?? new Map<string, string>();
        const found = ask.ids.flatMap((id) => {
          const value = rows.get(id);
          return value === undefined ? [] : [[id, value] as const];
        });
        return { type: "store.rows", op: ask.op, rows: { [ask.kind]: Object.fromEntries(found) } };
      }
      case "store.set":
        for (const [kind, ids] of Object.entries(ask.rows)) {
          const rows = store.get(kind) ?? new Map<string, string>();
          store.set(kind, rows);
          for (const [id, value] of Object.entries(ids)) value === null ? rows.delete(id) : rows.set(id, value);
        }
        return { type: "done", op: ask.op };
      case "store.clear":
        store.clear();
        return { type: "done", op: ask.op };
      case "state.save":
        saved = ask.saved;
        return { type: "done", op: ask.op };
    }
  }

  const find = <T>(what: string, probe: () => T | undefined, deadlineMs = 15_000): Promise<T> =>
    eventually(what, () => {
      const found = probe();
      if (found === undefined && ended !== undefined) throw new Error(`The worker ended: ${ended}`);
      return found === undefined ? undefined : { found };
    }, deadlineMs).then(({ found }) => found);

  const worker: ChannelWorker = {
    reports,
    malformed,
    store,
    get saved() {
      return saved;
    },
    get ended() {
      return ended;
    },
    states: () => reports.filter((report) => report.type === "state"),
    steps: () => reports.flatMap((report) => report.type === "login.step" ? [report.step] : []),
    logs: () =>
      reports.flatMap((report) => report.type === "log" ? [{ event: report.event, fields: report.fields }] : []),
    async request(request, deadlineMs = 15_000) {
      const op = `op:${++ops}`;
      const report = await port.request(op, { ...request, op }, deadlineMs);
      if (report.type === "failed") throw new ChannelFailure(report.error);
      if (report.type !== "reply") throw new Error(`Cannot use ${report.type} as an answer`);
      return report.value;
    },
    waitState: (state, deadlineMs) =>
      find(`state ${state}`, () => {
        const all = worker.states();
        const index = all.findIndex((report, at) => at >= stateRead && report.state === state);
        if (index === -1) return undefined;
        stateRead = index + 1;
        return all[index];
      }, deadlineMs),
    waitStep: (kind, deadlineMs) =>
      find(`login step ${kind}`, () => worker.steps().find((step) => step.kind === kind), deadlineMs),
    waitReport: <T extends ChannelReport>(what: string, is: (report: ChannelReport) => report is T) =>
      find(what, () => reports.find(is)),
    async nextInbound({ ack = true, deadlineMs } = {}) {
      const report = await find("an inbound event", () => {
        const all = reports.filter((item) => item.type === "inbound");
        return all[inboundRead];
      }, deadlineMs);
      inboundRead++;
      if (ack) worker.ack(report.seq);
      return { seq: report.seq, event: report.inbound };
    },
    ack: (seq) => port.send({ type: "inbound.ack", seq }),
    refuseStore: (message) => storeRefusal = message,
    async stop(deadlineMs = 10_000) {
      if (ended !== undefined) return;
      port.send({ type: "stop", reason: "the test ends" });
      await eventually("the worker to stop", () => ended !== undefined, deadlineMs);
    },
    kill: () => end("killed by the test"),
    async [Symbol.asyncDispose]() {
      try {
        await worker.stop();
      } finally {
        end("disposed");
        await host.gone;
      }
    },
  };

  await find("the worker to load", () => reports.find((report) => report.type === "ready"), 30_000);
  port.send({
    type: "start",
    accountId: options.accountId ?? "default",
    generation: 1,
    config: options.config ?? {},
    secrets: options.secrets ?? {},
    saved,
  });
  return worker;
}
