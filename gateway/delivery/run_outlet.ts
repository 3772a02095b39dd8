/**
 * From the end of a run to its chat. The answer's outbox rows, the end of the inbox rows and the end of the run are one
 * commit: after a crash there is either an answer that will be sent or a run that will begin anew, never both or neither.
 */
import type { Target } from "../../schemas/worker/content.ts";
import type { ReplyRoute } from "../agent/ledger.ts";
import type { AcceptedRun } from "../agent/ledger.ts";
import type { Outlet, OutletEnd } from "../agent/types.ts";
import type { Config } from "../config/types.ts";
import type { Log } from "../observe/log.ts";
import { isSelfChat } from "../session/access.ts";
import type { Db } from "../storage/db.ts";
import type { Channels } from "../supervisor/types.ts";
import type { Inbox } from "./inbox.ts";
import { chatMedia } from "./run_media.ts";
import type { Outbox, Trail } from "./types.ts";

/** A growing answer in a chat; nothing of it may throw. */
export interface ReplyStream {
  /** All that may be shown so far. */
  update(text: string): void;
  /** No further update comes; the answer is in the outbox, or there is none. */
  close(): void;
}

export interface ReplyPlace {
  readonly channel: string;
  readonly accountId: string;
  readonly target: Target;
  readonly groupId: string;
  readonly inboxId: string | undefined;
  readonly runId: string;
  readonly sessionKey: string;
}

export interface RunOutletDeps {
  readonly db: Db;
  readonly config: () => Config;
  readonly channels: Pick<Channels, "manifests" | "accountConfig">;
  readonly inbox: Inbox;
  readonly outbox: Pick<Outbox, "enqueue" | "wake">;
  readonly trail: Trail;
  readonly log: Log;
  /** Begins typing and what shows the answer while it grows. */
  readonly openStream?: (place: ReplyPlace) => ReplyStream;
}

export interface RunOutlet extends Outlet {
  /** Calls `listener` after the commit of every end of a channel's run, with its inbox rows. */
  onEnded(listener: (inboxIds: readonly string[], end: OutletEnd) => void): void;
}

/** All rows of one answer; the same after a restart, so that a run that begins anew does not answer twice. */
export const replyGroup = (run: Pick<AcceptedRun, "id">): string => `reply:${run.id}`;

/** What a chat reads when there is no answer. Never the error itself: that is the owner's. */
const SORRY: Readonly<Record<string, string>> = {
  timeout: "Sorry, I did not finish an answer in time. Please try again.",
  rate_limit: "Sorry, the model behind me is overloaded. Please try again in a few minutes.",
  context_length: "Sorry, this conversation has become too long for me. Send /new to start afresh.",
  refusal: "Sorry, the model behind me declined to answer this.",
  restarted: "Sorry, I was restarted before I could answer. Please send your message again.",
};
const SORRY_OTHERWISE = "Sorry, I cannot answer right now. My owner can see why.";

export function createRunOutlet(deps: RunOutletDeps): RunOutlet {
  const { db, inbox, trail } = deps;
  const streams = new Map<string, ReplyStream>();
  const listeners: ((inboxIds: readonly string[], end: OutletEnd) => void)[] = [];
  const guard = (what: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      deps.log.error("outlet.failed", { what, error });
    }
  };

  return {
    onEnded: (listener) => void listeners.push(listener),
    started(run) {
      guard("start", () => {
        trail.add(run.runId, "run.started", { sessionKey: run.sessionKey });
        const place = placeOf(run);
        if (place && deps.openStream) streams.set(run.id, deps.openStream(place));
      });
    },
    grew: (run, text) => guard("update", () => streams.get(run.id)?.update(withPrefix(deps, run, text))),
    ended(run, end) {
      const ids = openRows(db, run.runId);
      trail.add(run.runId, `run.${end.state}`, end.state === "error" ? { kind: end.kind } : {});
      say(deps, run, end);
      for (const id of ids) inbox.mark(id, "done", { reason: end.state });
      return () => {
        const stream = streams.get(run.id);
        streams.delete(run.id);
        if (stream) guard("close", () => stream.close());
        const reply = run.request.reply;
        if (reply) guard("wake", () => deps.outbox.wake(reply.channel, reply.accountId));
        for (const listener of listeners) guard("listener", () => listener(ids, end));
      };
    },
  };
}

const openRows = (db: Db, runId: string): string[] =>
  db.all("SELECT id FROM inbox WHERE state = 'accepted' AND run_id = ? ORDER BY rowid", runId)
    .map((row) => String(row["id"]));

function placeOf(run: AcceptedRun): ReplyPlace | undefined {
  const { reply } = run.request;
  if (!reply) return undefined;
  const { channel, accountId, target, inboxId } = reply;
  return {
    channel,
    accountId,
    target,
    inboxId,
    groupId: replyGroup(run),
    runId: run.runId,
    sessionKey: run.sessionKey,
  };
}

/** Puts the answer, or an honest sentence in its place, into the outbox. */
function say(deps: RunOutletDeps, run: AcceptedRun, end: OutletEnd): void {
  const place = placeOf(run);
  if (!place) return;
  if (end.state === "ok") {
    const { media, refused } = chatMedia(deps.channels, place, end.media);
    const text = [...end.texts, ...refused].join("\n\n").trim();
    if (text === "" && media.length === 0) return deps.trail.add(run.runId, "reply.silent");
    // Text that has grown in drafts or blocks is finished first, then the files follow as messages of their own.
    deps.outbox.enqueue({ ...place, class: "reply", text: text === "" ? "" : withPrefix(deps, run, text), media });
    return;
  }
  if (end.state !== "error" || run.method !== "channel") return;
  const personal = deps.channels.manifests().find(({ id }) => id === place.channel)?.personal ?? true;
  // Under a person's own name an apology of a machine goes to nobody; the owner reads the error in the session.
  if (personal) return deps.trail.add(run.runId, "reply.withheld", { reason: "personal account" });
  deps.outbox.enqueue({ ...place, class: "notice", text: SORRY[end.kind] ?? SORRY_OTHERWISE, media: [] });
}

/** `responsePrefix` of account or configuration; in a chat with oneself the agent's name, to tell the two apart. */
function withPrefix(deps: RunOutletDeps, run: AcceptedRun, text: string): string {
  const { reply } = run.request;
  if (!reply) return text;
  const prefix = prefixOf(deps, run, reply);
  return prefix === "" ? text : `${prefix} ${text}`;
}

function prefixOf(deps: RunOutletDeps, run: AcceptedRun, reply: ReplyRoute): string {
  const config = deps.config();
  const own = deps.channels.accountConfig(reply.channel, reply.accountId)["responsePrefix"];
  const agent = config.agents.list.find(({ id }) => id === run.agentId);
  const name = `[${agent?.identity.name ?? agent?.name ?? run.agentId}]`;
  const written = typeof own === "string" ? own : config.messages.responsePrefix;
  if (written !== undefined) return written === "auto" ? name : written.trim();
  const event = reply.inboxId === undefined ? undefined : deps.inbox.get(reply.inboxId)?.event;
  return event && isSelfChat(event) ? name : "";
}
