/** The run service: checks requests, answers repeats, and joins ledger, lanes, turns, endings and commands. */
import { invalid, unavailable } from "../../schemas/error.ts";
import type { Bus } from "../bus.ts";
import type { Config } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { OWN_CHANNEL } from "../session/channel_ids.ts";
import { Lanes } from "../session/lane.ts";
import { createSessionNotifier, type SessionNotifier } from "../session/notify.ts";
import type { SessionStore, Transcript } from "../session/types.ts";
import type { Db } from "../storage/db.ts";
import { Acceptance, type Incoming } from "./acceptance.ts";
import { readAttachments } from "./attachments.ts";
import { CommandRuns } from "./command_runs.ts";
import { type AbortReason, Endings } from "./endings.ts";
import { type AcceptedRun, Ledger, type LedgerKey, type StoredRequest } from "./ledger.ts";
import { planTurn, queueSettings } from "./queue.ts";
import { mayReplay, recoverRuns } from "./recovery.ts";
import { type Origin, Run, type RunState, userMessage } from "./run.ts";
import { RunEvents } from "./run_events.ts";
import { rememberedWait, RunTable } from "./run_table.ts";
import { Turns } from "./turn.ts";
import type {
  ModelCatalog,
  ModelRunner,
  Outlet,
  RunRequest,
  RunService,
  RunTicket,
  RunWait,
  ToolBox,
} from "./types.ts";

const STOPPED = "The gateway was stopped while this run was in progress; send the message again";

/** Characters of one message. */
const MAX_MESSAGE_CHARS = 1_000_000;

export interface RunServiceDeps {
  readonly db: Db;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly sessions: SessionStore;
  readonly transcript: Transcript;
  readonly runner: ModelRunner;
  readonly models: ModelCatalog;
  readonly tools: ToolBox;
  /** Absent: this gateway has no channels. */
  readonly outlet?: Outlet;
}

export const createRunService = (deps: RunServiceDeps): RunService => new Runs(deps);

class Runs implements RunService {
  readonly #ledger: Ledger;
  readonly #table = new RunTable();
  readonly #news: SessionNotifier;
  readonly #endings: Endings;
  readonly #turns: Turns;
  readonly #lanes: Lanes<Run>;
  readonly #acceptance: Acceptance;
  readonly #commands: CommandRuns;
  #draining = false;

  constructor(private readonly deps: RunServiceDeps) {
    this.#ledger = new Ledger(deps.db);
    this.#news = createSessionNotifier(deps);
    const stopAll = (sessionKey: string) => this.abort({ sessionKey }, "stop");
    const parts = { ...deps, ledger: this.#ledger, table: this.#table, news: this.#news, stopAll };
    this.#endings = new Endings(parts);
    this.#turns = new Turns({ ...parts, endings: this.#endings });
    this.#lanes = new Lanes<Run>({
      clock: deps.clock,
      maxConcurrent: deps.config.agents.maxConcurrent,
      plan: (queue) => planTurn(queue, (run) => this.#debounceMs(run)),
      start: (_lane, runs, lease) => this.#turns.start(runs, lease),
    });
    this.#acceptance = new Acceptance({
      ...parts,
      lanes: this.#lanes,
      endings: this.#endings,
      admit: (facts, origin) => this.#revive(facts, origin, { at: "queued" }),
    });
    this.#commands = new CommandRuns({
      ...parts,
      events: (facts) => this.#events(facts),
      accept: (incoming) => this.#acceptance.accept(incoming),
    });
  }

  start(request: RunRequest): RunTicket {
    if (this.#draining) throw unavailable("gateway is stopping", { retryable: true });
    const { sessions } = this.deps;
    const { images, leftOut } = readAttachments(request.attachments);
    if (request.message.trim() === "" && images.length === 0) throw invalid("message or attachment required");
    if (request.message.length > MAX_MESSAGE_CHARS) {
      throw invalid(`Cannot take the message: it is longer than ${MAX_MESSAGE_CHARS} characters`);
    }
    const sessionKey = sessions.canonical(request.sessionKey, request.agentId);
    const session = sessions.get(sessionKey);
    if (session?.entry.sendPolicy === "deny") throw invalid("send blocked by session policy");
    const key: LedgerKey = { method: request.method, principal: request.client.principal, runId: request.runId };
    const repeat = this.#repeat(key);
    if (repeat) return repeat;
    const incoming: Incoming = {
      key,
      sessionKey,
      stored: storedRequest(request, images, leftOut),
      origin: { connId: request.client.connId, deviceId: request.client.deviceId },
      wish: request.queueMode,
      onAccept: request.onAccept,
    };
    const command = this.#commands.find(request);
    return command ? this.#commands.run(incoming, command) : this.#acceptance.accept(incoming);
  }

  abort(target: { readonly sessionKey: string; readonly runId?: string | undefined }, reason: AbortReason): string[] {
    const one = target.runId === undefined ? undefined : this.#table.byRunId(target.runId);
    const runs = target.runId !== undefined
      ? one ? [one] : []
      : this.#table.of(this.deps.sessions.canonical(target.sessionKey));
    // The waiting ones first: ending the running one frees the lane for them.
    for (const run of runs.toSorted((a, b) => Number(a.state.at === "running") - Number(b.state.at === "running"))) {
      this.#lanes.remove(run.facts.sessionKey, run);
      this.#endings.aborted(run, reason);
    }
    return runs.map(({ facts }) => facts.runId);
  }

  wait(runId: string, timeoutMs: number, signal: AbortSignal): Promise<RunWait> {
    const live = this.#table.byRunId(runId);
    const remembered = live ? undefined : rememberedWait(this.#ledger.latest(runId));
    return remembered ? Promise.resolve(remembered) : this.#table.wait(runId, timeoutMs, this.deps.clock, signal);
  }

  active(sessionKey: string): ReturnType<RunService["active"]> {
    return this.#table.of(this.deps.sessions.canonical(sessionKey)).map((run) => ({
      runId: run.facts.runId,
      state: run.state.at === "running" ? "running" as const : "queued" as const,
      startedAt: run.state.at === "running" ? run.state.startedAt : undefined,
      text: run.events.text,
      seq: run.events.seq,
      // A running message is in the transcript already; shown twice it would stand doubled on the page.
      message: run.state.at === "queued" ? userMessage(run) : undefined,
      reply: run.facts.request.reply,
    }));
  }

  activeCount(): number {
    return this.#table.count;
  }

  find(runId: string): { readonly sessionKey: string } | undefined {
    const run = this.#table.byRunId(runId);
    return run && { sessionKey: run.facts.sessionKey };
  }

  maintenance(): void {
    this.#ledger.sweep(this.deps.clock.now());
  }

  recover(): void {
    recoverRuns({
      ledger: this.#ledger,
      endings: this.#endings,
      clock: this.deps.clock,
      log: this.deps.log,
      revive: (row, state) => this.#revive(row, undefined, state),
      enqueue: (run) => this.#lanes.add(run.facts.sessionKey, run),
    });
  }

  async drain(ms: number): Promise<void> {
    this.#draining = true;
    this.#lanes.pause();
    const running = this.#table.all().filter(({ state }) => state.at === "running");
    await new Promise<void>((resolve) => {
      const cancel = this.deps.clock.after(ms, resolve);
      Promise.all(running.map(({ final }) => final)).then(() => {
        cancel();
        resolve();
      });
    });
    // What still waits stays queued in the ledger: the next start runs it.
    for (const run of running) {
      // Whoever wrote over a channel does not know of the stop: the next start answers.
      if (mayReplay(run.facts, run.acted)) this.#endings.leave(run);
      else this.#endings.error(run, STOPPED, "restarted");
    }
  }

  /** The ticket of an earlier call with the same key. */
  #repeat(key: LedgerKey): RunTicket | undefined {
    const row = this.#ledger.find(key, this.deps.clock.now());
    if (!row) return undefined;
    const live = this.#table.byKey(key);
    const { runId, sessionKey, agentId, acceptedAt } = row;
    if (row.final) {
      return { runId, sessionKey, agentId, acceptedAt, status: "done", final: Promise.resolve(row.final) };
    }
    if (!live) {
      throw unavailable("Cannot repeat the run: the gateway has not taken up its runs yet", { retryable: true });
    }
    return { runId, sessionKey, agentId, acceptedAt, status: "in_flight", final: live.final };
  }

  #debounceMs({ facts: { sessionKey, request } }: Run): number {
    const { config, sessions } = this.deps;
    const channel = request.reply?.channel ?? OWN_CHANNEL;
    return queueSettings(config, sessions.get(sessionKey)?.entry ?? {}, channel, undefined).debounceMs;
  }

  #events(facts: AcceptedRun): RunEvents {
    const { bus, clock } = this.deps;
    return new RunEvents({
      bus,
      clock,
      runId: facts.runId,
      sessionKey: facts.sessionKey,
      literalKey: facts.request.literalKey,
      agentId: facts.agentId,
      sees: (recipient) => this.#table.takesPart(facts.sessionKey, recipient),
    });
  }

  #revive(facts: AcceptedRun, origin: Origin | undefined, state: RunState): Run {
    const run = new Run(facts, this.#events(facts), origin, state);
    this.#table.add(run);
    return run;
  }
}

const storedRequest = (
  request: RunRequest,
  images: StoredRequest["images"],
  leftOut: StoredRequest["leftOut"],
): StoredRequest => ({
  literalKey: request.sessionKey,
  message: request.message,
  images,
  leftOut,
  ...(request.thinking === undefined ? {} : { thinking: request.thinking }),
  ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
  ...(request.extraSystemPrompt === undefined ? {} : { extraSystemPrompt: request.extraSystemPrompt }),
  ...(request.context === undefined || request.context === "" ? {} : { context: request.context }),
  ...(request.reply === undefined ? {} : { reply: request.reply }),
  ...(request.trusted === true ? { trusted: true } : {}),
  merge: false,
  summary: [],
});
