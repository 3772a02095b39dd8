/** The state directory: made when absent, and open to its owner alone. */

/**
 * Makes the folder with mode 0700, and takes group and others out of an existing one, because databases and identities
 * in it are as good as passwords. Throws a sentence when the folder cannot be used.
 */
export async function prepareStateDir(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    if (Deno.build.os === "windows") return;
    const { mode } = await Deno.stat(path);
    if (mode === null || (mode & 0o077) === 0) return;
    // A sticky folder such as /tmp belongs to everybody: closing it would break the host.
    if ((mode & 0o1000) !== 0) throw new Error("everybody shares that folder; name one inside it");
    await Deno.chmod(path, 0o700);
  } catch (error) {
    throw new Error(`Cannot use the state directory "${path}": ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return 'this process may not write there; start it with the flags that "openclaw permissions --flags" prints';
  }
  return error instanceof Error ? error.message : String(error);
}
