/** Waiting with a deadline: tests poll or await, they never sleep and hope. */

/** Polls `probe` until it returns something else than undefined or false; throws with `what` after `deadlineMs`. */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs = 10_000,
): Promise<Exclude<T, undefined | false | null>> {
  const end = performance.now() + deadlineMs;
  while (true) {
    const value = await probe();
    if (value !== undefined && value !== false && value !== null) {
      return value as Exclude<T, undefined | false | null>;
    }
    if (performance.now() > end) throw new Error(`Cannot wait longer for ${what}: ${deadlineMs} ms passed`);
    await pause(15);
  }
}

/** Resolves after `ms`. For pacing, not for synchronisation. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** `promise`, or a rejection with `what` after `deadlineMs`. Leaves no timer behind. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs = 10_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Cannot wait longer for ${what}: ${deadlineMs} ms passed`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
