/** The runs that are queued or running now, by session, and those who wait for the end of one. */
import { unavailable } from "../../schemas/error.ts";
import type { Recipient } from "../bus.ts";
import type { Clock } from "../observe/clock.ts";
import type { LedgerKey, LedgerRow } from "./ledger.ts";
import type { Run } from "./run.ts";
import type { RunFinal, RunWait } from "./types.ts";

const MAX_WAITERS = 1_000;
/** The longest delay that timers take. */
const MAX_DELAY_MS = 2_147_483_647;

export class RunTable {
  readonly #bySession = new Map<string, Set<Run>>();
  readonly #waiters = new Map<string, Set<(wait: RunWait) => void>>();
  #waiting = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(run: Run): void {
    const { sessionKey } = run.facts;
    let runs = this.#bySession.get(sessionKey);
    if (!runs) this.#bySession.set(sessionKey, runs = new Set());
    runs.add(run);
    this.#count++;
  }

  remove(run: Run): void {
    const runs = this.#bySession.get(run.facts.sessionKey);
    if (!runs?.delete(run)) return;
    this.#count--;
    if (runs.size === 0) this.#bySession.delete(run.facts.sessionKey);
  }

  /** Live runs of a session in the order of acceptance. */
  of(sessionKey: string): readonly Run[] {
    return [...this.#bySession.get(sessionKey) ?? []];
  }

  all(): readonly Run[] {
    return [...this.#bySession.values()].flatMap((runs) => [...runs]);
  }

  byRunId(runId: string): Run | undefined {
    return this.all().find(({ facts }) => facts.runId === runId);
  }

  byKey({ method, principal, runId }: LedgerKey): Run | undefined {
    return this.all().find(({ facts }) =>
      facts.runId === runId && facts.method === method && facts.principal === principal
    );
  }

  /** Whether the connection, or its device, started a live run of the session. */
  takesPart(sessionKey: string, recipient: Recipient): boolean {
    for (const { origin } of this.#bySession.get(sessionKey) ?? []) {
      if (!origin) continue;
      if (origin.connId === recipient.connId) return true;
      if (origin.deviceId !== undefined && origin.deviceId === recipient.deviceId) return true;
    }
    return false;
  }

  /** Resolves at the end of a run with this id, at the timeout, or when the signal aborts. */
  wait(runId: string, timeoutMs: number, clock: Clock, signal: AbortSignal): Promise<RunWait> {
    if (timeoutMs === 0 || signal.aborted) return Promise.resolve(this.#unfinished(runId));
    if (this.#waiting >= MAX_WAITERS) throw unavailable("Cannot wait for the run: too many callers wait already");
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(runId) ?? new Set();
      this.#waiters.set(runId, waiters);
      this.#waiting++;
      const done = (wait: RunWait) => {
        cancel();
        signal.removeEventListener("abort", giveUp);
        if (waiters.delete(done)) this.#waiting--;
        if (waiters.size === 0 && this.#waiters.get(runId) === waiters) this.#waiters.delete(runId);
        resolve(wait);
      };
      const giveUp = () => done(this.#unfinished(runId));
      const cancel = clock.after(Math.min(timeoutMs, MAX_DELAY_MS), giveUp);
      signal.addEventListener("abort", giveUp, { once: true });
      waiters.add(done);
    });
  }

  /** Wakes everybody who waits for this run. */
  ended(run: Run): void {
    const waiters = this.#waiters.get(run.facts.runId);
    if (!waiters || run.state.at !== "ended") return;
    const wait = waitOf(run.state.final, run.state.startedAt, run.state.endedAt);
    for (const done of [...waiters]) done(wait);
  }

  #unfinished(runId: string): RunWait {
    const state = this.byRunId(runId)?.state;
    return state?.at === "running" ? { status: "timeout", startedAt: state.startedAt } : { status: "timeout" };
  }
}

/** What `agent.wait` says of a run that the ledger remembers; undefined while it is open. */
export function rememberedWait(row: LedgerRow | undefined): RunWait | undefined {
  if (row?.final === undefined || row.endedAt === undefined) return undefined;
  return waitOf(row.final, row.startedAt, row.endedAt);
}

function waitOf(final: RunFinal, startedAt: number | undefined, endedAt: number): RunWait {
  const times = { ...(startedAt === undefined ? {} : { startedAt }), endedAt };
  if (final.state === "ok") return { status: "ok", ...times };
  return { status: "error", ...times, error: final.state === "error" ? final.message : "The run was aborted" };
}
