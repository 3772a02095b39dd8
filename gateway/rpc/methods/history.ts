/** chat.history, chat.startup, chat.metadata, chat.inject. */
import { ChatEvent } from "../../../schemas/event/chat.ts";
import { invalid } from "../../../schemas/error.ts";
import type { AssistantMessage } from "../../../schemas/message.ts";
import {
  ChatHistoryParams,
  ChatHistoryResult,
  ChatInjectParams,
  ChatInjectResult,
  ChatMetadataParams,
  ChatMetadataResult,
  type InFlightRun,
} from "../../../schemas/method/history.ts";
import { fitHistory, HISTORY_MAX_BYTES, jsonBytes, shrink } from "../../session/history.ts";
import { createSessionNotifier, nodeChatTopic } from "../../session/notify.ts";
import { defined, sessionDefaults, sessionRow } from "../../session/rows.ts";
import type { Session, StoredMessage } from "../../session/types.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";
import { commandViews } from "./commands.ts";
import { modelViews } from "./models.ts";

const DEADLINE_MS = 10_000;
const DEFAULT_LIMIT = 200;
/** Of a run in flight only so much is shown; the rest follows with its events. */
const IN_FLIGHT_RUNS = 32;
const IN_FLIGHT_CHARS = 512 * 1024;
const IN_FLIGHT_MESSAGE_BYTES = 32 * 1024;

/** Messages, settings and runs of a session. A session that does not exist has no messages; that is no error. */
function history(params: ChatHistoryParams, services: Services): ChatHistoryResult {
  const { sessions, transcript, config } = services;
  const key = sessions.canonical(params.sessionKey, params.agentId);
  const session = sessions.get(key);
  const frame = {
    sessionKey: params.sessionKey,
    ...defined({ sessionId: session?.sessionId, verboseLevel: session?.entry.verboseLevel }),
    thinkingLevel: session?.entry.thinkingLevel ?? config.agents.thinkingDefault,
    totalMessages: session ? transcript.count(session.sessionId) : 0,
    pendingInputs: { items: [], total: 0 },
    defaults: sessionDefaults(services),
    sessionInfo: sessionRow(key, session, services, { derivedTitle: true, thinking: true }),
    inFlight: inFlight(key, services),
  };
  // 64 bytes for the keys that are added below.
  const room = HISTORY_MAX_BYTES - jsonBytes(frame) - 64;
  const messages = fitHistory(session ? page(session, params, room, services) : [], room);
  const first = messages[0]?.__openclaw.seq ?? 1;
  return { ...frame, messages, hasMore: first > 1, ...(first > 1 ? { cursor: String(first) } : {}) };
}

function page(
  session: Session,
  params: ChatHistoryParams,
  maxBytes: number,
  { transcript }: Services,
): StoredMessage[] {
  const beforeSeq = params.beforeSeq ?? fromCursor(params.cursor) ??
    (params.offset === undefined ? undefined : transcript.count(session.sessionId) + 1 - params.offset);
  if (beforeSeq !== undefined && beforeSeq < 2) return [];
  return transcript.page(session.sessionId, {
    limit: params.limit ?? DEFAULT_LIMIT,
    maxBytes,
    ...(beforeSeq === undefined ? {} : { beforeSeq }),
  });
}

/** Our cursors are numbers. A cursor of another gateway means nothing here and is ignored. */
const fromCursor = (cursor: string | undefined): number | undefined =>
  cursor !== undefined && /^[1-9]\d{0,14}$/u.test(cursor) ? Number(cursor) : undefined;

function inFlight(key: string, { runs }: Services): InFlightRun[] {
  return runs.active(key).slice(0, IN_FLIGHT_RUNS).map(({ runId, state, text, seq, startedAt, message }) => ({
    runId,
    state,
    text: text.length > IN_FLIGHT_CHARS ? text.slice(-IN_FLIGHT_CHARS).toWellFormed() : text,
    seq,
    ...defined({ startedAt, message: message && shrink(message, IN_FLIGHT_MESSAGE_BYTES) }),
  }));
}

const historyMethod = (name: "chat.history" | "chat.startup", description: string): MethodDef =>
  defineMethod({
    name,
    access: "operator.read",
    params: ChatHistoryParams,
    result: ChatHistoryResult,
    idempotency: "none",
    deadlineMs: DEADLINE_MS,
    description,
    handle: ({ params }, services) => history(params, services),
  });

const metadata = defineMethod({
  name: "chat.metadata",
  access: "operator.read",
  params: ChatMetadataParams,
  result: ChatMetadataResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Models and slash commands for a chat page",
  handle: (_call, { models }) => ({ models: modelViews(models), commands: commandViews(true) }),
});

const inject = defineMethod({
  name: "chat.inject",
  access: "operator.admin",
  advertised: false,
  params: ChatInjectParams,
  result: ChatInjectResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Appends an assistant message without a model run",
  handle({ params }, services) {
    const { sessions, transcript, clock, bus, db } = services;
    const key = sessions.canonical(params.sessionKey, params.agentId);
    const session = sessions.get(key);
    if (!session) throw invalid("session not found");
    const label = params.label?.trim();
    const text = label ? `[${label}]\n\n${params.message}` : params.message;
    const message = injected(text, clock.now());
    const stored = db.transaction(() => {
      sessions.update(key, {});
      return transcript.append(session.sessionId, message);
    });
    createSessionNotifier(services).messageAppended(session, stored);
    bus.publish(ChatEvent, {
      runId: `inject-${stored.id}`,
      sessionKey: key,
      agentId: session.agentId,
      seq: 0,
      state: "final",
      message,
    }, { nodeTopic: nodeChatTopic(key) });
    return { ok: true as const, messageId: stored.id };
  },
});

/** Provider and model say that no model wrote it (methods facts, section 6.4). */
const injected = (text: string, timestamp: number): AssistantMessage => ({
  role: "assistant",
  content: [{ type: "text", text }],
  timestamp,
  provider: "openclaw",
  model: "gateway-injected",
  usage: { input: 0, output: 0, total: 0 },
  stopReason: "stop",
});

export const historyMethods: readonly MethodDef[] = [
  historyMethod("chat.history", "The newest messages of a session, the run in flight, and what the session uses"),
  historyMethod("chat.startup", "chat.history under the name that newer pages call first"),
  metadata,
  inject,
];
