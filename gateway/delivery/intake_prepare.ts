/**
 * Between a decision and its run: attachments are fetched, signs given, texts joined. Each chat is served in the order of
 * arrival: a picture that takes long must not be overtaken.
 */
import type { InboundMessage } from "../../schemas/worker/content.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { Allowed } from "../session/access.ts";
import type { Channels } from "../supervisor/types.ts";
import type { Inbox } from "./inbox.ts";
import type { Seen } from "./intake_gate.ts";
import { fetchInboundMedia } from "./intake_media.ts";
import type { Signs } from "./intake_signs.ts";
import { type ReadyMessage, type StartDeps, startRun } from "./intake_start.ts";
import { messageText, quoteText } from "./intake_text.ts";

/** Reactions that may still be taken back after the answer. */
const MAX_ACKED = 1_000;

export interface PreparationDeps {
  readonly channels: Pick<Channels, "request">;
  readonly clock: Clock;
  readonly log: Log;
  readonly inbox: Inbox;
  readonly signs: Signs;
  readonly start: StartDeps;
  /** Called once for each batch, whatever became of it. */
  readonly onDone: (batch: readonly Seen[]) => void;
}

export class Preparation {
  readonly #chains = new Map<string, Promise<void>>();
  readonly #acked = new Map<string, readonly [Seen, InboundMessage, Allowed]>();
  constructor(private readonly deps: PreparationDeps) {}

  /** Resolves when nothing is being prepared. */
  async idle(): Promise<void> {
    while (this.#chains.size > 0) await Promise.all(this.#chains.values());
  }

  /** The run of this row has ended. */
  answered(inboxId: string): void {
    const acked = this.#acked.get(inboxId);
    this.#acked.delete(inboxId);
    if (acked && !this.deps.start.stopped()) this.deps.signs.answered(...acked);
  }

  /** Behind what the chat still prepares. */
  add(batch: readonly Seen[]): void {
    const [first] = batch;
    if (!first || this.deps.start.stopped()) return;
    const key = JSON.stringify([first.row.channel, first.row.accountId, first.event.chat.id]);
    if (!this.#chains.has(key) && !hasMedia(batch)) return this.#guard(batch, () => this.#ready(batch, []));
    const work = (this.#chains.get(key) ?? Promise.resolve()).then(() => this.#prepare(batch)).catch((error) =>
      this.deps.log.error("intake.failed", { inboxId: first.row.id, error })
    ).finally(() => {
      this.deps.onDone(batch);
      if (this.#chains.get(key) === work) this.#chains.delete(key);
    });
    this.#chains.set(key, work);
  }

  #guard(batch: readonly Seen[], action: () => void): void {
    try {
      action();
    } catch (error) {
      this.deps.log.error("intake.failed", { inboxId: batch[0]?.row.id, error });
    } finally {
      this.deps.onDone(batch);
    }
  }

  async #prepare(batch: readonly Seen[]): Promise<void> {
    const fetched: Fetched[] = [];
    for (const { row, event, account, manifest } of batch) {
      if (event.kind !== "message" || event.media.length === 0) continue;
      const own = account["mediaMaxMb"];
      const maxMb = typeof own === "number" ? own : manifest.capabilities.mediaMaxMb;
      const source = { channel: row.channel, accountId: row.accountId, maxMb };
      fetched.push({ id: row.id, ...await fetchInboundMedia(this.deps, source, event.media) });
    }
    if (!this.deps.start.stopped()) this.#ready(batch, fetched);
  }

  #ready(batch: readonly Seen[], fetched: readonly Fetched[]): void {
    // What was decided may be old by now: a row that an edit replaced meanwhile is no longer here to be answered.
    const open = batch.filter(({ row }) => this.deps.inbox.get(row.id)?.state === "received");
    const messages = open.flatMap((seen) => seen.event.kind === "message" ? [[seen, seen.event] as const] : []);
    if (messages.length === 0) return;
    for (const [seen, event] of messages) this.#sign(seen, event);
    const had = messages.map(([seen]) => fetched.find(({ id }) => id === seen.row.id));
    const texts = messages.map(([, event], index) => messageText(event, event.text, had[index]?.lines ?? []));
    const ready: ReadyMessage = {
      text: texts.join("\n"),
      attachments: had.flatMap((media) => media?.attachments ?? []),
      quote: messages.map(([, event]) => quoteText(event)).filter((quote) => quote !== "").join("\n"),
      isCommand: false,
    };
    startRun(this.deps.start, open, ready);
  }

  #sign(seen: Seen, event: InboundMessage): void {
    if (seen.access.decision !== "allow") return;
    this.deps.signs.seen(seen, event, seen.access);
    if (this.#acked.size < MAX_ACKED) this.#acked.set(seen.row.id, [seen, event, seen.access]);
  }
}

interface Fetched extends Awaited<ReturnType<typeof fetchInboundMedia>> {
  readonly id: string;
}

const hasMedia = (batch: readonly Seen[]): boolean =>
  batch.some(({ event }) => event.kind === "message" && event.media.length > 0);
