/** Reads the configuration file and checks each part of it by itself, so that one bad part does not take others down. */
import {
  CONFIG_PARTS,
  type ConfigFile,
  type ConfigPart,
  KNOWN_UNUSED_PARTS,
  ModelProvider,
} from "../../schemas/config.ts";
import { checker } from "../../schemas/validate.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { Issue } from "./types.ts";
import { unknownKeys, unknownKeyText } from "./unknown_keys.ts";

export interface ReadConfig {
  readonly exists: boolean;
  readonly raw: string | undefined;
  readonly parsed: unknown;
  /** False: the file is there and cannot be understood at all. */
  readonly readable: boolean;
  /** The parts that match their schema. */
  readonly parts: ConfigFile;
  readonly broken: ReadonlySet<ConfigPart>;
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
}

const MAX_BYTES = 4 * 1024 * 1024;
const PARTS: readonly string[] = Object.keys(CONFIG_PARTS);
const isPart = (key: string): key is ConfigPart => PARTS.includes(key);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Never throws: what is wrong with the file stands in `issues`. */
export async function readConfigFile(path: string): Promise<ReadConfig> {
  let raw: string;
  try {
    const { size, mode } = await Deno.stat(path);
    if (size > MAX_BYTES) return unreadable(undefined, `it holds ${size} bytes, the limit is ${MAX_BYTES}`);
    raw = await Deno.readTextFile(path);
    return await parseConfig(raw, othersMayRead(mode, path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return await parseConfig(undefined, []);
    return unreadable(undefined, error instanceof Error ? error.message : String(error));
  }
}

/** `raw`: the text of the file, undefined when there is none. */
export async function parseConfig(raw: string | undefined, warnings: readonly Issue[]): Promise<ReadConfig> {
  let parsed: unknown = {};
  try {
    if (raw !== undefined && raw.trim() !== "") parsed = await parseText(raw);
  } catch (error) {
    return unreadable(raw, error instanceof Error ? error.message : String(error));
  }
  if (!isObject(parsed)) return unreadable(raw, "the file must hold one object in braces");
  return { exists: raw !== undefined, raw, parsed, readable: true, ...checkParts(parsed, warnings) };
}

/** JSON first: it is what most files hold, and loading the JSON5 parser costs 20 ms. */
async function parseText(raw: string): Promise<unknown> {
  try {
    return JSON.parse(raw);
  } catch {
    const { default: json5 } = await import("json5");
    return json5.parse(raw);
  }
}

/** The parts as their schemas describe them. */
type Parts = { -readonly [K in ConfigPart]?: Static<(typeof CONFIG_PARTS)[K]> };

function checkParts(parsed: Record<string, unknown>, before: readonly Issue[]) {
  const issues: Issue[] = [];
  const warnings: Issue[] = [...before];
  const broken = new Set<ConfigPart>();
  const parts: Parts = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (isPart(key)) {
      warnings.push(...unknownKeys(CONFIG_PARTS[key], value, key));
      const error = checkPart(parts, key, key === "models" ? withoutBadProviders(value, issues) : value);
      if (error === undefined) continue;
      broken.add(key);
      issues.push({ path: key, message: `Cannot use "${key}", its defaults apply: ${dotted(error)}` });
    } else if (!KNOWN_UNUSED_PARTS.some((name) => name === key)) {
      warnings.push({ path: key, message: unknownKeyText(key, [...PARTS, ...KNOWN_UNUSED_PARTS]) });
    }
  }
  return { parts, broken, issues, warnings };
}

/** Puts the part into `parts`, or returns what is wrong with it. */
function checkPart<K extends ConfigPart>(parts: Parts, key: K, value: unknown): string | undefined {
  const checked = checker(CONFIG_PARTS[key])(value);
  if (!checked.ok) return checked.error;
  Object.assign(parts, { [key]: checked.value });
  return undefined;
}

/** A provider that does not match is left out, the others stay. */
function withoutBadProviders(models: unknown, issues: Issue[]): unknown {
  if (!isObject(models) || !isObject(models["providers"])) return models;
  const check = checker(ModelProvider);
  const good: [string, unknown][] = [];
  for (const [id, provider] of Object.entries(models["providers"])) {
    const checked = check(provider);
    if (checked.ok) good.push([id, provider]);
    else {
      issues.push({
        path: `models.providers.${id}`,
        message: `Cannot use the model provider "${id}": ${dotted(checked.error)}`,
      });
    }
  }
  return { ...models, providers: Object.fromEntries(good) };
}

/** `at /auth/mode: …` as `auth.mode: …`. */
export const dotted = (text: string): string =>
  text.replaceAll(
    /at (root|(?:\/[^:;]*)):/gu,
    (_, pointer: string) => pointer === "root" ? "the value" : `${pointer.slice(1).replaceAll("/", ".")}`,
  ).replaceAll(/ {2,}/gu, " ");

function unreadable(raw: string | undefined, reason: string): ReadConfig {
  return {
    exists: true,
    raw,
    parsed: undefined,
    readable: false,
    parts: {},
    broken: new Set(Object.keys(CONFIG_PARTS).filter(isPart)),
    issues: [{ path: "", message: `Cannot read the configuration, all defaults apply: ${reason}` }],
    warnings: [],
  };
}

function othersMayRead(mode: number | null, path: string): Issue[] {
  if (mode === null || Deno.build.os === "windows" || (mode & 0o077) === 0) return [];
  return [{ path: "", message: `Other users of this host can read "${path}": run chmod 600 on it` }];
}
