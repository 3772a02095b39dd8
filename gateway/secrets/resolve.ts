/** Turns a secret of the configuration into its value: the text itself, `${NAME}` inside it, or `file:<absolute path>`. */
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { Env } from "../observe/home.ts";
import { Secret } from "./secret.ts";

export type Resolved =
  | { readonly ok: true; readonly secret: Secret; readonly warning?: string }
  | { readonly ok: false; readonly error: string };

/** A key longer than this is a mistake, such as a path to a log file. */
const MAX_SECRET_BYTES = 64 * 1024;
const REFERENCE = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/gu;

/**
 * Resolves one value. Never throws: the error is a sentence that names the variable or file, never the secret.
 * `$${NAME}` is the way to write the text `${NAME}`.
 */
export function resolveSecret(input: string, env: Env): Resolved {
  const path = secretFile(input);
  if (path !== undefined) return fromFile(path);
  const missing: string[] = [];
  const value = input.replaceAll(REFERENCE, (found, name: string) => {
    if (found.startsWith("$$")) return found.slice(1);
    const value = env.get(name);
    if (value === undefined) missing.push(name);
    return value ?? "";
  });
  if (missing.length > 0) {
    return { ok: false, error: `Cannot resolve \${${missing[0]}}: the environment variable is not set` };
  }
  return value === ""
    ? { ok: false, error: "Cannot use the secret: it is empty" }
    : { ok: true, secret: new Secret(value) };
}

/** The path of a `file:` reference as written; undefined when `input` is not one. */
export function secretFile(input: string): string | undefined {
  if (!input.startsWith("file:")) return undefined;
  if (!input.startsWith("file://")) return input.slice("file:".length);
  try {
    return fileURLToPath(input);
  } catch {
    return input.slice("file://".length);
  }
}

function fromFile(path: string): Resolved {
  const failed = (reason: string): Resolved => ({
    ok: false,
    error: `Cannot read the secret file "${path}": ${reason}`,
  });
  if (!isAbsolute(path)) return failed("the path is relative; give an absolute one");
  try {
    const { size, mode } = Deno.statSync(path);
    if (size > MAX_SECRET_BYTES) return failed(`it holds ${size} bytes, which is no secret`);
    const value = Deno.readTextFileSync(path).trim();
    if (value === "") return failed("it is empty");
    const open = mode !== null && Deno.build.os !== "windows" && (mode & 0o077) !== 0;
    return {
      ok: true,
      secret: new Secret(value),
      ...(open ? { warning: `Others on this host can read "${path}": run chmod 600 on it` } : {}),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return failed("there is no such file");
    if (error instanceof Deno.errors.NotCapable) return failed("this process may not read it; restart the gateway");
    return failed(error instanceof Error ? error.message : String(error));
  }
}
