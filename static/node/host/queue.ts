/** One job at a time, a few that wait: two calls cannot both have the camera. */
import { unavailable } from "./failure.ts";

export interface Queue {
  /** Runs `job` when those before it are over. Fails at once when too many wait, and when `signal` ends the waiting. */
  run<T>(signal: AbortSignal, job: () => Promise<T>): Promise<T>;
}

export function createQueue(name: string, cap: number): Queue {
  let waiting = 0;
  let tail: Promise<unknown> = Promise.resolve();
  return {
    run(signal, job) {
      if (waiting >= cap) return Promise.reject(unavailable(`${name} is busy: ${cap} calls wait already`));
      waiting++;
      const before = tail;
      const turn = (async () => {
        try {
          await abortable(before.catch(() => undefined), signal);
        } finally {
          waiting--;
        }
        return await job();
      })();
      // Who comes next waits for those before this job too, also when this one gave up its place.
      tail = Promise.allSettled([before, turn]);
      return turn;
    },
  };
}

/**
 * `promise`, or the signal's reason once it is aborted. `late` gets a value that came after that, such as a camera which
 * must be switched off again.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal, late?: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason);
      if (late) promise.then(late, () => undefined);
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Resolves after `ms`, rejects with the signal's reason when it is aborted before. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await abortable(new Promise<void>((resolve) => timer = setTimeout(resolve, ms)), signal);
  } finally {
    clearTimeout(timer);
  }
}
