/**
 * What comes in, from the committed row to a run: access, route, a short wait for more, attachments, then the run. A row
 * leaves the state `received` only in the commit that decides about it, so that a crash in between repeats the step.
 */
import type { InboundMessage } from "../../schemas/worker/content.ts";
import type { Bus } from "../bus.ts";
import type { Clock } from "../observe/clock.ts";
import { type Allowed, isSelfChat } from "../session/access.ts";
import { activationAnswer, parseActivation } from "../session/activation.ts";
import { parseApprove } from "../session/approve_command.ts";
import { isStopText } from "../session/commands.ts";
import { sendAllowed } from "../session/send_policy.ts";
import type { SenderPairing } from "../session/sender_pairing.ts";
import type { SessionStore } from "../session/types.ts";
import type { GroupHistory } from "../session/group_history.ts";
import type { RunService } from "../agent/types.ts";
import type { Channels } from "../supervisor/types.ts";
import type { Db } from "../storage/db.ts";
import type { ApprovalCards } from "./approval_cards.ts";
import type { Inbox, InboxRow } from "./inbox.ts";
import { decideByButton, decideByCommand } from "./intake_approvals.ts";
import { createDebounce, type Debounce } from "./intake_debounce.ts";
import { commandText, createGate, type Gate, type GateDeps, type Seen } from "./intake_gate.ts";
import { addNote, noteText } from "./intake_notes.ts";
import { Refusals } from "./intake_refusals.ts";
import { createSigns, type Signs, targetOf } from "./intake_signs.ts";
import { Preparation } from "./intake_prepare.ts";
import { type StartDeps, startRun } from "./intake_start.ts";
import { createOwnMessages, type OwnMessages } from "./own_messages.ts";
import type { RunOutlet } from "./run_outlet.ts";
import type { MessageTrail } from "./trail.ts";
import type { Outbox } from "./types.ts";

/** Messages that wait or are prepared in all chats together; more are refused, because each holds its text in memory. */
const MAX_PENDING = 5_000;

export interface IntakeDeps extends GateDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly channels: Pick<Channels, "manifests" | "account" | "accountConfig" | "defaultAccountId" | "request">;
  readonly inbox: Inbox;
  readonly outbox: Pick<Outbox, "enqueue" | "wake">;
  readonly trail: MessageTrail;
  readonly sessions: SessionStore;
  readonly runs: Pick<RunService, "start" | "active" | "find">;
  readonly pairing: SenderPairing;
  readonly history: GroupHistory;
  readonly outlet: Pick<RunOutlet, "onEnded">;
  /** Approvals of commands in chats. */
  readonly cards?: ApprovalCards;
  /** A sentence for the owner's eyes; without message bodies. Joins the caller's transaction. */
  readonly tellOwner?: (sentence: string) => void;
}

export interface Intake {
  /** Processes a committed row. Never throws; what fails stays `received` and is taken up by the next start. */
  take(inboxId: string): void;
  /** Takes up what a stop or a crash left open. Call it after the runs have recovered. */
  recover(): void;
  /** Starts nothing more; rows that wait stay for the next start. */
  stop(): void;
  /** Resolves when nothing is being prepared. */
  idle(): Promise<void>;
}

export function createIntake(deps: IntakeDeps): Intake {
  return new Pipeline(deps);
}

class Pipeline implements Intake {
  readonly #gate: Gate;
  readonly #refusals: Refusals;
  readonly #signs: Signs;
  readonly #preparation: Preparation;
  readonly #own: OwnMessages;
  readonly #debounce: Debounce;
  readonly #start: StartDeps;
  /** Rows that are still `received` and on their way: taken up a second time they would be said twice. */
  readonly #pending = new Set<string>();
  #stopped = false;

  constructor(private readonly deps: IntakeDeps) {
    this.#gate = createGate(deps);
    this.#refusals = new Refusals(deps);
    this.#signs = createSigns(deps);
    this.#own = createOwnMessages(deps.db);
    this.#start = { ...deps, refusals: this.#refusals, stopped: () => this.#stopped };
    this.#preparation = new Preparation({
      ...deps,
      signs: this.#signs,
      start: this.#start,
      onDone: (batch) => batch.forEach(({ row }) => this.#pending.delete(row.id)),
    });
    this.#debounce = createDebounce(deps.clock, (batch) => this.#preparation.add(batch));
    deps.outlet.onEnded((ids) => ids.forEach((id) => this.#preparation.answered(id)));
  }

  take(inboxId: string): void {
    if (this.#stopped || this.#pending.has(inboxId)) return;
    try {
      const row = this.deps.inbox.get(inboxId);
      if (row?.state === "received") this.#process(row);
    } catch (error) {
      this.deps.log.error("intake.failed", { inboxId, error });
    }
  }

  recover(): void {
    const counts = { received: 0, orphans: 0 };
    for (const row of this.deps.inbox.open()) {
      if (row.state === "received") {
        counts.received++;
        this.take(row.id);
      } else if (row.runId === undefined || !this.deps.runs.find(row.runId)) {
        counts.orphans++;
        this.deps.inbox.mark(row.id, "done", { reason: "no_run" });
      }
    }
    if (counts.received + counts.orphans > 0) this.deps.log.info("intake.recovered", counts);
  }

  stop(): void {
    this.#stopped = true;
    this.#debounce.stop();
  }

  idle(): Promise<void> {
    return this.#preparation.idle();
  }

  #process(row: InboxRow): void {
    const seen = this.#gate.look(row);
    if (!seen) return this.#refusals.refuse(row, "channel_gone");
    if (this.#isEcho(seen)) return this.#refusals.ignore(row, "echo");
    const { access } = seen;
    switch (access.decision) {
      case "ignore":
        return this.#refusals.ignore(row, access.reason);
      case "refuse":
        return this.#refusals.refuse(row, access.reason);
      case "pairing":
        return this.#refusals.stranger(seen);
      case "history":
        this.#replaceEarlier(seen);
        return this.#refusals.keep(seen, access.reason);
      case "allow":
        return this.#allowed(seen, access);
    }
  }

  #isEcho({ row, event }: Seen): boolean {
    if (event.kind !== "message" || !isSelfChat(event)) return false;
    const place = { channel: row.channel, accountId: row.accountId, chatId: event.chat.id };
    return this.#own.isEcho(place, event.messageId, event.text, this.deps.clock.now());
  }

  #allowed(seen: Seen, access: Allowed): void {
    const { event, route, session } = seen;
    const place = { channel: seen.row.channel, accountId: seen.row.accountId, chatId: event.chat.id };
    const button = event.kind === "button" ? this.#own.buttonGroup(place, event.messageId, event.data) : undefined;
    const { cards } = this.deps;
    // An owner decides whether or not the agent may answer in this chat.
    if (event.kind === "button" && cards?.isCard(event.data, button)) {
      return decideByButton({ ...this.deps, cards, refusals: this.#refusals }, seen, event, access);
    }
    // Before any sign of life: whoever gets no answer gets no read mark either.
    if (!sendAllowed(this.deps.config().session.sendPolicy, route, event.chat.kind, session?.entry)) {
      return this.#refusals.refuse(seen.row, "send_policy");
    }
    if (event.kind === "message") return this.#message(seen, event, access);
    if (event.kind !== "button") return this.#note(seen, noteText(event, undefined));
    if (button === undefined) return this.#refusals.ignore(seen.row, "foreign_button");
    if (access.isCommand) return this.#command(seen, event.data, access);
    const text = `callback_data: ${event.data}`;
    startRun(this.#start, [seen], { text, attachments: [], quote: "", isCommand: false });
  }

  #message(seen: Seen, event: InboundMessage, access: Allowed): void {
    if (event.edited === true && this.#replaceEarlier(seen) === "answered") {
      return this.#note(seen, noteText(event, undefined));
    }
    if (access.isCommand) {
      this.#debounce.flush(seen);
      this.#signs.seen(seen, event, access);
      return this.#command(seen, commandText(event, event.text), access);
    }
    const joinable = event.media.length === 0 && event.replyHandle === undefined;
    if (this.#pending.size >= MAX_PENDING) return this.#refusals.refuse(seen.row, "queue_full");
    this.#pending.add(seen.row.id);
    if (!joinable) this.#debounce.flush(seen);
    this.#debounce.put(seen, joinable ? this.#debounceMs(seen) : 0);
  }

  #debounceMs({ row, account }: Seen): number {
    const { debounceMs, byChannel } = this.deps.config().messages.inbound;
    const own = account["debounceMs"];
    return Math.min(typeof own === "number" ? own : byChannel[row.channel] ?? debounceMs, 60_000);
  }

  /**
   * An edit of a message that no run has yet takes its place; `answered`: a run has it. Anything else, such as an edit of a
   * message that was refused, is a message like any other.
   */
  #replaceEarlier({ row, event }: Seen): "answered" | "none" {
    if (event.kind !== "message" || event.edited !== true) return "none";
    const found = this.deps.db.get(EARLIER, row.channel, row.accountId, event.chat.id, event.messageId, row.id);
    if (!found) return "none";
    const id = String(found["id"]);
    if (found["state"] === "accepted" || found["state"] === "done") return "answered";
    this.#debounce.drop(id);
    this.#pending.delete(id);
    this.deps.inbox.mark(id, "ignored", { reason: "replaced" });
    return "none";
  }

  /** A line for the next prompt of a session that exists. */
  #note({ row, event, session }: Seen, text: string): void {
    const { db, inbox, sessions, trail } = this.deps;
    if (event.kind === "note" && event.migratedTo !== undefined) this.#migrated(row, event.chat.id, event.migratedTo);
    if (!session) return this.#refusals.ignore(row, "no_session");
    db.transaction(() => {
      addNote(sessions, session.key, text);
      trail.add(row.id, "session.note", { sessionKey: session.key });
      inbox.mark(row.id, "done", { reason: "note", sessionKey: session.key });
    });
  }

  /** The platform gave a group another id: what the configuration says of the old one no longer counts for it. */
  #migrated({ channel, accountId }: InboxRow, from: string, to: string): void {
    this.deps.log.warn("group.migrated", { channel, account: accountId, from, to });
    this.deps.tellOwner?.(
      `The group ${from} on ${channel} (account ${accountId}) has the new id ${to}: write it in the configuration where the ` +
        "old one stands",
    );
  }

  #command(seen: Seen, text: string, access: Allowed): void {
    const { row } = seen;
    const { cards } = this.deps;
    const approve = cards && parseApprove(text);
    if (cards && approve) {
      return decideByCommand({ ...this.deps, cards, refusals: this.#refusals }, seen, approve, access);
    }
    const activation = parseActivation(text);
    if (!access.commandAuthorized || (activation && !access.mayConfigure)) {
      return this.#refusals.refuse(row, "command_not_authorized");
    }
    if (activation) return this.#activation(seen, activation.wanted);
    const command = isStopText(text) ? "/stop" : text;
    startRun(this.#start, [seen], { text: command, attachments: [], quote: "", isCommand: true });
  }

  #activation({ row, event, route, session }: Seen, wanted: "mention" | "always" | "unknown" | undefined): void {
    const { db, inbox, outbox, sessions } = this.deps;
    const inGroup = event.chat.kind !== "direct";
    db.transaction(() => {
      if (inGroup && wanted !== undefined && wanted !== "unknown") {
        sessions.update(route.sessionKey, { groupActivation: wanted, chatType: event.chat.kind, channel: row.channel });
      }
      inbox.mark(row.id, "done", { reason: "command", sessionKey: route.sessionKey });
      outbox.enqueue({
        class: "notice",
        channel: row.channel,
        accountId: row.accountId,
        target: targetOf(event),
        text: inGroup ? activationAnswer(wanted, session?.entry.groupActivation) : "Activation is for groups.",
        media: [],
        groupId: `command:${row.id}`,
        inboxId: row.id,
        runId: undefined,
        sessionKey: route.sessionKey,
      });
    });
    outbox.wake(row.channel, row.accountId);
  }
}

const EARLIER = "SELECT id, state FROM inbox WHERE channel = ? AND account = ? AND chat_id = ? AND message_id = ? " +
  "AND id <> ? ORDER BY received_at DESC, rowid DESC LIMIT 1";
