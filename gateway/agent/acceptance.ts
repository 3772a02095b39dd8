/** From a checked request to a queued run: room in the queue, a fresh session when its time is over, one durable commit. */
import { unavailable } from "../../schemas/error.ts";
import type { Config } from "../config/types.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { Lanes } from "../session/lane.ts";
import { OWN_CHANNEL } from "../session/channel_ids.ts";
import type { SessionNotifier } from "../session/notify.ts";
import type { SessionStore } from "../session/types.ts";
import type { Db } from "../storage/db.ts";
import type { Endings } from "./endings.ts";
import type { AcceptedRun, Ledger, LedgerKey, StoredRequest } from "./ledger.ts";
import { type QueueSettings, queueSettings, summaryOf } from "./queue.ts";
import type { Origin, Run } from "./run.ts";
import type { RunTable } from "./run_table.ts";
import type { RunRequest, RunTicket } from "./types.ts";

/** Runs that may be queued or running in all sessions together. */
const MAX_LIVE_RUNS = 1_000;
const QUEUE_FULL = "This message was dropped from the full queue of its session; send it again";

/** A checked request on its way to a run or a command. */
export interface Incoming {
  readonly key: LedgerKey;
  /** Canonical. */
  readonly sessionKey: string;
  readonly stored: StoredRequest;
  readonly origin: Origin;
  readonly wish: RunRequest["queueMode"];
  readonly onAccept: RunRequest["onAccept"];
}

export interface AcceptanceDeps {
  readonly db: Db;
  readonly config: Config;
  readonly clock: Clock;
  readonly sessions: SessionStore;
  readonly ledger: Ledger;
  readonly table: RunTable;
  readonly lanes: Lanes<Run>;
  readonly endings: Endings;
  readonly news: SessionNotifier;
  /** Makes an accepted run live. */
  admit(facts: AcceptedRun, origin: Origin): Run;
  /** Ends everything that waits or runs in the session. */
  stopAll(sessionKey: string): readonly string[];
}

export class Acceptance {
  constructor(private readonly deps: AcceptanceDeps) {}

  /** Durable when it returns; the turn starts later. Throws UNAVAILABLE when there is no room. */
  accept(incoming: Incoming): RunTicket {
    const { lanes, news, table } = this.deps;
    const { key, sessionKey } = incoming;
    const busy = lanes.isBusy(sessionKey);
    const settings = this.#settings(incoming);
    const isChat = key.method !== "agent";
    if (busy && isChat && settings.mode === "interrupt") this.deps.stopAll(sessionKey);
    if (table.count >= MAX_LIVE_RUNS) {
      throw unavailable(`Cannot take the message: ${MAX_LIVE_RUNS} runs are waiting already`, { retryable: true });
    }
    const dropped = this.#makeRoom(sessionKey, key.method, settings);
    const merge = busy && isChat && settings.mode === "collect";
    const { facts, change } = this.#commit(incoming, carrying(incoming.stored, dropped, merge), busy);
    // Into its lane before anybody is told: a run that is committed and in no lane would stay queued for ever.
    const run = this.deps.admit(facts, incoming.origin);
    lanes.add(sessionKey, run);
    if (change) news.changed(sessionKey, change);
    const { runId, agentId, acceptedAt } = facts;
    return { runId, sessionKey, agentId, acceptedAt, status: "new", final: run.final };
  }

  #commit(incoming: Incoming, request: StoredRequest, busy: boolean) {
    const { key, sessionKey } = incoming;
    const { db, sessions, ledger, clock } = this.deps;
    return db.transaction(() => {
      const change = this.#freshen(sessionKey, busy);
      const { sessionId, agentId } = sessions.ensure(sessionKey);
      const acceptedAt = clock.now();
      const facts: AcceptedRun = { ...key, id: uuid(), sessionKey, sessionId, agentId, acceptedAt, request };
      ledger.accept(facts);
      incoming.onAccept?.(facts);
      return { facts, change };
    });
  }

  #settings({ sessionKey, stored, wish }: Incoming): QueueSettings {
    const { config, sessions } = this.deps;
    return queueSettings(config, sessions.get(sessionKey)?.entry ?? {}, stored.reply?.channel ?? OWN_CHANNEL, wish);
  }

  /** Resets a session whose time is over, unless a run still works in it. Says what subscribers must hear. */
  #freshen(sessionKey: string, busy: boolean): "create" | "reset" | undefined {
    const session = this.deps.sessions.get(sessionKey);
    if (!session) return "create";
    if (busy || !this.deps.sessions.isStale(session)) return undefined;
    this.deps.sessions.reset(sessionKey);
    return "reset";
  }

  /** Keeps a session's queue below its cap. Returns the dropped message that the new one carries in short. */
  #makeRoom(sessionKey: string, method: LedgerKey["method"], { cap, drop }: QueueSettings): Run | undefined {
    const { lanes, endings, db } = this.deps;
    const queue = lanes.queued(sessionKey);
    if (queue.length < cap) return undefined;
    const oldest = queue.find(({ facts }) => facts.method !== "agent");
    if (!oldest || method === "agent" || drop === "new") {
      throw unavailable(`Cannot queue the message: ${queue.length} already wait in this session`, { retryable: true });
    }
    lanes.remove(sessionKey, oldest);
    if (drop === "old") endings.error(oldest, QUEUE_FULL, "unknown");
    else db.transaction(() => endings.merged(oldest)).announce();
    return drop === "old" ? undefined : oldest;
  }
}

/** The request with what is left of a dropped message. A stranger's words in it take the owner's power away. */
function carrying({ trusted, ...stored }: StoredRequest, dropped: Run | undefined, merge: boolean): StoredRequest {
  const isTrusted = trusted === true && (dropped === undefined || dropped.facts.request.trusted === true);
  const summary = dropped ? summaryOf(dropped) : [];
  return { ...stored, ...(isTrusted ? { trusted: true } : {}), merge, summary };
}
