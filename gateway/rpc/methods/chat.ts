/** chat.send and chat.abort: a message into a session, and the way to stop its answer. */
import { invalid, unavailable } from "../../../schemas/error.ts";
import {
  ChatAborted,
  ChatAbortParams,
  ChatSendParams,
  type ChatSendParams as Params,
  ChatSendResult,
} from "../../../schemas/method/chat.ts";
import { readAttachments } from "../../agent/attachments.ts";
import type { RunFinal } from "../../agent/types.ts";
import type { QueueMode } from "../../config/types.ts";
import { isStopText } from "../../session/commands.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { thinkingLevel } from "../run_params.ts";
import type { Services } from "../services.ts";

const DEADLINE_MS = 10_000;

const send = defineMethod({
  name: "chat.send",
  access: "operator.write",
  params: ChatSendParams,
  result: ChatSendResult,
  idempotency: "run",
  deadlineMs: DEADLINE_MS,
  description: "Sends a message into a session: answers at once, the rest comes as chat and agent events",
  handle({ params, client }, services) {
    const attachments = params.attachments ?? [];
    if (params.message.trim() === "" && attachments.length === 0) throw invalid("message or attachment required");
    if (isStopText(params.message) && params.suppressCommandInterpretation !== true) return stop(params, services);
    const ticket = services.runs.start({
      runId: params.idempotencyKey,
      method: "chat.send",
      client,
      sessionKey: params.sessionKey,
      agentId: params.agentId,
      message: params.message,
      attachments,
      thinking: thinkingLevel("chat.send", params.thinking),
      timeoutMs: params.timeoutMs,
      extraSystemPrompt: undefined,
      queueMode: queueMode(params.queueMode),
      plain: params.suppressCommandInterpretation,
      trusted: true,
    });
    if (ticket.status === "new") return { runId: ticket.runId, status: "started" as const };
    if (ticket.status === "in_flight") return { runId: ticket.runId, status: "in_flight" as const };
    return ticket.final.then(repeatAnswer);
  },
});

const queueMode = (mode: Params["queueMode"]): QueueMode | undefined => mode === "queue" ? "steer" : mode;

/** Attachments and send policy are checked before the stop words, as for any message (methods facts, section 6.2). */
function stop(params: Params, { sessions, runs }: Services) {
  readAttachments(params.attachments ?? []);
  const key = sessions.canonical(params.sessionKey, params.agentId);
  if (sessions.get(key)?.entry.sendPolicy === "deny") throw invalid("send blocked by session policy");
  return aborted(runs.abort({ sessionKey: key }, "stop"));
}

const aborted = (runIds: readonly string[]) => ({
  ok: true as const,
  aborted: runIds.length > 0,
  runIds: [...runIds],
});

function repeatAnswer(final: RunFinal) {
  const { runId } = final;
  if (final.state !== "error") return { runId, status: "ok" as const };
  throw unavailable(final.message, { payload: { runId, status: "error", summary: final.message } });
}

const abort = defineMethod({
  name: "chat.abort",
  access: "operator.write",
  params: ChatAbortParams,
  result: ChatAborted,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Stops the runs of a session, or one run; what was said so far is kept",
  handle({ params, client }, { sessions, runs }) {
    const sessionKey = sessions.canonical(params.sessionKey, params.agentId);
    const live = params.runId === undefined ? undefined : runs.find(params.runId);
    // Clients of protocol 4 name the run and may not know its session (observed).
    if (live && live.sessionKey !== sessionKey && client.protocol === 3) {
      throw invalid("runId does not match sessionKey");
    }
    return aborted(runs.abort({ sessionKey, runId: params.runId }, "rpc"));
  },
});

export const chatMethods: readonly MethodDef[] = [send, abort];
