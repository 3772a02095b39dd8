/** A session as lists and answers show it: the stored entry and the row made of it. */
import { Closed, Int0, NonEmpty, Nullable, OneOf, Open, type Static, Timestamp, Type } from "../primitives.ts";

const Opt = Type.Optional;
export const SESSION_KINDS = ["direct", "group", "global", "unknown"] as const;

/** The settings that a session keeps; the key names are the protocol's. */
const SETTINGS = {
  label: Opt(NonEmpty),
  displayName: Opt(NonEmpty),
  thinkingLevel: Opt(NonEmpty),
  verboseLevel: Opt(NonEmpty),
  reasoningLevel: Opt(NonEmpty),
  responseUsage: Opt(NonEmpty),
  elevatedLevel: Opt(NonEmpty),
  execHost: Opt(NonEmpty),
  execSecurity: Opt(NonEmpty),
  execAsk: Opt(NonEmpty),
  execNode: Opt(NonEmpty),
  providerOverride: Opt(NonEmpty),
  modelOverride: Opt(NonEmpty),
  spawnedBy: Opt(NonEmpty),
  sendPolicy: Opt(OneOf(["allow", "deny"])),
  groupActivation: Opt(OneOf(["mention", "always"])),
  queueMode: Opt(OneOf(["collect", "followup", "steer", "steer-backlog", "interrupt"])),
  queueDebounceMs: Opt(Int0),
  queueCap: Opt(Int0),
  queueDrop: Opt(OneOf(["summarize", "old", "new"])),
  abortedLastRun: Opt(Type.Boolean()),
  systemSent: Opt(Type.Boolean()),
  inputTokens: Opt(Int0),
  outputTokens: Opt(Int0),
  totalTokens: Opt(Int0),
  contextTokens: Opt(Int0),
  modelProvider: Opt(NonEmpty),
  model: Opt(NonEmpty),
  chatType: Opt(OneOf(["direct", "group", "channel"])),
  channel: Opt(NonEmpty),
  lastChannel: Opt(NonEmpty),
  lastTo: Opt(NonEmpty),
  lastAccountId: Opt(NonEmpty),
  lastThreadId: Opt(NonEmpty),
  systemEvents: Opt(Type.Array(Type.String())),
} as const;

/** The JSON column of the session table. Lenient: a row of a newer version stays readable. */
export const StoredEntry = Open(SETTINGS);

/** The entry as `sessions.patch` and `sessions.reset` answer it. */
export const SessionEntryView = Closed({
  ...SETTINGS,
  sessionId: NonEmpty,
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type SessionEntryView = Static<typeof SessionEntryView>;

export const DeliveryContext = Closed({
  channel: NonEmpty,
  to: Opt(NonEmpty),
  accountId: Opt(NonEmpty),
  threadId: Opt(NonEmpty),
});

export const ThinkingOption = Closed({ id: NonEmpty, label: NonEmpty });

/** One line of `sessions.list`; also `sessionInfo` of chat.history. `updatedAt` null: the session does not exist yet. */
export const SessionRow = Closed({
  key: NonEmpty,
  kind: OneOf(SESSION_KINDS),
  agentId: NonEmpty,
  isMain: Type.Boolean(),
  label: Opt(NonEmpty),
  displayName: Opt(NonEmpty),
  derivedTitle: Opt(NonEmpty),
  lastMessagePreview: Opt(NonEmpty),
  chatType: SETTINGS.chatType,
  channel: Opt(NonEmpty),
  createdAt: Opt(Timestamp),
  updatedAt: Nullable(Timestamp),
  sessionId: Opt(NonEmpty),
  systemSent: Opt(Type.Boolean()),
  abortedLastRun: Opt(Type.Boolean()),
  thinkingLevel: Opt(NonEmpty),
  thinkingDefault: Opt(NonEmpty),
  thinkingOptions: Opt(Type.Array(NonEmpty)),
  thinkingLevels: Opt(Type.Array(ThinkingOption)),
  verboseLevel: Opt(NonEmpty),
  reasoningLevel: Opt(NonEmpty),
  elevatedLevel: Opt(NonEmpty),
  sendPolicy: SETTINGS.sendPolicy,
  responseUsage: Opt(NonEmpty),
  spawnedBy: Opt(NonEmpty),
  inputTokens: Opt(Int0),
  outputTokens: Opt(Int0),
  totalTokens: Int0,
  modelProvider: Nullable(NonEmpty),
  model: Nullable(NonEmpty),
  contextTokens: Opt(Int0),
  deliveryContext: Opt(DeliveryContext),
  lastChannel: Opt(NonEmpty),
  lastTo: Opt(NonEmpty),
  lastAccountId: Opt(NonEmpty),
  hasActiveRun: Type.Boolean(),
  activeRunIds: Type.Array(NonEmpty),
});
export type SessionRow = Static<typeof SessionRow>;

/** What sessions without settings of their own use. */
export const SessionDefaultsView = Closed({
  modelProvider: Nullable(NonEmpty),
  model: Nullable(NonEmpty),
  contextTokens: Nullable(Int0),
  thinkingDefault: NonEmpty,
  thinkingOptions: Type.Array(NonEmpty),
  thinkingLevels: Type.Array(ThinkingOption),
});
export type SessionDefaultsView = Static<typeof SessionDefaultsView>;
