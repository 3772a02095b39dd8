/** Puts what a node sent as base64 into a file. */
import { dirname, join } from "node:path";
import type { CliContext } from "./context.ts";
import { CliError } from "./exit.ts";
import { count } from "./format.ts";

/** Writes `base64` to `wanted`, else to a new file in `<state>/nodes`; returns where and how much. */
export async function saveBase64(
  context: CliContext,
  stateDir: string,
  wanted: string | undefined,
  file: { readonly base64: string; readonly name: string },
): Promise<{ readonly path: string; readonly bytes: number }> {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(file.base64);
  } catch {
    throw new CliError("failed", "Cannot save what the node sent: it is no base64");
  }
  const stamp = new Date(context.clock.now()).toISOString().replaceAll(/[:.]/gu, "-");
  const path = wanted ?? join(stateDir, "nodes", `${stamp}-${file.name}`);
  try {
    if (wanted === undefined) await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await Deno.writeFile(path, bytes, { mode: 0o600 });
  } catch (error) {
    throw notWritten(error, path, stateDir);
  }
  return { path, bytes: bytes.length };
}

function notWritten(error: unknown, path: string, stateDir: string): CliError {
  if (error instanceof Deno.errors.NotCapable) {
    return new CliError("permission", `Cannot write "${path}": this process was started without the right to`, [
      `Leave --output out: the file then goes to ${join(stateDir, "nodes")}`,
    ]);
  }
  const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
  return new CliError("usage", `Cannot write "${path}": ${reason}`);
}

/** A picture's or film's file ending, from its format; never anything else, since a node chose the word. */
export const endingOf = (format: string): string =>
  /^(?:png|jpg|jpeg|webp|gif|mp4|webm|mov)$/u.test(format.toLowerCase()) ? format.toLowerCase() : "bin";

/** `1 byte`, `512 KB`, `1.5 MB`. */
export const size = (bytes: number): string =>
  bytes < 1024
    ? count(bytes, "byte")
    : bytes < 1024 * 1024
    ? `${Math.round(bytes / 1024)} KB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
