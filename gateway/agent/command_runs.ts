/** Messages that are commands: what they do and their answer are one commit, a finished run in the ledger. */
import type { AssistantMessage, UserMessage } from "../../schemas/message.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import { parseCommand, type ParsedCommand } from "../session/commands.ts";
import type { SessionNotifier } from "../session/notify.ts";
import type { StoredMessage } from "../session/types.ts";
import type { Db } from "../storage/db.ts";
import type { Incoming } from "./acceptance.ts";
import { COMMAND_MODEL, COMMAND_PROVIDER } from "./history.ts";
import type { AcceptedRun, Ledger } from "./ledger.ts";
import type { RunEvents } from "./run_events.ts";
import type { RunTable } from "./run_table.ts";
import { runCommand, type SlashDeps, stopsRuns } from "./slash.ts";
import type { Outlet, OutletEnd, RunFinal, RunRequest, RunTicket } from "./types.ts";

export interface CommandDeps extends SlashDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly table: RunTable;
  readonly news: SessionNotifier;
  readonly outlet?: Outlet;
  events(facts: AcceptedRun): RunEvents;
  /** Ends everything that waits or runs in the session. */
  stopAll(sessionKey: string): readonly string[];
  /** For commands that carry a message for the model. */
  accept(incoming: Incoming): RunTicket;
}

interface CommandAnswer {
  readonly facts: AcceptedRun;
  readonly final: RunFinal;
  /** What was appended; the answer is the last. */
  readonly messages: readonly StoredMessage[];
  /** After the commit. */
  sendReply(): void;
}

const startsSession = ({ name }: ParsedCommand): boolean => name === "new" || name === "reset";

export class CommandRuns {
  constructor(private readonly deps: CommandDeps) {}

  /** The command that a request is; undefined for text that is the model's. */
  find(request: RunRequest): ParsedCommand | undefined {
    if (request.attachments.length > 0 || request.plain === true) return undefined;
    const command = parseCommand(request.message, this.deps.config.session.resetTriggers);
    // `agent` knows only the words that start a new session.
    return request.method !== "agent" || (command && startsSession(command)) ? command : undefined;
  }

  run(incoming: Incoming, command: ParsedCommand): RunTicket {
    const { db, table, sessions, news } = this.deps;
    const { sessionKey } = incoming;
    const stopped = stopsRuns(command) ? this.deps.stopAll(sessionKey).length : 0;
    const active = table.of(sessionKey).length;
    const done = db.transaction(() => {
      const session = sessions.ensure(sessionKey);
      const outcome = runCommand(this.deps, command, { session, stopped, active });
      return outcome.type === "run" ? outcome : this.#keep(incoming, command, outcome.text);
    });
    news.changed(sessionKey, startsSession(command) ? "reset" : "patch");
    if (!("type" in done)) return this.#announce(done);
    const { message, thinking } = done;
    const stored = { ...incoming.stored, message, ...(thinking === undefined ? {} : { thinking }) };
    return this.deps.accept({ ...incoming, stored });
  }

  /** Events follow when the caller has its answer, as after every start. */
  #announce({ facts, final, messages, sendReply }: CommandAnswer): RunTicket {
    const { clock, news } = this.deps;
    sendReply();
    const { runId, sessionKey, agentId, acceptedAt } = facts;
    clock.after(0, () => {
      for (const message of messages) news.messageAppended({ key: sessionKey }, message);
      const reply = messages.at(-1);
      if (reply) this.deps.events(facts).answered(reply.message);
    });
    return { runId, sessionKey, agentId, acceptedAt, status: "new", final: Promise.resolve(final) };
  }

  /** Writes ledger and transcript. A new session starts with the answer alone: its first message is not the command. */
  #keep({ key, sessionKey, stored, onAccept }: Incoming, command: ParsedCommand, text: string): CommandAnswer {
    const { ledger, sessions, transcript, clock } = this.deps;
    const now = clock.now();
    const { sessionId, agentId } = sessions.ensure(sessionKey);
    const facts: AcceptedRun = { ...key, id: uuid(), sessionKey, sessionId, agentId, acceptedAt: now, request: stored };
    const final = answerOf(facts, text);
    ledger.accept(facts);
    onAccept?.(facts);
    ledger.end(facts, final, now);
    const end: OutletEnd = { state: "ok", texts: [text], media: [], isCommand: true };
    const sendReply = stored.reply && this.deps.outlet?.ended(facts, end);
    const reply = replyMessage(key.runId, text, now);
    const kept = startsSession(command) ? [reply] : [questionMessage(key.runId, stored.message, now), reply];
    const messages = kept.map((message) => transcript.append(sessionId, message));
    return { facts, final, messages, sendReply: sendReply ?? (() => {}) };
  }
}

const answerOf = ({ runId, sessionId }: AcceptedRun, text: string): RunFinal => ({
  state: "ok",
  runId,
  payloads: [{ text }],
  durationMs: 0,
  sessionId,
  provider: COMMAND_PROVIDER,
  model: COMMAND_MODEL,
  usage: undefined,
  stopReason: "stop",
});

const questionMessage = (runId: string, text: string, timestamp: number): UserMessage => ({
  role: "user",
  content: [{ type: "text", text }],
  timestamp,
  runId,
});

const replyMessage = (runId: string, text: string, timestamp: number): AssistantMessage => ({
  role: "assistant",
  content: [{ type: "text", text }],
  timestamp,
  provider: COMMAND_PROVIDER,
  model: COMMAND_MODEL,
  stopReason: "stop",
  runId,
});
