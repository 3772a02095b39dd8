/** One Web Worker: made with an explicit permission set, its errors kept away from the process. */
import { permissionOptions, type WorkerPermissions } from "./permissions.ts";

export interface WorkerHostOptions {
  readonly url: URL;
  /** For debuggers and logs. */
  readonly name: string;
  readonly permissions: WorkerPermissions;
  readonly onMessage: (data: unknown) => void;
  /** An error that nobody in the worker caught: it is dead. Called at most once. */
  readonly onError: (message: string) => void;
}

export interface WorkerHost {
  /** Throws when the value cannot be cloned. Posting to a dead worker does nothing. */
  post(message: unknown): void;
  /**
   * Asks the thread to end. In Deno 2.9.6 a thread that never returns to its event loop goes on burning a core; the
   * memory and the core come back only with the process.
   */
  terminate(): void;
  /** Resolves after `terminate()` when the system has everything back that can be had back. */
  readonly gone: Promise<void>;
}

/** Throws when main does not hold a permission that the worker asks for. */
export function startWorker(options: WorkerHostOptions): WorkerHost {
  const { url, name, permissions, onMessage, onError } = options;
  const worker = new Worker(url, { type: "module", name, deno: { permissions: permissionOptions(permissions) } });
  let failed = false;
  const fail = (message: string): void => {
    if (failed) return;
    failed = true;
    onError(message);
  };
  // First of all: an error event that nobody prevents ends the whole process, not the worker alone.
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.message);
  });
  worker.addEventListener("messageerror", () => onMessage(undefined));
  worker.addEventListener("message", (event: MessageEvent) => {
    const data: unknown = event.data;
    onMessage(data);
  });
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
    gone: Promise.resolve(),
  };
}
