/**
 * The outbox: what is to be said is a row before it is said, and every row has an end that somebody knows of.
 * `queued → attempting → sent | failed | unknown | expired | dropped`; only `attempting` may have reached a platform.
 */
import { invalid } from "../../schemas/error.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { Db } from "../storage/db.ts";
import type { Channels } from "../supervisor/types.ts";
import { attempt } from "./attempt.ts";
import { createDrafts, type Drafts } from "./drafts.ts";
import { type GiveUp, giveUp, STOPPED } from "./give_up.ts";
import { type FullRow, OutboxRows, view } from "./outbox_rows.ts";
import { planParts } from "./plan.ts";
import type { DeliveryPolicy, PolicyOf } from "./policy.ts";
import { recoverRows } from "./recover.ts";
import { createSender, type Sender } from "./sender.ts";
import { createSettled, type Settled } from "./settled.ts";
import type { Delivery, Outbox, OutboxRow, Trail } from "./types.ts";

/** Rows of one account that may wait; more are refused, and the owner hears of it. */
const MAX_OPEN = 10_000;
const KEEP_MS = 30 * 24 * 3_600_000;
const MAX_ROWS = 200_000;
const MAX_LISTED = 500;

export interface OutboxDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly channels: Pick<Channels, "request" | "account">;
  readonly trail: Trail;
  readonly policy: PolicyOf;
  /** Hears of every message that was given up. Called within the transaction of the give-up. */
  readonly notifyOwner: (event: GiveUp) => void;
  /** 0 to 1; for the jitter of waits. */
  readonly random?: () => number;
}

export interface DeliveryService extends Outbox {
  readonly drafts: Drafts;
  /** Drops what of the delivery is not on its way yet, because it is of no use any more. Nobody is told. */
  cancel(groupId: string, reason: string): void;
  /** Nothing of the account is sent for so long: its platform said so. */
  pause(channel: string, accountId: string, ms: number): void;
  /** Whether something for this chat waits or is on its way. */
  chatBusy(channel: string, accountId: string, chatId: string): boolean;
  /** Rows of an account that wait or are on their way. */
  countOpen(channel: string, accountId: string): number;
  /** Of how many messages a delivery consists, and how many of them are text alone. */
  parts(groupId: string): { readonly all: number; readonly text: number };
  /** Judges what a crash cut off and starts sending. Once, after the manifests are known. */
  recover(): void;
  /** Lets calls under way and what is due finish, for `ms` at most, then stops. */
  drain(ms: number): Promise<void>;
  /** Nothing more is sent or written; calls under way are judged by the next start. */
  stop(): void;
  /** Drops what ended long ago. */
  sweep(): void;
}

export function createOutbox(deps: OutboxDeps): DeliveryService {
  const { db, clock, policy, trail } = deps;
  const rows = new OutboxRows(db, clock);
  const drafts = createDrafts({ rows, channels: deps.channels, trail });
  const settled = createSettled({ rows, clock });
  const parts: Parts = { ...deps, random: deps.random ?? Math.random, rows, drafts, settled, stopped: () => stopped };
  const sender = createSender({
    ...deps,
    heads: (channel, accountId) => rows.heads(channel, accountId),
    paceMs: (channel, accountId) => policy(channel, accountId).paceMs,
    attempt: (id) => attemptAndTell(parts, id),
    expire: (id) => expire(parts, id),
  });
  let stopped = false;

  /** After the present synchronous work: a transaction of the caller is committed or undone by then. */
  const wakeLater = (channel: string, accountId: string): void =>
    queueMicrotask(() => stopped ? undefined : sender.wake(channel, accountId));
  const stop = (): void => {
    if (stopped) return;
    sender.stop();
    settled.stop();
    stopped = true;
  };

  return {
    drafts,
    enqueue(delivery) {
      const ids = db.transaction(() => enqueue(parts, delivery));
      wakeLater(delivery.channel, delivery.accountId);
      return ids;
    },
    wake: (channel, accountId) => sender.wake(channel, accountId),
    settled: (groupId, deadlineMs) => settled.wait(groupId, deadlineMs),
    list: ({ state, channel, limit } = {}) => rows.list(state, channel, Math.min(limit ?? 50, MAX_LISTED)),
    retry(id) {
      const row = db.transaction(() => retry(parts, id));
      wakeLater(row.channel, row.accountId);
      return row;
    },
    drop: (id) => db.transaction(() => drop(parts, id)),
    cancel(groupId, reason) {
      db.transaction(() => cancel(parts, groupId, reason));
      queueMicrotask(() => stopped ? undefined : settled.changed(groupId));
    },
    parts(groupId) {
      const group = rows.group(groupId);
      return { all: group.length, text: group.filter((row) => row.message.media === undefined).length };
    },
    pause: (channel, accountId, ms) => sender.pause(channel, accountId, ms),
    chatBusy: (channel, accountId, chatId) => rows.chatBusy(channel, accountId, chatId),
    countOpen: (channel, accountId) => rows.countOpen(channel, accountId),
    recover() {
      recoverRows(parts);
      for (const { channel, accountId } of rows.waiting()) sender.wake(channel, accountId);
    },
    async drain(ms) {
      await drained(sender, clock, ms);
      stop();
    },
    stop,
    sweep: () => rows.sweep(KEEP_MS, MAX_ROWS),
  };
}

interface Parts extends OutboxDeps {
  readonly random: () => number;
  readonly rows: OutboxRows;
  readonly drafts: Drafts;
  readonly settled: Settled;
  readonly stopped: () => boolean;
}

function enqueue(parts: Parts, delivery: Delivery): readonly string[] {
  const { rows, trail, clock, policy } = parts;
  const { channel, accountId, groupId, inboxId, runId, sessionKey } = delivery;
  const known = rows.ids(groupId);
  if (known.length > 0) return known;
  const rules = policy(channel, accountId);
  const full = rows.countOpen(channel, accountId) >= MAX_OPEN;
  // A draft shows the text already, and cannot become the caption of an attachment.
  const drafted = delivery.draft !== undefined || parts.drafts.of(groupId, 0) !== undefined;
  const planned = planParts({ ...delivery, text: withoutBlocks(parts, delivery) }, rules, !drafted);
  const expiresAt = clock.now() + Math.min(rules.ttlMs[delivery.class], delivery.ttlMs ?? Infinity);
  const ids = planned.map(({ message, media }, part) => {
    const id = uuid();
    const row = { id, class: delivery.class, channel, accountId, groupId, part, message, media, expiresAt };
    rows.insert({ ...row, state: "queued", error: undefined, inboxId, runId, sessionKey });
    trail.add(id, "outbox.queued", { class: delivery.class, part, of: planned.length, chatId: message.target.chatId });
    return id;
  });
  adoptDraft(parts, delivery);
  const first = full && ids[0] !== undefined ? rows.get(ids[0]) : undefined;
  if (first) giveUp(parts, first, "failed", `More than ${MAX_OPEN} messages wait for this account`);
  return ids;
}

/** The answer without what its blocks have said; all of it when a new run says something else. */
function withoutBlocks({ rows, trail }: Parts, { text, groupId, runId }: Delivery): string {
  const said = rows.blocksOf(groupId);
  if (said === "" || !text.startsWith(said)) return text;
  if (runId !== undefined) trail.add(runId, "reply.blocks", { chars: said.length, of: text.length });
  return text.slice(said.length).replace(/^(?:\s*\n|[ \t]+)/u, "");
}

/** A message that shows the beginning already, though not as a draft of ours, is taken for the draft of the first part. */
function adoptDraft({ rows, clock, drafts }: Parts, delivery: Delivery): void {
  const { draft, groupId, target } = delivery;
  if (draft === undefined || drafts.of(groupId, 0) !== undefined) return;
  const id = uuid();
  rows.insert({
    ...delivery,
    id,
    class: "draft",
    groupId: `${groupId}#draft`,
    part: 0,
    message: { target, text: "" },
    media: undefined,
    state: "queued",
    error: undefined,
    expiresAt: clock.now(),
  });
  rows.sent(id, { messageIds: [draft.messageId], chatId: target.chatId, at: clock.now() });
}

async function attemptAndTell(parts: Parts, id: string): Promise<{ readonly pauseAccountMs: number }> {
  const result = await attempt(parts, id);
  const row = parts.stopped() ? undefined : parts.rows.get(id);
  if (row) parts.settled.changed(row.groupId);
  return result;
}

function expire(parts: Parts, id: string): void {
  const row = parts.rows.get(id);
  if (row?.state !== "queued") return;
  const state = parts.channels.account(row.channel, row.accountId)?.state;
  const why = state === "connected" ? row.error : `the account was not connected (${state ?? "not configured"})`;
  giveUp(parts, row, "expired", why ?? "its turn did not come in time");
  parts.settled.changed(row.groupId);
}

const ENDED: readonly FullRow["state"][] = ["unknown", "failed", "expired", "dropped"];

function retry(parts: Parts, id: string): OutboxRow {
  const { rows, trail, clock, policy } = parts;
  const row = existing(rows, id, "retry");
  if (!ENDED.includes(row.state)) throw invalid(`Cannot retry "${id}": it is ${row.state}`);
  const rules = policy(row.channel, row.accountId);
  for (const each of rows.group(row.groupId)) {
    if (each.id !== id && !(each.part > row.part && wasStopped(each))) continue;
    const open = each.unresolved || each.state === "unknown";
    rows.revive(each.id, clock.now() + ttlOf(rules, each), open && rules.repeatSafeMs === 0);
    trail.add(each.id, "outbox.retry", { by: "owner", was: each.state });
  }
  return view(existing(rows, id, "retry"));
}

function drop(parts: Parts, id: string): OutboxRow {
  const { rows, trail, settled } = parts;
  const row = existing(rows, id, "drop");
  if (row.state === "sent" || row.state === "attempting") throw invalid(`Cannot drop "${id}": it is ${row.state}`);
  for (const each of rows.group(row.groupId)) {
    const follows = each.part > row.part && (wasStopped(each) || each.state === "queued");
    if (each.id !== id && !follows) continue;
    rows.finish(each.id, "dropped", "The owner dropped it");
    trail.add(each.id, "outbox.dropped", { by: "owner", was: each.state });
  }
  queueMicrotask(() => parts.stopped() ? undefined : settled.changed(row.groupId));
  return view(existing(rows, id, "drop"));
}

function cancel({ rows, trail }: Parts, groupId: string, reason: string): void {
  for (const row of rows.group(groupId)) {
    if (row.state !== "queued") continue;
    rows.finish(row.id, "dropped", reason);
    trail.add(row.id, "outbox.cancelled", { reason });
  }
}

const wasStopped = (row: FullRow): boolean => row.state === "failed" && row.error === STOPPED;
const ttlOf = (rules: DeliveryPolicy, row: FullRow): number => rules.ttlMs[row.class === "draft" ? "reply" : row.class];

function existing(rows: OutboxRows, id: string, verb: string): FullRow {
  const row = rows.get(id);
  if (row === undefined || row.class === "draft") throw invalid(`Cannot ${verb} "${id}": there is no such message`);
  return row;
}

/** Milliseconds between two looks while draining. */
const LOOK_MS = 25;

function drained(sender: Sender, clock: Clock, ms: number): Promise<void> {
  const until = clock.now() + ms;
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (clock.now() >= until || (sender.active() === 0 && !sender.due())) resolve();
    else clock.after(LOOK_MS, look);
  };
  look();
  return promise;
}
