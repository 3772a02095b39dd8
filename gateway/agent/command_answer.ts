/** Keeps a command's answer: a finished run in the ledger and the messages in the transcript, in the caller's transaction. */
import type { AssistantMessage, UserMessage } from "../../schemas/message.ts";
import { type Clock, uuid } from "../observe/clock.ts";
import type { ParsedCommand } from "../session/commands.ts";
import type { SessionStore, StoredMessage, Transcript } from "../session/types.ts";
import { COMMAND_MODEL, COMMAND_PROVIDER } from "./history.ts";
import type { AcceptedRun, Ledger, LedgerKey, StoredRequest } from "./ledger.ts";
import type { RunFinal } from "./types.ts";

export interface CommandAnswerDeps {
  readonly ledger: Ledger;
  readonly sessions: SessionStore;
  readonly transcript: Transcript;
  readonly clock: Clock;
}

export interface CommandAnswer {
  readonly facts: AcceptedRun;
  readonly final: RunFinal;
  /** What was appended; the answer is the last. */
  readonly messages: readonly StoredMessage[];
}

/** A new session starts with the answer alone: its first message is not the command that made it. */
export function answerCommand(
  { ledger, sessions, transcript, clock }: CommandAnswerDeps,
  { key, sessionKey, stored }: { key: LedgerKey; sessionKey: string; stored: StoredRequest },
  command: ParsedCommand,
  text: string,
): CommandAnswer {
  const now = clock.now();
  const { sessionId, agentId } = sessions.ensure(sessionKey);
  const facts: AcceptedRun = { ...key, id: uuid(), sessionKey, sessionId, agentId, acceptedAt: now, request: stored };
  const final: RunFinal = {
    state: "ok",
    runId: key.runId,
    payloads: [{ text }],
    durationMs: 0,
    sessionId,
    provider: COMMAND_PROVIDER,
    model: COMMAND_MODEL,
    usage: undefined,
    stopReason: "stop",
  };
  ledger.accept(facts);
  ledger.end(facts, final, now);
  const question: UserMessage = {
    role: "user",
    content: [{ type: "text", text: stored.message }],
    timestamp: now,
    runId: key.runId,
  };
  const reply: AssistantMessage = {
    role: "assistant",
    content: [{ type: "text", text }],
    timestamp: now,
    provider: COMMAND_PROVIDER,
    model: COMMAND_MODEL,
    stopReason: "stop",
    runId: key.runId,
  };
  const isNew = command.name === "new" || command.name === "reset";
  const messages = (isNew ? [reply] : [question, reply]).map((message) => transcript.append(sessionId, message));
  return { facts, final, messages };
}
