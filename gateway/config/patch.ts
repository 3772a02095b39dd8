/** What `config.patch` may say: a JSON5 merge patch, secrets shown as markers put back, keys of the host left alone. */
import { isDeepStrictEqual } from "node:util";
import { invalid } from "../../schemas/error.ts";
import { REDACTED } from "../observe/redact.ts";
import { isMap, type Json, type JsonMap } from "./edit.ts";
import type { Config } from "./types.ts";
import { configView } from "./view.ts";

const MAX_DEPTH = 32;
/** Keys that would reach behind the object. */
const HARMFUL = new Set(["__proto__", "constructor", "prototype"]);
/** A program that the host runs: who may change it, may run anything. Only the file on the host itself names one. */
const HOST_KEY = "cliPath";

/** Throws INVALID_REQUEST with the protocol's texts (methods facts, section 9). */
export async function parsePatch(raw: string, method: string): Promise<JsonMap> {
  const { default: json5 } = await import("json5");
  let parsed: unknown;
  try {
    parsed = json5.parse(raw);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  if (!isMap(parsed)) throw invalid(`${method} raw must be an object`);
  checkShape(parsed, "", 0);
  return parsed;
}

function checkShape(value: unknown, path: string, depth: number): void {
  if (depth > MAX_DEPTH) throw invalid(`Cannot use "${path}": it is nested too deep`);
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw invalid(`Cannot use "${path}": the number is not finite`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (HARMFUL.has(key)) throw invalid(`Cannot use "${join(path, key)}": the key is not allowed`);
    checkShape(item, join(path, key), depth + 1);
  }
}

/**
 * The patch with every marker replaced by the value that stands at its place in the file. Throws INVALID_REQUEST for a
 * marker that stands for nothing, and for a changed key of the host.
 */
export function restorePatch(
  patch: JsonMap,
  file: Pick<Config, "parsed" | "raw" | "issues" | "warnings" | "path">,
): JsonMap {
  const restored = restore(patch, file.parsed, configView(file).parsed, "");
  if (!isMap(restored)) throw invalid("Cannot use the patch: it must be an object");
  refuseHostKeys(restored, file.parsed, "", file.path);
  return restored;
}

/** `shown` is what `config.get` made of `stored`. */
function restore(value: Json, stored: unknown, shown: unknown, path: string): Json {
  if (typeof value === "string" && value.includes(REDACTED)) {
    if (stored !== undefined && value === shown && isJson(stored)) return stored;
    throw invalid(`Cannot restore "${path}": the marker ${REDACTED} stands for no stored value there`);
  }
  if (Array.isArray(value)) {
    return value.map((item: Json, index) => {
      const from = placeOf(item, index, shown);
      return restore(item, member(stored, from), member(shown, from), `${path}[${index}]`);
    });
  }
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      restore(item, member(stored, key), member(shown, key), join(path, key)),
    ]),
  );
}

/** Items that have an id are found by it, wherever they moved; others by their place. */
function placeOf(item: Json, index: number, shown: unknown): string {
  const id = isMap(item) ? item["id"] : undefined;
  const found = id === undefined || !Array.isArray(shown)
    ? -1
    : shown.findIndex((other: unknown) => isMap(other) && other["id"] === id);
  return String(found === -1 ? index : found);
}

/** At any depth below `channels`: an account's name may hold dots, so a path says too little. */
function refuseHostKeys(patch: Json, stored: unknown, path: string, file: string): void {
  if (!isMap(patch)) return;
  for (const [key, item] of Object.entries(patch)) {
    const [at, before] = [join(path, key), member(stored, key)];
    if (key === HOST_KEY && path.startsWith("channels.") && !isDeepStrictEqual(item, before)) {
      throw invalid(
        `Cannot set "${at}" over the protocol: it names a program that this host runs; set it in "${file}" on the host`,
      );
    }
    refuseHostKeys(item, before, at, file);
  }
}

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
const join = (path: string, key: string): string => path === "" ? key : `${path}.${key}`;
const isJson = (value: unknown): value is Json => value !== undefined;
