/** Replaces a file in one step, mode 0600: a crash leaves the old text or the new one, never half of it. */

/** Follows a symbolic link: replacing the link itself would cut it off from its target. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const goal = await target(path);
  const temporary = `${goal}.${crypto.randomUUID()}.tmp`;
  try {
    const file = await Deno.open(temporary, { createNew: true, write: true, mode: 0o600 });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, goal);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

async function target(path: string): Promise<string> {
  try {
    return (await Deno.lstat(path)).isSymlink ? await Deno.realPath(path) : path;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

/** The same without waiting: for a small file that is read, changed and written with nothing in between. */
export function replaceFileSync(path: string, text: string): void {
  const goal = targetSync(path);
  const temporary = `${goal}.${crypto.randomUUID()}.tmp`;
  try {
    const file = Deno.openSync(temporary, { createNew: true, write: true, mode: 0o600 });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      file.syncSync();
    } finally {
      file.close();
    }
    Deno.renameSync(temporary, goal);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was never made, or is in the right place by now.
    }
    throw error;
  }
}

function targetSync(path: string): string {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.realPathSync(path) : path;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}
