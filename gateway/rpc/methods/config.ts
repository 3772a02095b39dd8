/** config.get and config.schema. */
import { createHash } from "node:crypto";
import {
  ConfigGetParams,
  ConfigGetResult,
  ConfigSchemaParams,
  ConfigSchemaResult,
} from "../../../schemas/method/config.ts";
import { JsonObject } from "../../../schemas/primitives.ts";
import { checker } from "../../../schemas/validate.ts";
import { configJsonSchema, configUiHints } from "../../config/schema_view.ts";
import { configView } from "../../config/view.ts";
import { defineMethod, type MethodDef } from "../define.ts";

const isJsonObject = checker(JsonObject).is;

const get = defineMethod({
  name: "config.get",
  access: "operator.read",
  params: ConfigGetParams,
  result: ConfigGetResult,
  idempotency: "none",
  deadlineMs: 10_000,
  description: "The configuration file without its secrets; comments are left out, because they may hold some",
  handle(_call, { config }) {
    const { parsed, raw, issues, warnings } = configView(config);
    return {
      path: config.path,
      exists: config.exists,
      raw: raw ?? null,
      parsed: parsed ?? {},
      valid: issues.length === 0,
      config: isJsonObject(parsed) ? parsed : {},
      ...(config.raw === undefined ? {} : { hash: createHash("sha256").update(config.raw).digest("hex") }),
      issues: [...issues],
      warnings: [...warnings],
      legacyIssues: [],
    };
  },
});

const schema = defineMethod({
  name: "config.schema",
  access: "operator.read",
  params: ConfigSchemaParams,
  result: ConfigSchemaResult,
  idempotency: "none",
  deadlineMs: 10_000,
  description: "The configuration's JSON Schema (draft-07) with hints for forms",
  handle(_call, { version, clock }) {
    const schema = configJsonSchema();
    return {
      schema,
      uiHints: configUiHints(schema),
      version,
      generatedAt: new Date(clock.now()).toISOString(),
    };
  },
});

export const configMethods: readonly MethodDef[] = [get, schema];
