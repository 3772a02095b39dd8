/** Parameters and results of config.get, config.schema, config.patch and config.plan (methods facts, section 9). */
import { Closed, Int0, JsonObject, NonEmpty, Nullable, OneOf, Open, type Static, Type } from "../primitives.ts";

const Opt = Type.Optional;

export const ConfigIssue = Closed({ path: Type.String(), message: NonEmpty });

export const ConfigGetParams = Open({});
/** Every secret is replaced by the marker `__OPENCLAW_REDACTED__`. `raw` is null when no safe text can be made. */
export const ConfigGetResult = Closed({
  path: NonEmpty,
  exists: Type.Boolean(),
  raw: Nullable(Type.String()),
  parsed: Type.Unknown(),
  valid: Type.Boolean(),
  config: JsonObject,
  /** Hex SHA-256 of the file's text. */
  hash: Opt(NonEmpty),
  issues: Type.Array(ConfigIssue),
  warnings: Type.Array(ConfigIssue),
  legacyIssues: Type.Array(ConfigIssue),
});
export type ConfigGetResult = Static<typeof ConfigGetResult>;

export const ConfigSchemaParams = Open({});
export const UiHint = Closed({
  label: Opt(NonEmpty),
  help: Opt(NonEmpty),
  order: Opt(Int0),
  sensitive: Opt(Type.Boolean()),
});
export type UiHint = Static<typeof UiHint>;
export const ConfigSchemaResult = Closed({
  schema: JsonObject,
  uiHints: Type.Record(Type.String(), UiHint),
  version: NonEmpty,
  generatedAt: NonEmpty,
});

/** `raw`: a JSON5 object, applied as a merge patch; null deletes. A secret's marker stands for the stored value. */
export const ConfigPatchParams = Open({
  raw: NonEmpty,
  /** `hash` of the `config.get` that the change was made from; required when the file exists. */
  baseHash: Opt(Type.String()),
  sessionKey: Opt(Type.String()),
  note: Opt(Type.String()),
  restartDelayMs: Opt(Int0),
});

/** `start`, `restart`, `stop`: the account's worker. `update`: settings that need none. `wait`: a right is missing. */
const AccountChange = Closed({
  channel: NonEmpty,
  accountId: NonEmpty,
  action: OneOf(["start", "restart", "stop", "update", "wait"]),
  /** The flags that the process was started without. */
  missing: Opt(NonEmpty),
});

const Effects = {
  /** Dotted paths of what changes; values are not repeated. */
  changed: Type.Array(Type.String()),
  accounts: Type.Array(AccountChange),
  /** Parts that take effect at once. */
  live: Type.Array(NonEmpty),
  restart: Closed({
    required: Type.Boolean(),
    /** One sentence a reason. */
    reasons: Type.Array(NonEmpty),
    /** What `deno run` would have to be given beside what it was. */
    flags: Type.String(),
  }),
  issues: Type.Array(ConfigIssue),
  warnings: Type.Array(ConfigIssue),
};

export const ConfigPlanResult = Closed({ ok: Type.Literal(true), path: NonEmpty, ...Effects });
export const ConfigPatchResult = Closed({
  ok: Type.Literal(true),
  path: NonEmpty,
  config: JsonObject,
  /** Of the new text: the base of the next change. */
  hash: NonEmpty,
  ...Effects,
  sentinel: Closed({ path: Nullable(NonEmpty), payload: JsonObject }),
});
