/**
 * The configuration as clients may see it: every secret is the marker (methods facts, section 9). The text is written anew
 * from the redacted values: a comment, a key given twice or an escaped string in the file could hold a secret that no
 * look at single values finds.
 */
import { isSecretKey, REDACTED } from "../observe/redact.ts";
import type { Config, Issue } from "./types.ts";

const MAX_DEPTH = 64;
/** Shorter values are not searched for in other texts: they would match by chance. */
const MIN_SEARCHED = 6;
/** Objects whose every value may be a secret, whatever its key. */
const SECRET_MAPS = new Set(["headers", "env", "vars"]);
const MORE_SECRET_KEYS = /(?:tokens|passphrases?|credentials?|accesskeys?|signingkeys?|webhookurl)$/u;
const LIMIT_KEYS =
  /^(?:max|min|input|output|context|total|reserve|budget|keep|target|soft|hard)[a-z]*tokens$|^tokens$/u;
/** The user part of a URL, which can hold a password. */
const URL_USER = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/giu;
/** A query parameter that is named like a secret. */
const URL_SECRET = /([?&][^=&\s]*(?:token|key|secret|password|signature)[^=&\s]*=)[^&\s#]+/giu;
/** Keys of well-known services, wherever they stand. */
const KNOWN_KEY = /\b(?:sk-|xox[abeprs]-|gh[opsu]_|github_pat_|AIza|glpat-)[\w-]{12,}/gu;

export interface ConfigView {
  /** The file's values without secrets; undefined when the file could not be parsed. */
  readonly parsed: unknown;
  /** The same as text; undefined when there is no file or no safe text of it. */
  readonly raw: string | undefined;
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
}

export function configView(config: Pick<Config, "parsed" | "raw" | "issues" | "warnings">): ConfigView {
  const secrets = new Set<string>();
  collect(config.parsed, false, secrets, 0);
  const clean = (text: string): string => hide(text, secrets);
  const parsed = mask(config.parsed, false, clean, 0);
  const notes = (issues: readonly Issue[]) =>
    issues.map(({ path, message }) => ({ path: clean(path), message: clean(message) }));
  return {
    parsed,
    raw: config.raw === undefined || parsed === undefined ? undefined : `${JSON.stringify(parsed, null, 2)}\n`,
    issues: notes(config.issues),
    warnings: notes(config.warnings),
  };
}

/** Whether a value under `key` is, or may be, secret. */
export function holdsSecret(key: string): boolean {
  const name = key.toLowerCase().replaceAll(/[^a-z]/gu, "");
  if (LIMIT_KEYS.test(name)) return false;
  return isSecretKey(key) || MORE_SECRET_KEYS.test(name) || SECRET_MAPS.has(name);
}

/** Everything below a secret key counts as secret: lists of tokens, references given as objects. */
function collect(value: unknown, secret: boolean, secrets: Set<string>, depth: number): void {
  if (depth > MAX_DEPTH) return;
  if (typeof value === "string") {
    if (secret && value.length >= MIN_SEARCHED) secrets.add(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, secret, secrets, depth + 1);
  } else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) collect(item, secret || holdsSecret(key), secrets, depth + 1);
  }
}

function mask(value: unknown, secret: boolean, clean: (text: string) => string, depth: number): unknown {
  if (depth > MAX_DEPTH) return "[too deep]";
  if (typeof value === "string") return secret && value !== "" ? REDACTED : clean(value);
  if (typeof value === "number") return secret ? REDACTED : value;
  if (Array.isArray(value)) return value.map((item) => mask(item, secret, clean, depth + 1));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map((
      [key, item],
    ) => [clean(key), mask(item, secret || holdsSecret(key), clean, depth + 1)]),
  );
}

/** A secret that stands again elsewhere, such as in an error text, is hidden there too. */
function hide(text: string, secrets: ReadonlySet<string>): string {
  let out = text.replaceAll(URL_USER, `$1${REDACTED}@`).replaceAll(URL_SECRET, `$1${REDACTED}`)
    .replaceAll(KNOWN_KEY, REDACTED);
  for (const secret of secrets) out = out.replaceAll(secret, REDACTED);
  return out;
}
