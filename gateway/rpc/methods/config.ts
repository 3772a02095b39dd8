/** config.get, config.schema, config.plan and config.patch. */
import {
  ConfigGetParams,
  ConfigGetResult,
  ConfigPatchParams,
  ConfigPatchResult,
  ConfigPlanResult,
  ConfigSchemaParams,
  ConfigSchemaResult,
} from "../../../schemas/method/config.ts";
import { JsonObject } from "../../../schemas/primitives.ts";
import { checker } from "../../../schemas/validate.ts";
import { hashOf } from "../../config/control.ts";
import type { ConfigPlan } from "../../config/plan.ts";
import { asFlags } from "../../config/rights.ts";
import { configJsonSchema, configUiHints } from "../../config/schema_view.ts";
import { configView } from "../../config/view.ts";
import { defineMethod, type MethodDef } from "../define.ts";

const isJsonObject = checker(JsonObject).is;
const DEADLINE_MS = 10_000;

const get = defineMethod({
  name: "config.get",
  access: "operator.read",
  params: ConfigGetParams,
  result: ConfigGetResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "The configuration file without its secrets; comments are left out, because they may hold some",
  async handle(_call, { live }) {
    // The file as it is now, since the hash is what the next change is checked against.
    const { config } = await live.read();
    const { parsed, raw, issues, warnings } = configView(config);
    return {
      path: config.path,
      exists: config.exists,
      raw: raw ?? null,
      parsed: parsed ?? {},
      valid: issues.length === 0,
      config: isJsonObject(parsed) ? parsed : {},
      ...(config.raw === undefined ? {} : { hash: hashOf(config.raw) }),
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
  deadlineMs: DEADLINE_MS,
  description: "The configuration's JSON Schema (draft-07) with hints for forms",
  handle(_call, { version, clock, channels }) {
    const schema = configJsonSchema(channels.manifests());
    return {
      schema,
      uiHints: configUiHints(schema, channels.manifests()),
      version,
      generatedAt: new Date(clock.now()).toISOString(),
    };
  },
});

const plan = defineMethod({
  name: "config.plan",
  access: "operator.admin",
  params: ConfigPatchParams,
  result: ConfigPlanResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "What config.patch with the same parameters would change, restart and wait for; writes nothing",
  async handle({ params }, { live }) {
    const made = await live.plan(params);
    return { ok: true as const, path: live.current().path, ...effects(made) };
  },
});

const patch = defineMethod({
  name: "config.patch",
  access: "operator.admin",
  params: ConfigPatchParams,
  result: ConfigPatchResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Changes the file by a merge patch, comments kept, and applies what needs no restart",
  async handle({ params }, { live }) {
    const { file, plan } = await live.patch(params);
    const { parsed } = configView(file.config);
    return {
      ok: true as const,
      path: file.config.path,
      config: isJsonObject(parsed) ? parsed : {},
      hash: hashOf(file.config.raw ?? ""),
      ...effects(plan),
      sentinel: { path: null, payload: {} },
    };
  },
});

function effects({ changed, accounts, live, restart, missing, next }: ConfigPlan) {
  const { issues, warnings } = configView(next);
  return {
    changed: [...changed],
    accounts: accounts.map((change) => ({ ...change })),
    live: [...live],
    restart: { required: restart.length > 0, reasons: [...restart], flags: asFlags(missing) },
    issues: [...issues],
    warnings: [...warnings],
  };
}

export const configMethods: readonly MethodDef[] = [get, schema, plan, patch];
