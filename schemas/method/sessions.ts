/** Parameters and results of the `sessions.*` methods (methods facts, section 7). */
import { Closed, Int0, NonEmpty, Nullable, OneOf, Open, type Static, Timestamp, Type } from "../primitives.ts";
import { SessionDefaultsView, SessionEntryView, SessionRow } from "./session_row.ts";

const Opt = Type.Optional;
const Bool = Type.Boolean();
const Label = Type.String({ minLength: 1, maxLength: 64 });
const AtLeast = (minimum: number) => Type.Integer({ minimum });

export const SessionsListParams = Open({
  limit: Opt(AtLeast(1)),
  offset: Opt(Int0),
  activeMinutes: Opt(AtLeast(1)),
  includeGlobal: Opt(Bool),
  includeUnknown: Opt(Bool),
  includeDerivedTitles: Opt(Bool),
  includeLastMessage: Opt(Bool),
  label: Opt(Label),
  spawnedBy: Opt(Type.String()),
  agentId: Opt(Type.String()),
  search: Opt(Type.String({ maxLength: 256 })),
});
export const SessionsListResult = Closed({
  ts: Timestamp,
  path: NonEmpty,
  count: Int0,
  totalCount: Int0,
  limitApplied: Int0,
  nextOffset: Nullable(Int0),
  hasMore: Bool,
  owners: Type.Array(Type.String()),
  defaults: SessionDefaultsView,
  sessions: Type.Array(SessionRow),
});

export const SessionsPreviewParams = Open({
  keys: Type.Array(NonEmpty, { minItems: 1 }),
  limit: Opt(AtLeast(1)),
  maxChars: Opt(AtLeast(20)),
});
export const SessionPreview = Closed({
  key: NonEmpty,
  status: OneOf(["ok", "empty", "missing", "error"]),
  items: Type.Array(Closed({ role: OneOf(["user", "assistant", "tool", "system", "other"]), text: Type.String() })),
});
export type SessionPreview = Static<typeof SessionPreview>;
export const SessionsPreviewResult = Closed({ ts: Timestamp, previews: Type.Array(SessionPreview) });

export const SessionsResolveParams = Open({
  key: Opt(Type.String()),
  sessionId: Opt(Type.String()),
  label: Opt(Type.String({ maxLength: 64 })),
  agentId: Opt(Type.String()),
  spawnedBy: Opt(Type.String()),
});
export type SessionsResolveParams = Static<typeof SessionsResolveParams>;
export const SessionsResolveResult = Closed({ ok: Type.Literal(true), key: NonEmpty, agentId: NonEmpty });

export const SessionKeyParams = Open({ key: NonEmpty, agentId: Opt(Type.String()) });
export const SessionsDescribeResult = Closed({ session: Nullable(SessionRow) });

const Clearable = Opt(Nullable(Type.String()));
/** Each field: a value, or null to clear it. Values are checked by the handler, whose texts the clients show. */
export const SessionsPatchParams = Open({
  key: NonEmpty,
  agentId: Opt(Type.String()),
  label: Opt(Nullable(Label)),
  thinkingLevel: Clearable,
  verboseLevel: Clearable,
  reasoningLevel: Clearable,
  responseUsage: Clearable,
  elevatedLevel: Clearable,
  execHost: Clearable,
  execSecurity: Clearable,
  execAsk: Clearable,
  execNode: Clearable,
  model: Clearable,
  spawnedBy: Clearable,
  sendPolicy: Clearable,
  groupActivation: Clearable,
});
export type SessionsPatchParams = Static<typeof SessionsPatchParams>;

const Resolved = Closed({ modelProvider: Nullable(NonEmpty), model: Nullable(NonEmpty) });
export const SessionsPatchResult = Closed({
  ok: Type.Literal(true),
  path: NonEmpty,
  key: NonEmpty,
  entry: SessionEntryView,
  resolved: Resolved,
});
export const SessionsResetResult = Closed({
  ok: Type.Literal(true),
  key: NonEmpty,
  entry: SessionEntryView,
  resolved: Resolved,
});

export const SessionsDeleteParams = Open({
  key: NonEmpty,
  agentId: Opt(Type.String()),
  deleteTranscript: Opt(Bool),
});
export const SessionsDeleteResult = Closed({
  ok: Type.Literal(true),
  key: NonEmpty,
  deleted: Bool,
  /** Files that hold the old transcript; always empty, transcripts are rows of the database. */
  archived: Type.Array(NonEmpty),
});

export const SubscribeParams = Open({});
export const SubscribeResult = Closed({ subscribed: Bool });
export const MessagesSubscribeResult = Closed({ subscribed: Bool, key: NonEmpty });
