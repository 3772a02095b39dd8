/** Small private files: read if there, written whole or not at all, readable by their owner only. */
import { dirname } from "node:path";
import { CliError } from "./exit.ts";

/** The text of a file; undefined when there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw fileError("read", path, error);
  }
}

/** Replaces a file in one step, mode 0600 in a folder of mode 0700: a reader sees the old text or the new one. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await withTemporary(path, text, (temporary) => Deno.rename(temporary, path));
}

/**
 * Creates a file in one step. False when it exists already: two first starts at the same moment must end up with the
 * same identity, so the second one takes what the first one wrote.
 */
export async function createPrivate(path: string, text: string): Promise<boolean> {
  try {
    await withTemporary(path, text, async (temporary) => {
      await Deno.link(temporary, path);
      await Deno.remove(temporary);
    });
    return true;
  } catch (error) {
    if (error instanceof CliError && error.cause instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function withTemporary(path: string, text: string, place: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: 0o600 });
    await place(temporary);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw fileError("write", path, error);
  }
}

function fileError(action: "read" | "write", path: string, cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
  const hints = cause instanceof Deno.errors.NotCapable
    ? [`This process was started without the right to ${action} ${path}`]
    : [];
  const error = new CliError("usage", `Cannot ${action} "${path}": ${reason}`, hints);
  error.cause = cause;
  return error;
}
