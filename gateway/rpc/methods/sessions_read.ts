/** sessions.list, sessions.preview, sessions.resolve, sessions.describe. */
import { invalid } from "../../../schemas/error.ts";
import type { Message } from "../../../schemas/message.ts";
import type { SessionPreview, SessionsResolveParams } from "../../../schemas/method/sessions.ts";
import {
  SessionKeyParams,
  SessionsDescribeResult,
  SessionsListParams,
  SessionsListResult,
  SessionsPreviewParams,
  SessionsPreviewResult,
  SessionsResolveParams as ResolveParams,
  SessionsResolveResult,
} from "../../../schemas/method/sessions.ts";
import type { Static } from "../../../schemas/primitives.ts";
import { normalizeAgentId } from "../../session/key.ts";
import { sessionDefaults, sessionRow } from "../../session/rows.ts";
import { messageText, oneLine } from "../../session/title.ts";
import type { Session, SessionKind, SessionStore } from "../../session/types.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

const DEADLINE_MS = 10_000;
/** Rows that one answer holds; the rest by `offset`. */
const MAX_ROWS = 1000;
const MAX_PREVIEW_KEYS = 64;
const MAX_PREVIEW_ITEMS = 100;
const MAX_PREVIEW_CHARS = 4000;
const PREVIEW_BYTES = 1024 * 1024;
/** What `path` says when sessions do not live in one file a client could open (observed). */
const MANY_STORES = "(multiple)";

const list = defineMethod({
  name: "sessions.list",
  access: "operator.read",
  params: SessionsListParams,
  result: SessionsListResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "The sessions, newest first; `search` looks in key, label, display name and title",
  handle({ params }, services) {
    const limit = Math.min(params.limit ?? MAX_ROWS, MAX_ROWS);
    const offset = params.offset ?? 0;
    const { sessions, total } = services.sessions.list({ ...listFilter(params, services.clock.now()), limit, offset });
    const next = offset + sessions.length;
    const options = {
      derivedTitle: params.includeDerivedTitles === true,
      lastMessage: params.includeLastMessage === true,
    };
    return {
      ts: services.clock.now(),
      path: MANY_STORES,
      count: sessions.length,
      totalCount: total,
      limitApplied: limit,
      nextOffset: next < total ? next : null,
      hasMore: next < total,
      owners: [],
      defaults: sessionDefaults(services),
      sessions: sessions.map((session) => sessionRow(session.key, session, services, options)),
    };
  },
});

function listFilter(params: Static<typeof SessionsListParams>, now: number): Parameters<SessionStore["list"]>[0] {
  const agentId = params.agentId?.trim();
  const kinds: SessionKind[] = ["direct", "group"];
  // An agent's sessions do not include the ones that belong to nobody in particular.
  if (!agentId && params.includeGlobal === true) kinds.push("global");
  if (!agentId && params.includeUnknown === true) kinds.push("unknown");
  return {
    kinds,
    ...(agentId ? { agentId: normalizeAgentId(agentId) } : {}),
    ...(params.search === undefined ? {} : { search: params.search }),
    ...(params.label === undefined ? {} : { label: params.label.trim() }),
    ...(params.spawnedBy ? { spawnedBy: params.spawnedBy } : {}),
    ...(params.activeMinutes === undefined ? {} : { activeSince: now - params.activeMinutes * 60_000 }),
  };
}

const preview = defineMethod({
  name: "sessions.preview",
  access: "operator.read",
  params: SessionsPreviewParams,
  result: SessionsPreviewResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "The last messages of up to 64 sessions as short lines",
  handle({ params }, services) {
    const limit = Math.min(params.limit ?? 12, MAX_PREVIEW_ITEMS);
    const maxChars = Math.min(params.maxChars ?? 240, MAX_PREVIEW_CHARS);
    const keys = params.keys.slice(0, MAX_PREVIEW_KEYS);
    return {
      ts: services.clock.now(),
      previews: keys.map((key) => previewOf(key, limit, maxChars, services)),
    };
  },
});

function previewOf(key: string, limit: number, maxChars: number, services: Services): SessionPreview {
  let session: Session | undefined;
  try {
    session = services.sessions.get(key);
  } catch {
    // One bad key must not cost the caller the other previews.
    return { key, status: "error", items: [] };
  }
  if (!session) return { key, status: "missing", items: [] };
  const page = services.transcript.page(session.sessionId, { limit: limit * 2, maxBytes: PREVIEW_BYTES });
  const items = page.flatMap(({ message }) => {
    const text = previewText(message, maxChars);
    return text === "" ? [] : [{ role: previewRole(message), text }];
  }).slice(-limit);
  return { key, status: items.length > 0 ? "ok" : "empty", items };
}

const toolNames = (message: Message): string[] =>
  message.role === "assistant" ? message.content.flatMap((part) => part.type === "toolCall" ? [part.name] : []) : [];

function previewRole(message: Message): SessionPreview["items"][number]["role"] {
  if (message.role === "toolResult" || toolNames(message).length > 0) return "tool";
  return message.role;
}

function previewText(message: Message, maxChars: number): string {
  const text = oneLine(messageText(message), maxChars);
  const names = toolNames(message);
  return text !== "" || names.length === 0 ? text : oneLine(`call ${names.join(", ")}`, maxChars);
}

const resolve = defineMethod({
  name: "sessions.resolve",
  access: "operator.read",
  advertised: false,
  params: ResolveParams,
  result: SessionsResolveResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "The canonical key of the session with this key, session id or label",
  handle({ params }, services) {
    const { key, agentId } = find(params, services.sessions);
    return { ok: true as const, key, agentId };
  },
});

function find(params: SessionsResolveParams, sessions: SessionStore): Session {
  const key = params.key?.trim() ?? "";
  const sessionId = params.sessionId?.trim() ?? "";
  const label = params.label?.trim() ?? "";
  const given = [key, sessionId, label].filter((value) => value !== "");
  const [wanted] = given;
  if (wanted === undefined) throw invalid("Either key, sessionId, or label is required");
  if (given.length > 1) throw invalid("Provide either key, sessionId, or label (not multiple)");
  const found = key !== ""
    ? sessions.get(sessions.canonical(key, params.agentId?.trim() || undefined))
    : sessionId !== ""
    ? sessions.bySessionId(sessionId)
    : sessions.byLabel(label);
  if (found && isWanted(found, params)) return found;
  throw invalid(label !== "" ? `No session found with label: ${label}` : `No session found: ${wanted}`);
}

function isWanted(session: Session, { agentId, spawnedBy }: SessionsResolveParams): boolean {
  if (agentId?.trim() && session.agentId !== normalizeAgentId(agentId)) return false;
  return !spawnedBy?.trim() || session.entry.spawnedBy === spawnedBy.trim();
}

const describe = defineMethod({
  name: "sessions.describe",
  access: "operator.read",
  params: SessionKeyParams,
  result: SessionsDescribeResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "One session as a row of the list, or null",
  handle({ params }, services) {
    const key = services.sessions.canonical(params.key, params.agentId);
    const session = services.sessions.get(key);
    const options = { derivedTitle: true, lastMessage: true, thinking: true };
    return { session: session ? sessionRow(key, session, services, options) : null };
  },
});

export const sessionReadMethods: readonly MethodDef[] = [list, preview, resolve, describe];
