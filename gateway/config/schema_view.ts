/** The configuration's JSON Schema and the hints that forms are drawn with (methods facts, section 9). */
import type { TObject } from "@sinclair/typebox";
import { ChannelDefaults, ConfigFile } from "../../schemas/config.ts";
import type { UiHint } from "../../schemas/method/config.ts";
import { Type } from "../../schemas/primitives.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { channelSchema } from "./channel_accounts.ts";
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
export function configJsonSchema(manifests: readonly ChannelManifest[] = []): Record<string, unknown> {
  const channels = Object.fromEntries(manifests.map((manifest) => [manifest.id, Type.Optional(channelOf(manifest))]));
  const file = Type.Object({
    ...ConfigFile.properties,
    channels: Type.Optional(Type.Object({ defaults: Type.Optional(ChannelDefaults), ...channels })),
  });
  const copy: unknown = JSON.parse(JSON.stringify(file));
  return { $schema: DRAFT, ...(isObject(copy) ? copy : {}) };
}

/** A channel has the keys of an account, and accounts of its own. */
function channelOf(manifest: ChannelManifest): TObject {
  const account = channelSchema(manifest);
  return Type.Object({
    ...account.properties,
    defaultAccount: Type.Optional(Type.String()),
    accounts: Type.Optional(Type.Record(Type.String(), account)),
  });
}

/** Hints by dotted path; `*` stands for any key and `[]` for any item. */
export function configUiHints(
  schema: Readonly<Record<string, unknown>>,
  manifests: readonly ChannelManifest[] = [],
): Record<string, UiHint> {
  const hints: Record<string, UiHint> = Object.fromEntries(manifests.flatMap(channelHints));
  for (const [index, [part, label]] of Object.entries(PART_LABELS).entries()) hints[part] = { label, order: index };
  walk(schema, "", hints);
  return hints;
}

/** What the provider says of its own keys, for the channel and for each of its accounts. */
const channelHints = ({ id, label, setup, secrets }: ChannelManifest): [string, UiHint][] => [
  [`channels.${id}`, { label }],
  ...[`channels.${id}`, `channels.${id}.accounts.*`].flatMap((path) => [
    ...secrets.map((key): [string, UiHint] => [`${path}.${key}`, { sensitive: true }]),
    ...setup.map(({ key, label, help, secret }): [string, UiHint] => [
      `${path}.${key}`,
      { label, help, ...(secret ? { sensitive: true } : {}) },
    ]),
  ]),
];

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
