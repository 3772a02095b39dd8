/** agent and agent.wait: one run, accepted at once and answered again when it has ended. */
import { isChannelId } from "../../session/channel_ids.ts";
import { GatewayError, invalid } from "../../../schemas/error.ts";
import {
  type AgentFinal,
  AgentParams,
  AgentResult,
  AgentWaitParams,
  AgentWaitResult,
} from "../../../schemas/method/agent.ts";
import type { RunFinal, RunTicket } from "../../agent/types.ts";
import { normalizeAgentId, parseAgentKey } from "../../session/key.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { replyRoute } from "../reply_route.ts";
import { thinkingLevel } from "../run_params.ts";
import type { Services } from "../services.ts";

const DEFAULT_WAIT_MS = 30_000;

const agent = defineMethod({
  name: "agent",
  access: "operator.write",
  params: AgentParams,
  result: AgentResult,
  idempotency: "run",
  deadlineMs: 0,
  description: "Runs the agent on a message: answers `accepted` at once and again with the result when the run ends",
  async handle({ params, client, respond }, services) {
    const { sessionKey, agentId } = target(params, services);
    const { sessions, channels } = services;
    const entry = sessions.get(sessions.canonical(sessionKey, agentId))?.entry ?? {};
    const reply = replyRoute(params, entry, channels);
    const ticket = services.runs.start({
      runId: params.idempotencyKey,
      method: "agent",
      client,
      sessionKey,
      agentId,
      message: params.message,
      attachments: params.attachments ?? [],
      thinking: thinkingLevel("agent", params.thinking),
      timeoutMs: params.timeout === undefined ? undefined : params.timeout * 1_000,
      extraSystemPrompt: params.extraSystemPrompt,
      reply,
      trusted: true,
    });
    if (ticket.status === "in_flight") return client.protocol === 3 ? accepted(ticket) : inFlight(ticket);
    if (ticket.status === "new") respond(accepted(ticket));
    return finalAnswer(await ticket.final);
  },
});

const accepted = ({ runId, sessionKey, agentId, acceptedAt }: RunTicket) => ({
  runId,
  sessionKey,
  agentId,
  status: "accepted" as const,
  acceptedAt,
});

const inFlight = ({ runId, sessionKey, agentId }: RunTicket) => ({
  runId,
  status: "in_flight" as const,
  sessionKey,
  agentId,
});

/** The result of a run that ended; throws the error that a failed one answers with, payload beside it. */
function finalAnswer(final: RunFinal): AgentFinal {
  const { runId } = final;
  if (final.state === "error") {
    const payload = { runId, status: "error", summary: final.message };
    throw new GatewayError(final.kind === "timeout" ? "AGENT_TIMEOUT" : "UNAVAILABLE", final.message, { payload });
  }
  const { payloads, durationMs, sessionId, provider, model, usage, stopReason } = final;
  return {
    runId,
    status: "ok",
    summary: final.state === "aborted" ? "aborted" : "completed",
    result: {
      payloads: payloads.map(({ text }) => ({ text, mediaUrl: null })),
      meta: {
        durationMs,
        agentMeta: { sessionId, provider, model, ...(usage === undefined ? {} : { usage }) },
        aborted: final.state === "aborted",
        stopReason,
      },
    },
  };
}

/** Session and agent, checked in the order of the protocol: channels, agent, whether the key belongs to the agent. */
function target(params: AgentParams, services: Services): { sessionKey: string; agentId: string | undefined } {
  for (const channel of [params.channel, params.replyChannel]) {
    if (channel !== undefined && channel.trim() !== "" && !isKnown(channel, services)) {
      throw invalid(`invalid agent params: unknown channel: ${channel}`);
    }
  }
  const agentId = params.agentId === undefined ? undefined : normalizeAgentId(params.agentId);
  if (agentId !== undefined && !services.config.agents.list.some(({ id }) => id === agentId)) {
    throw invalid(`invalid agent params: unknown agent id "${params.agentId}"`);
  }
  const sessionKey = keyOf(params, services);
  const owner = parseAgentKey(sessionKey.trim().toLowerCase())?.agentId;
  if (agentId !== undefined && owner !== undefined && normalizeAgentId(owner) !== agentId) {
    throw invalid(`invalid agent params: agent "${agentId}" does not match session key agent "${owner}"`);
  }
  return { sessionKey, agentId };
}

/** Channels that clients name from the start, and those that this gateway has beside them. */
const isKnown = (channel: string, { channels }: Services): boolean =>
  isChannelId(channel) || channels.manifests().some(({ id }) => id === channel.trim().toLowerCase());

/** The named session, the one with the session id (a new one of that name when there is none), else the main session. */
function keyOf({ sessionKey, sessionId }: AgentParams, { sessions, config }: Services): string {
  if (sessionKey !== undefined && sessionKey.trim() !== "") return sessionKey;
  if (sessionId !== undefined && sessionId.trim() !== "") return sessions.bySessionId(sessionId)?.key ?? sessionId;
  return config.session.mainKey;
}

const wait = defineMethod({
  name: "agent.wait",
  access: "operator.write",
  params: AgentWaitParams,
  result: AgentWaitResult,
  idempotency: "none",
  deadlineMs: 0,
  description: "Waits for the end of a run; `timeout` when the time is over while the run goes on",
  async handle({ params, signal }, { runs }) {
    const ended = await runs.wait(params.runId, params.timeoutMs ?? DEFAULT_WAIT_MS, signal);
    return { runId: params.runId, ...ended };
  },
});

export const agentMethods: readonly MethodDef[] = [agent, wait];
