/** node.event: what nodes tell the gateway (methods facts, section 11.5). Answers ok also for what it cannot use. */
import type { Static } from "@sinclair/typebox";
import { GatewayError, invalid, unavailable } from "../../../schemas/error.ts";
import { NodeEventParams, NodeEventResult } from "../../../schemas/method/nodes.ts";
import {
  type AgentRequest,
  AgentRequestEvent,
  ChatSubscribeEvent,
  ChatUnsubscribeEvent,
  ExecDeniedEvent,
  ExecFinishedEvent,
  ExecStartedEvent,
  VoiceTranscriptEvent,
} from "../../../schemas/node_event.ts";
import { type Checker, checker } from "../../../schemas/validate.ts";
import type { Client } from "../../connection/client.ts";
import { noteText } from "../../node/exec_note.ts";
import { ownSession } from "../../node/session_rule.ts";
import type { SessionRight } from "../../node/types.ts";
import { uuid } from "../../observe/clock.ts";
import { nodeChatTopic } from "../../session/notify.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import { replyRoute } from "../reply_route.ts";
import { thinkingLevel } from "../run_params.ts";
import type { Services } from "../services.ts";

/** Sessions that one node follows at once. */
const MAX_TOPICS = 64;
const MAX_NOTES = 20;

const isAgentRequest = checker(AgentRequestEvent.payload);
const isTranscript = checker(VoiceTranscriptEvent.payload);
const isSession = checker(ChatSubscribeEvent.payload);
const isExec = checker(ExecFinishedEvent.payload);

interface NodeEvent {
  readonly name: string;
  readonly payload: unknown;
  readonly client: Client;
  readonly nodeId: string;
}

/** Members of the answer beside `ok` and `event`. */
type Outcome = Pick<Static<typeof NodeEventResult>, "runId">;
type Handler = (event: NodeEvent, services: Services) => Outcome;

const event = defineMethod({
  name: "node.event",
  access: "node",
  params: NodeEventParams,
  result: NodeEventResult,
  idempotency: "none",
  deadlineMs: 10_000,
  description: "Something happened on a node: a request to the agent, a voice transcript, a command that ran; or it " +
    "follows a session. `handled` false: nothing came of it, for the reason given",
  handle({ params, client }, services) {
    const { deviceId: nodeId } = client;
    const name = params.event.trim();
    const handler = HANDLERS.get(name);
    const known = { ok: true as const, ...(name === "" ? {} : { event: name }) };
    if (!handler || nodeId === undefined) return { ...known, handled: false, reason: "unknown event" };
    try {
      return { ...known, handled: true, ...handler({ name, payload: payloadOf(params), client, nodeId }, services) };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { ...known, handled: false, reason: error.message };
    }
  },
});

function payloadOf({ payload, payloadJSON }: Static<typeof NodeEventParams>): unknown {
  if (typeof payloadJSON !== "string" || payload !== undefined) return payload ?? {};
  try {
    return JSON.parse(payloadJSON);
  } catch {
    throw invalid("Cannot read the event: payloadJSON is not JSON");
  }
}

/** The payload checked, or a sentence that says what is wrong with it. */
function checked<T>(check: Checker<T>, event: NodeEvent): T {
  if (check.is(event.payload)) return event.payload;
  const result = check(event.payload);
  throw invalid(`invalid ${event.name} payload: ${result.ok ? "unknown" : result.error}`);
}

/** The canonical session that the event is about, if the node may use it. */
function sessionOf(
  key: string | null | undefined,
  fallback: string,
  { nodeId }: NodeEvent,
  { nodes, sessions }: Services,
): { readonly sessionKey: string; readonly right: SessionRight } {
  const sessionKey = sessions.canonical(key?.trim() || fallback);
  const right = nodes.rightIn(nodeId, sessionKey);
  if (right) return { sessionKey, right };
  throw invalid(
    `session not allowed: a node may use "${ownSession(nodeId)}", the main session and sessions that call it`,
  );
}

function requirePace(kind: "run" | "note", { nodeId }: NodeEvent, { nodes }: Services): void {
  if (!nodes.takeEvent(nodeId, kind)) throw unavailable("rate limited: this node sends too many events");
}

const agentRequest: Handler = (event, services) => {
  const request = checked(isAgentRequest, event);
  const { sessionKey, right } = sessionOf(request.sessionKey, ownSession(event.nodeId), event, services);
  requirePace("run", event, services);
  const { timeoutSeconds, key } = request;
  return startRun(event, services, {
    // A node names its runs within a space of its own: an id of somebody else's run would mix up what clients show.
    runId: `node:${event.nodeId.slice(0, 16)}:${key?.trim() || uuid()}`,
    sessionKey,
    trusted: right === "own",
    message: request.message,
    thinking: thinkingLevel("agent.request", request.thinking ?? undefined),
    timeoutMs: timeoutSeconds ? Math.round(timeoutSeconds * 1_000) : undefined,
    reply: deliveryOf(request, sessionKey, services),
  });
};

const transcript: Handler = (event, services) => {
  const { text, sessionKey: key } = checked(isTranscript, event);
  const { sessionKey, right } = sessionOf(key, services.config.session.mainKey, event, services);
  requirePace("run", event, services);
  return startRun(event, services, {
    runId: `node:${event.nodeId.slice(0, 16)}:${uuid()}`,
    sessionKey,
    trusted: right === "own",
    message: text,
    thinking: undefined,
    timeoutMs: undefined,
    reply: undefined,
  });
};

type RunWish = Pick<
  Parameters<Services["runs"]["start"]>[0],
  "runId" | "sessionKey" | "trusted" | "message" | "thinking" | "timeoutMs" | "reply"
>;

function startRun({ client }: NodeEvent, { runs }: Services, wish: RunWish): Outcome {
  const ticket = runs.start({
    ...wish,
    method: "agent",
    client,
    agentId: undefined,
    attachments: [],
    extraSystemPrompt: undefined,
    // What a node says is text for the model: it cannot reset a session or change its settings.
    plain: true,
  });
  return { runId: ticket.runId };
}

function deliveryOf(request: AgentRequest, sessionKey: string, { sessions, channels }: Services) {
  const { deliver, channel, to } = request;
  const wish = { message: "", idempotencyKey: "", deliver: deliver === true };
  const entry = sessions.get(sessionKey)?.entry ?? {};
  return replyRoute({ ...wish, ...(channel ? { channel } : {}), ...(to ? { to } : {}) }, entry, channels);
}

const subscribe: Handler = (event, services) => {
  const { sessionKey } = sessionOf(checked(isSession, event).sessionKey, "", event, services);
  const { topics } = event.client;
  const topic = nodeChatTopic(sessionKey);
  if (topics.size >= MAX_TOPICS && !topics.has(topic)) throw unavailable(`${MAX_TOPICS} sessions are followed already`);
  topics.add(topic);
  return {};
};

const unsubscribe: Handler = (event, services) => {
  const key = services.sessions.canonical(checked(isSession, event).sessionKey);
  event.client.topics.delete(nodeChatTopic(key));
  return {};
};

/** A line for the session's next prompt; it starts no run. */
const exec: Handler = (event, services) => {
  const facts = checked(isExec, event);
  const { sessionKey } = sessionOf(facts.sessionKey, ownSession(event.nodeId), event, services);
  requirePace("note", event, services);
  const { sessions } = services;
  // A node may name any key: notes for sessions that nobody uses would fill the table.
  const usual = [ownSession(event.nodeId), services.config.session.mainKey].map((key) => sessions.canonical(key));
  const entry = (usual.includes(sessionKey) ? sessions.ensure(sessionKey) : sessions.get(sessionKey))?.entry;
  if (entry === undefined) throw invalid(`no session: nothing was said in "${sessionKey.slice(0, 128)}" yet`);
  const note = noteText(event.name, event.nodeId, facts);
  const systemEvents = [...entry.systemEvents ?? [], note].slice(-MAX_NOTES);
  // Nobody began the node's own chat: without a name of its own it would stand in every list as a new one.
  const isOwn = sessionKey === usual[0] && entry.displayName === undefined;
  const displayName = isOwn ? services.nodes.find(event.nodeId).displayName : undefined;
  sessions.update(sessionKey, { systemEvents, ...(displayName === undefined ? {} : { displayName }) }, false);
  return {};
};

const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  [AgentRequestEvent.name, agentRequest],
  [VoiceTranscriptEvent.name, transcript],
  [ChatSubscribeEvent.name, subscribe],
  [ChatUnsubscribeEvent.name, unsubscribe],
  [ExecStartedEvent.name, exec],
  [ExecFinishedEvent.name, exec],
  [ExecDeniedEvent.name, exec],
]);

export const nodeEventMethods: readonly MethodDef[] = [event];
