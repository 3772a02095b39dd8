/** The configuration's JSON Schema and the hints that forms are drawn with (methods facts, section 9). */
import { ConfigFile } from "../../schemas/config.ts";
import type { UiHint } from "../../schemas/method/config.ts";
import { holdsSecret } from "./view.ts";

const DRAFT = "http://json-schema.org/draft-07/schema#";

const PART_LABELS: Readonly<Record<string, string>> = {
  gateway: "Gateway",
  agents: "Agents",
  models: "Models",
  session: "Sessions",
  messages: "Messages",
  channels: "Channels",
  canvasHost: "Canvas",
  logging: "Logging",
};

/** A draft-07 schema. Our schemas are plain JSON Schema already; the copy drops what only TypeScript sees. */
export function configJsonSchema(): Record<string, unknown> {
  const copy: unknown = JSON.parse(JSON.stringify(ConfigFile));
  return { $schema: DRAFT, ...(isObject(copy) ? copy : {}) };
}

/** Hints by dotted path; `*` stands for any key and `[]` for any item. */
export function configUiHints(schema: Readonly<Record<string, unknown>>): Record<string, UiHint> {
  const hints: Record<string, UiHint> = {};
  for (const [index, [part, label]] of Object.entries(PART_LABELS).entries()) hints[part] = { label, order: index };
  walk(schema, "", hints);
  return hints;
}

function walk(schema: unknown, path: string, hints: Record<string, UiHint>): void {
  if (!isObject(schema)) return;
  if (isObject(schema["properties"])) {
    for (const [key, child] of Object.entries(schema["properties"])) visit(child, path, key, hints);
  }
  if (isObject(schema["patternProperties"])) {
    for (const child of Object.values(schema["patternProperties"])) visit(child, path, "*", hints);
  }
  if (isObject(schema["items"])) walk(schema["items"], `${path}[]`, hints);
  if (Array.isArray(schema["anyOf"])) { for (const option of schema["anyOf"]) walk(option, path, hints); }
}

function visit(child: unknown, parent: string, key: string, hints: Record<string, UiHint>): void {
  const path = parent === "" ? key : `${parent}.${key}`;
  const inSecretMap = key === "*" && holdsSecret(parent.split(".").at(-1) ?? "");
  if (isObject(child) && child["type"] === "string" && (inSecretMap || holdsSecret(key))) {
    hints[path] = { ...hints[path], sensitive: true };
  }
  walk(child, path, hints);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);
