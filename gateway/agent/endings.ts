/**
 * How runs end: ok, error, aborted, merged. Each end is one transaction (transcript, counters, ledger), then the events,
 * then those who wait, then the lane. Whatever fails on the way, the lane is released and the run is over.
 */
import type { AssistantMessage, Message } from "../../schemas/message.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { SessionEntry, SessionStore, StoredMessage, Transcript } from "../session/types.ts";
import type { Db } from "../storage/db.ts";
import type { Ledger } from "./ledger.ts";
import type { Run } from "./run.ts";
import type { RunTable } from "./run_table.ts";
import type { SessionNotifier } from "../session/notify.ts";
import { isSilent } from "./silence.ts";
import type { Outlet, OutletEnd, RunFinal } from "./types.ts";

export type ErrorKind = Extract<RunFinal, { state: "error" }>["kind"];
export type AbortReason = "rpc" | "stop" | "timeout";

export interface EndingDeps {
  readonly db: Db;
  readonly ledger: Ledger;
  readonly sessions: SessionStore;
  readonly transcript: Transcript;
  readonly table: RunTable;
  readonly news: SessionNotifier;
  readonly outlet?: Outlet;
  readonly clock: Clock;
  readonly log: Log;
}

export class Endings {
  constructor(private readonly deps: EndingDeps) {}

  ok(run: Run): void {
    this.#end(run, this.#success(run, "ok", run.produced.stopReason), [], (now) => {
      run.events.end(run.produced.texts.at(-1) ?? "", run.produced.stopReason, now);
    });
  }

  error(run: Run, message: string, kind: ErrorKind): void {
    const final: RunFinal = { state: "error", runId: run.facts.runId, message, kind };
    this.#end(run, final, [this.#partial(run, "error", message)], (now) => run.events.error(message, kind, now));
    run.abort.abort();
  }

  aborted(run: Run, reason: AbortReason): void {
    const { text } = run.events;
    const partial = text.trim() === "" ? [] : [this.#partial(run, "aborted", "The run was aborted")];
    if (partial.length > 0 && !run.isEnded) run.produced.texts.push(text);
    this.#end(run, this.#success(run, "aborted", reason), partial, (now) => run.events.aborted(reason, now));
    run.abort.abort();
  }

  /** Stops a run without an end: the ledger holds it as running, and the next start begins it anew. */
  leave(run: Run): void {
    if (run.isEnded) return;
    const { clock, table } = this.deps;
    run.end(clock.now(), {
      state: "error",
      runId: run.facts.runId,
      message: "The gateway is stopping",
      kind: "restarted",
    });
    run.cancelDeadline?.();
    table.remove(run);
    run.abort.abort();
    run.settle();
    table.ended(run);
    run.lease?.release();
  }

  /** Ends a queued run whose message another run carries. Joins the caller's transaction; call `announce` after it. */
  merged(run: Run): { announce(): void } {
    const now = this.deps.clock.now();
    const final = this.#success(run, "ok", "merged");
    this.deps.ledger.end(run.facts, final, now);
    const sendReply = this.#reply(run, { state: "merged" });
    return {
      announce: () => {
        run.end(now, final);
        this.#close(run, () => {
          sendReply();
          run.events.merged();
        });
      },
    };
  }

  #end(run: Run, final: RunFinal, last: readonly Message[], announce: (now: number) => void): void {
    if (run.isEnded) return;
    const { clock, log, news } = this.deps;
    const now = clock.now();
    let stored: StoredMessage[] = [];
    let sendReply = (): void => {};
    try {
      ({ stored, sendReply } = this.#commit(run, final, last, now));
    } catch (error) {
      log.error("run.commit_failed", { runId: run.facts.runId, error });
    }
    run.end(now, final);
    this.#close(run, () => {
      sendReply();
      for (const message of stored) news.messageAppended({ key: run.facts.sessionKey }, message);
      announce(now);
    });
  }

  #commit(run: Run, final: RunFinal, last: readonly Message[], now: number): Committed {
    const { db, ledger, sessions, transcript } = this.deps;
    return db.transaction(() => {
      ledger.end(run.facts, final, now);
      const sendReply = this.#reply(run, outletEnd(run, final));
      const session = sessions.get(run.facts.sessionKey);
      if (!session || run.state.at !== "running") return { stored: [], sendReply };
      const { sessionId } = run.state;
      const stored = [...run.produced.messages, ...last].map((message) => transcript.append(sessionId, message));
      // A reset in mid-run began another session id: its counters are not this run's.
      if (session.sessionId === sessionId) sessions.update(session.key, counters(run, final));
      return { stored, sendReply };
    });
  }

  /** Hands the end to the chat that waits for it, inside the transaction of the end: an answer is never half kept. */
  #reply(run: Run, end: OutletEnd): () => void {
    const { outlet } = this.deps;
    return (run.facts.request.reply && outlet?.ended(run.facts, end)) ?? (() => {});
  }

  /** Nothing here may keep the lane: events go to a bus that may fail, and the next run must not pay for it. */
  #close(run: Run, announce: () => void): void {
    const { table, news, log } = this.deps;
    run.cancelDeadline?.();
    table.remove(run);
    try {
      announce();
      news.changed(run.facts.sessionKey, "run");
    } catch (error) {
      log.error("run.announce_failed", { runId: run.facts.runId, error });
    }
    run.settle();
    table.ended(run);
    run.lease?.release();
  }

  #success(run: Run, state: "ok" | "aborted", stopReason: string): RunFinal {
    const { facts, produced } = run;
    const startedAt = run.state.at === "running" ? run.state.startedAt : this.deps.clock.now();
    return {
      state,
      runId: facts.runId,
      payloads: produced.texts.filter((text) => !isSilent(text)).map((text) => ({ text: text.trim() })),
      durationMs: Math.max(0, this.deps.clock.now() - startedAt),
      sessionId: run.state.at === "running" ? run.state.sessionId : facts.sessionId,
      provider: produced.provider,
      model: produced.model,
      usage: produced.usage,
      stopReason,
    };
  }

  /** What was said before the end, kept with the reason. */
  #partial(run: Run, stopReason: "error" | "aborted", errorMessage: string): AssistantMessage {
    const { text } = run.events;
    const { provider, model } = run.produced;
    return {
      role: "assistant",
      content: text.trim() === "" ? [] : [{ type: "text", text }],
      timestamp: this.deps.clock.now(),
      ...(provider === "" ? {} : { provider, model }),
      stopReason,
      errorMessage,
      runId: run.facts.runId,
    };
  }
}

interface Committed {
  readonly stored: StoredMessage[];
  sendReply(): void;
}

function outletEnd({ produced }: Run, final: RunFinal): OutletEnd {
  if (final.state === "error") return { state: "error", message: final.message, kind: final.kind };
  if (final.state === "aborted") return { state: "aborted" };
  return { state: "ok", texts: final.payloads.map(({ text }) => text), media: produced.media, isCommand: false };
}

/** Token counts of the last run; `totalTokens` is how full the context is. */
function counters(run: Run, final: RunFinal): { [K in keyof SessionEntry]?: SessionEntry[K] | undefined } {
  const { usage, lastCall, provider, model } = run.produced;
  return {
    abortedLastRun: final.state === "aborted" ? true : undefined,
    ...(provider === "" ? {} : { modelProvider: provider, model }),
    ...(usage === undefined ? {} : { inputTokens: usage.input, outputTokens: usage.output }),
    ...(lastCall === undefined ? {} : { totalTokens: lastCall.total }),
  };
}
