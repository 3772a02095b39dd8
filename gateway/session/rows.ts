/** Sessions as answers show them: the row of a list, the entry of a change, the defaults. */
import type { SessionDefaultsView, SessionEntryView, SessionRow } from "../../schemas/method/session_row.ts";
import type { RunService } from "../agent/types.ts";
import type { Config } from "../config/types.ts";
import { agentIdOf, isMainKey, keyRules, kindOf } from "./key.ts";
import { type ModelChoice, modelOf, type ModelParts, thinkingOptions } from "./models.ts";
import { messageText, oneLine } from "./title.ts";
import type { Session, SessionEntry, SessionStore, Transcript } from "./types.ts";

const PREVIEW_CHARS = 120;
/** How far back a list looks for a message with text, and how much of a transcript it may read for that. */
const PREVIEW_MESSAGES = 6;
const PREVIEW_BYTES = 256 * 1024;

export interface RowParts extends ModelParts {
  readonly config: Config;
  readonly runs: Pick<RunService, "active">;
  readonly sessions: Pick<SessionStore, "derivedTitle">;
  readonly transcript: Pick<Transcript, "page">;
}

export interface RowOptions {
  readonly derivedTitle?: boolean;
  readonly lastMessage?: boolean;
  /** Adds what the model allows; for single sessions, too long for lists. */
  readonly thinking?: boolean;
}

/** Without the keys whose value is undefined: an absent key and a null are different things on the wire. */
export function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const out: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const key in value) {
    const item = value[key];
    if (isDefined(item)) out[key] = item;
  }
  return out;
}

const isDefined = <V>(value: V): value is Exclude<V, undefined> => value !== undefined;

/** The row of `session`, or of the canonical `key` when there is no such session yet. */
export function sessionRow(
  key: string,
  session: Session | undefined,
  parts: RowParts,
  options: RowOptions = {},
): SessionRow {
  const rules = keyRules(parts.config);
  const agentId = session?.agentId ?? agentIdOf(key, rules);
  const entry = session?.entry ?? {};
  const model = modelOf(agentId, entry, parts);
  const active = parts.runs.active(key);
  return {
    key,
    kind: session?.kind ?? kindOf(key),
    agentId,
    isMain: isMainKey(key, rules),
    ...(session ? titles(session, parts, options) : {}),
    ...defined({ createdAt: session?.createdAt, sessionId: session?.sessionId }),
    updatedAt: session?.updatedAt ?? null,
    ...settings(entry),
    ...(options.thinking === true ? thinking(model, parts.config) : {}),
    totalTokens: entry.totalTokens ?? 0,
    modelProvider: model.modelProvider,
    model: model.model,
    ...defined({ contextTokens: model.contextTokens }),
    hasActiveRun: active.length > 0,
    activeRunIds: active.map(({ runId }) => runId),
  };
}

function titles(session: Session, parts: RowParts, options: RowOptions) {
  const { label, displayName } = session.entry;
  return defined({
    label,
    displayName: displayName ?? label,
    derivedTitle: options.derivedTitle === true ? parts.sessions.derivedTitle(session.sessionId) : undefined,
    lastMessagePreview: options.lastMessage === true ? lastPreview(session.sessionId, parts) : undefined,
  });
}

function settings(entry: SessionEntry) {
  const { lastChannel, lastTo, lastAccountId, lastThreadId } = entry;
  return defined({
    chatType: entry.chatType,
    channel: entry.channel,
    systemSent: entry.systemSent,
    abortedLastRun: entry.abortedLastRun,
    thinkingLevel: entry.thinkingLevel,
    verboseLevel: entry.verboseLevel,
    reasoningLevel: entry.reasoningLevel,
    elevatedLevel: entry.elevatedLevel,
    sendPolicy: entry.sendPolicy,
    responseUsage: entry.responseUsage,
    spawnedBy: entry.spawnedBy,
    inputTokens: entry.inputTokens,
    outputTokens: entry.outputTokens,
    deliveryContext: lastChannel === undefined ? undefined : {
      channel: lastChannel,
      ...defined({ to: lastTo, accountId: lastAccountId, threadId: lastThreadId }),
    },
    lastChannel,
    lastTo,
    lastAccountId,
  });
}

function thinking(model: ModelChoice, config: Config) {
  const options = thinkingOptions(model);
  return {
    thinkingDefault: config.agents.thinkingDefault,
    thinkingOptions: options,
    thinkingLevels: options.map((id) => ({ id, label: id })),
  };
}

/** The text of the newest user or assistant message that has one. */
function lastPreview(sessionId: string, { transcript }: RowParts): string | undefined {
  const page = transcript.page(sessionId, { limit: PREVIEW_MESSAGES, maxBytes: PREVIEW_BYTES });
  for (const { message } of page.toReversed()) {
    if (message.role !== "user" && message.role !== "assistant") continue;
    const text = oneLine(messageText(message), PREVIEW_CHARS);
    if (text !== "") return text;
  }
  return undefined;
}

/** What a session without settings uses. */
export function sessionDefaults(parts: ModelParts & { readonly config: Config }): SessionDefaultsView {
  const model = modelOf(parts.config.agents.defaultId, undefined, parts);
  return {
    modelProvider: model.modelProvider,
    model: model.model,
    contextTokens: model.contextTokens ?? null,
    ...thinking(model, parts.config),
  };
}

/** The stored entry, as the answers to a change carry it. */
export function entryView({ entry, sessionId, createdAt, updatedAt }: Session): SessionEntryView {
  const { systemEvents, ...rest } = entry;
  return { ...rest, ...(systemEvents ? { systemEvents: [...systemEvents] } : {}), sessionId, createdAt, updatedAt };
}
