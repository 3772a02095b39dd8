/** health, status, system-presence, system-event, last-heartbeat. */
import process from "node:process";
import {
  HealthParams,
  HealthResult,
  LastHeartbeatParams,
  LastHeartbeatResult,
  OkResult,
  PresenceParams,
  PresenceResult,
  StatusParams,
  StatusResult,
  SystemEventParams,
} from "../../../schemas/method/system.ts";
import { invalid } from "../../../schemas/error.ts";
import type { Static } from "../../../schemas/primitives.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";
import type { Session } from "../../session/types.ts";

const DEADLINE_MS = 10_000;
const RECENT = 10;
const MAX_EVENT_CHARS = 4_000;
const MAX_QUEUED_EVENTS = 20;

const health = defineMethod({
  name: "health",
  access: "any",
  params: HealthParams,
  result: HealthResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "The health summary, at most a minute old; `probe` takes a new one",
  handle({ params }, { health }) {
    if (params.probe === true) health.refresh();
    return health.currentJson();
  },
});

const status = defineMethod({
  name: "status",
  access: "operator.read",
  params: StatusParams,
  result: StatusResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "What runs, with which model, and what needs a person",
  handle: (_call, services) => ({
    gateway: gatewayStatus(services),
    heartbeat: {
      defaultAgentId: services.config.agents.defaultId,
      agents: services.config.agents.list.map((agent) => ({
        agentId: agent.id,
        enabled: false,
        every: "0m",
        everyMs: null,
      })),
    },
    channelSummary: channelSummary(services),
    queuedSystemEvents: [...services.sessions.get("main")?.entry.systemEvents ?? []],
    sessions: sessionsStatus(services),
  }),
});

/** One line an account, as a person reads it. */
function channelSummary({ channels, outbox }: Services): string[] {
  const labels = new Map(channels.manifests().map(({ id, label }) => [id, label]));
  const lines = channels.accounts().filter(({ enabled }) => enabled).map(
    ({ channel, accountId, name, state, sentence }) => {
      const account = accountId === "default" ? "" : ` (${name ?? accountId})`;
      return `${labels.get(channel) ?? channel}${account}: ${state.replaceAll("_", " ")}. ${sentence}`;
    },
  );
  return ["WebChat: served by the gateway", ...lines, ...heldLines(outbox)];
}

/** What the owner has to decide about. */
function heldLines(outbox: Services["outbox"]): string[] {
  const states = ["unknown", "failed", "expired"] as const;
  const counts = states.map((state) => [state, outbox.list({ state, limit: MAX_HELD }).length] as const)
    .filter(([, count]) => count > 0);
  if (counts.length === 0) return [];
  const text = counts.map(([state, count]) => `${count === MAX_HELD ? `${count} or more` : count} ${state}`).join(", ");
  return [`Messages that were not delivered for certain: ${text}. See: openclaw outbox list`];
}
const MAX_HELD = 100;

function gatewayStatus(services: Services): Static<typeof StatusResult>["gateway"] {
  const { issues, warnings } = services.live.current();
  const canvas = services.canvasProblem();
  return {
    version: services.version,
    pid: process.pid,
    uptimeMs: services.clock.now() - services.startedAtMs,
    model: services.models.describeDefault(),
    connections: [...services.connections.list()].length,
    activeRuns: services.runs.activeCount(),
    devicesWaiting: services.pairing.list().pending.length,
    configIssues: [...issues],
    restartRequired: [...services.live.restartReasons()],
    configWarnings: [...warnings, ...(canvas === undefined ? [] : [{ path: "canvasHost.port", message: canvas }])],
  };
}

function sessionsStatus(services: Services): Static<typeof StatusResult>["sessions"] {
  const { config, sessions, models, clock } = services;
  const now = clock.now();
  const all = sessions.list({ limit: RECENT });
  const row = (session: Session) => statusRow(session, now);
  return {
    paths: [config.stateDir],
    count: all.total,
    defaults: {
      model: models.describeDefault().model,
      contextTokens: models.resolve(undefined).info.contextWindow ?? null,
    },
    recent: all.sessions.map(row),
    byAgent: config.agents.list.map((agent) => {
      const own = sessions.list({ limit: RECENT, agentId: agent.id });
      return { agentId: agent.id, path: config.stateDir, count: own.total, recent: own.sessions.map(row) };
    }),
  };
}

function statusRow(session: Session, now: number): Record<string, unknown> {
  const { entry } = session;
  const { totalTokens, contextTokens } = entry;
  const known = totalTokens !== undefined && contextTokens !== undefined;
  return {
    agentId: session.agentId,
    key: session.key,
    kind: session.kind,
    sessionId: session.sessionId,
    updatedAt: session.updatedAt,
    age: now - session.updatedAt,
    ...(entry.thinkingLevel === undefined ? {} : { thinkingLevel: entry.thinkingLevel }),
    ...(entry.verboseLevel === undefined ? {} : { verboseLevel: entry.verboseLevel }),
    totalTokens: totalTokens ?? null,
    remainingTokens: known ? Math.max(0, contextTokens - totalTokens) : null,
    percentUsed: known && contextTokens > 0 ? Math.min(999, Math.round(totalTokens / contextTokens * 100)) : null,
    model: entry.model ?? null,
    contextTokens: contextTokens ?? null,
    flags: [],
  };
}

const systemPresence = defineMethod({
  name: "system-presence",
  access: "operator.read",
  params: PresenceParams,
  result: PresenceResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Who is connected, newest first",
  handle: (_call, { presence }) => presence.list(),
});

const systemEvent = defineMethod({
  name: "system-event",
  access: "operator.admin",
  params: SystemEventParams,
  result: OkResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "A beacon of a device, or a line for the main session's next prompt",
  handle({ params }, { presence, sessions }) {
    const text = params.text.trim().slice(0, MAX_EVENT_CHARS);
    if (text === "") throw invalid("text required");
    const { text: _text, lastInputSeconds, ...facts } = params;
    const known = Object.fromEntries(Object.entries(facts).filter(([key]) => key in SystemEventParams.properties));
    const key = params.deviceId ?? params.instanceId ?? params.host ?? params.ip ?? text.slice(0, 64);
    presence.beacon(key, {
      ...known,
      ...(lastInputSeconds === undefined ? {} : { lastInputSeconds: Math.round(lastInputSeconds) }),
      text,
    });
    if (!text.startsWith("Node:")) {
      const { entry } = sessions.ensure("main");
      sessions.update("main", { systemEvents: [...entry.systemEvents ?? [], text].slice(-MAX_QUEUED_EVENTS) }, false);
    }
    return { ok: true as const };
  },
});

const lastHeartbeat = defineMethod({
  name: "last-heartbeat",
  access: "operator.read",
  params: LastHeartbeatParams,
  result: LastHeartbeatResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "The last heartbeat event; null, since no heartbeat is configured in this version",
  handle: () => null,
});

export const systemMethods: readonly MethodDef[] = [
  health,
  status,
  systemPresence,
  systemEvent,
  lastHeartbeat,
];
