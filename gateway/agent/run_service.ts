/** Accepts runs and joins the parts: ledger, lanes, turns, endings, commands. The parts know nothing of each other. */
import { invalid, unavailable } from "../../schemas/error.ts";
import type { Bus } from "../bus.ts";
import type { Config } from "../config/types.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { parseCommand, type ParsedCommand } from "../session/commands.ts";
import { Lanes } from "../session/lane.ts";
import { createSessionNotifier, type SessionNotifier } from "../session/notify.ts";
import type { Session, SessionStore, Transcript } from "../session/types.ts";
import type { Db } from "../storage/db.ts";
import { readAttachments } from "./attachments.ts";
import { answerCommand } from "./command_answer.ts";
import { type AbortReason, Endings } from "./endings.ts";
import { type AcceptedRun, Ledger, type LedgerKey, type StoredRequest } from "./ledger.ts";
import { planTurn, type QueueSettings, queueSettings, summaryOf } from "./queue.ts";
import { recoverRuns } from "./recovery.ts";
import { type Origin, Run, type RunState, userMessage } from "./run.ts";
import { RunEvents } from "./run_events.ts";
import { rememberedWait, RunTable } from "./run_table.ts";
import { runCommand, stopsRuns } from "./slash.ts";
import { Turns } from "./turn.ts";
import type { ModelCatalog, ModelRunner, RunRequest, RunService, RunTicket, RunWait, Tool } from "./types.ts";

const STOPPED = "The gateway was stopped while this run was in progress; send the message again";
const QUEUE_FULL = "This message was dropped from the full queue of its session; send it again";

/** Characters of one message, and runs that may be queued or running in all sessions together. */
const MAX_MESSAGE_CHARS = 1_000_000;
const MAX_LIVE_RUNS = 1_000;

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
  readonly tools: readonly Tool[];
}

export const createRunService = (deps: RunServiceDeps): RunService => new Runs(deps);

class Runs implements RunService {
  readonly #ledger: Ledger;
  readonly #table = new RunTable();
  readonly #news: SessionNotifier;
  readonly #endings: Endings;
  readonly #turns: Turns;
  readonly #lanes: Lanes<Run>;
  #draining = false;

  constructor(private readonly deps: RunServiceDeps) {
    this.#ledger = new Ledger(deps.db);
    this.#news = createSessionNotifier(deps);
    const parts = { ...deps, ledger: this.#ledger, table: this.#table, news: this.#news };
    this.#endings = new Endings(parts);
    this.#turns = new Turns({ ...parts, endings: this.#endings });
    this.#lanes = new Lanes<Run>({
      clock: deps.clock,
      maxConcurrent: deps.config.agents.maxConcurrent,
      plan: (queue) => planTurn(queue, (run) => this.#settings(run.facts.sessionKey).debounceMs),
      start: (_lane, runs, lease) => this.#turns.start(runs, lease),
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
    const stored: StoredRequest = {
      literalKey: request.sessionKey,
      message: request.message,
      images: [...images],
      leftOut: [...leftOut],
      ...(request.thinking === undefined ? {} : { thinking: request.thinking }),
      ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
      ...(request.extraSystemPrompt === undefined ? {} : { extraSystemPrompt: request.extraSystemPrompt }),
      merge: false,
      summary: [],
    };
    const origin = { connId: request.client.connId, deviceId: request.client.deviceId };
    const command = this.#command(request, images.length);
    const incoming: Incoming = { key, sessionKey, stored, origin, wish: request.queueMode };
    return command ? this.#runCommand(incoming, command) : this.#accept(incoming);
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
    for (const run of running) this.#endings.error(run, STOPPED, "restarted");
  }

  #command(request: RunRequest, images: number): ParsedCommand | undefined {
    if (images > 0 || request.plain === true) return undefined;
    const command = parseCommand(request.message, this.deps.config.session.resetTriggers);
    // `agent` knows only the words that start a new session; other text is the model's.
    const known = request.method === "chat.send" || command?.name === "new" || command?.name === "reset";
    return known ? command : undefined;
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

  #settings(sessionKey: string, wish?: RunRequest["queueMode"]): QueueSettings {
    const { config, sessions } = this.deps;
    return queueSettings(config, sessions.get(sessionKey)?.entry ?? {}, "webchat", wish);
  }

  #accept(incoming: Incoming): RunTicket {
    const { db, sessions, clock } = this.deps;
    const { key, sessionKey } = incoming;
    const busy = this.#lanes.isBusy(sessionKey);
    const settings = this.#settings(sessionKey, incoming.wish);
    if (busy && key.method === "chat.send" && settings.mode === "interrupt") this.abort({ sessionKey }, "stop");
    if (this.#table.count >= MAX_LIVE_RUNS) {
      throw unavailable(`Cannot take the message: ${MAX_LIVE_RUNS} runs are waiting already`, { retryable: true });
    }
    const summary = this.#makeRoom(sessionKey, key.method, settings);
    const merge = busy && key.method === "chat.send" && settings.mode === "collect";
    const { facts, fresh } = db.transaction(() => {
      const fresh = this.#fresh(sessionKey, busy);
      const { sessionId, agentId } = sessions.ensure(sessionKey);
      const request = { ...incoming.stored, merge, summary };
      const facts: AcceptedRun = {
        ...key,
        id: uuid(),
        sessionKey,
        sessionId,
        agentId,
        acceptedAt: clock.now(),
        request,
      };
      this.#ledger.accept(facts);
      return { facts, fresh };
    });
    if (fresh) this.#news.changed(sessionKey, fresh);
    const run = this.#revive(facts, incoming.origin, { at: "queued" });
    this.#lanes.add(sessionKey, run);
    return ticket(run, "new");
  }

  /** Resets a session whose time is over, unless a run still works in it. Says what subscribers must hear. */
  #fresh(sessionKey: string, busy: boolean): "create" | "reset" | undefined {
    const session = this.deps.sessions.get(sessionKey);
    if (!session) return "create";
    if (busy || !this.deps.sessions.isStale(session)) return undefined;
    this.deps.sessions.reset(sessionKey);
    return "reset";
  }

  /** Keeps a session's queue below its cap. Returns the lines that a dropped message leaves in the new one. */
  #makeRoom(sessionKey: string, method: LedgerKey["method"], { cap, drop }: QueueSettings): string[] {
    const queue = this.#lanes.queued(sessionKey);
    if (queue.length < cap) return [];
    const oldest = queue.find(({ facts }) => facts.method === "chat.send");
    if (!oldest || method === "agent" || drop === "new") {
      throw unavailable(`Cannot queue the message: ${queue.length} already wait in this session`, { retryable: true });
    }
    this.#lanes.remove(sessionKey, oldest);
    if (drop === "old") this.#endings.error(oldest, QUEUE_FULL, "unknown");
    else this.deps.db.transaction(() => this.#endings.merged(oldest)).announce();
    return drop === "old" ? [] : summaryOf(oldest);
  }

  #runCommand(incoming: Incoming, command: ParsedCommand): RunTicket {
    const { sessionKey } = incoming;
    const stopped = stopsRuns(command) ? this.abort({ sessionKey }, "stop").length : 0;
    const active = this.#table.of(sessionKey).length;
    const done = this.deps.db.transaction(() => {
      const session: Session = this.deps.sessions.ensure(sessionKey);
      const outcome = runCommand(this.deps, command, { session, stopped, active });
      if (outcome.type === "run") return outcome;
      return answerCommand({ ...this.deps, ledger: this.#ledger }, incoming, command, outcome.text);
    });
    if (command.name === "new" || command.name === "reset") this.#news.changed(sessionKey, "reset");
    else this.#news.changed(sessionKey, "patch");
    if ("type" in done) {
      const { message, thinking } = done;
      const stored = { ...incoming.stored, message, ...(thinking === undefined ? {} : { thinking }) };
      return this.#accept({ ...incoming, stored });
    }
    for (const message of done.messages) this.#news.messageAppended({ key: sessionKey }, message);
    const events = this.#events(done.facts);
    const last = done.messages.at(-1);
    // After the caller has its answer, as after every start.
    this.deps.clock.after(0, () => last && events.answered(last.message));
    const { runId, agentId, acceptedAt } = done.facts;
    return { runId, sessionKey, agentId, acceptedAt, status: "new", final: Promise.resolve(done.final) };
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

/** A checked request on its way to a run or a command. */
export interface Incoming {
  readonly key: LedgerKey;
  readonly sessionKey: string;
  readonly stored: StoredRequest;
  readonly origin: Origin;
  readonly wish: RunRequest["queueMode"];
}

function ticket(run: Run, status: RunTicket["status"]): RunTicket {
  const { runId, sessionKey, agentId, acceptedAt } = run.facts;
  return { runId, sessionKey, agentId, acceptedAt, status, final: run.final };
}
