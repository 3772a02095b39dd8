/** Parameters and results of config.get and config.schema (methods facts, section 9). */
import { Closed, Int0, JsonObject, NonEmpty, Nullable, Open, type Static, Type } from "../primitives.ts";

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
