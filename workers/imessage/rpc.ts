/**
 * JSON-RPC 2.0 over lines. Answers come over the same lines as everything else and in any order: whoever reads the lines
 * must never wait for an answer.
 */
import { checker } from "../../schemas/validate.ts";
import { ImsgRefusal, ImsgTrouble } from "./errors.ts";
import { Answer, Notification } from "./wire.ts";

const checkAnswer = checker(Answer);
const checkNotification = checker(Notification);
/** Calls without an answer at once. */
const MAX_OPEN = 256;

export interface Rpc {
  /** Rejects with ImsgRefusal or ImsgTrouble; also when the signal is aborted. */
  call(method: string, params: Record<string, unknown>, deadlineMs: number, signal?: AbortSignal): Promise<unknown>;
  /** One line of the program. Never throws. */
  take(line: string): void;
  /** Rejects every open call. */
  close(reason: string): void;
}

export interface RpcDeps {
  write(line: string): boolean;
  notification(method: string, params: unknown): void;
  /** A line that is no JSON-RPC: errors of the program are printed there. */
  noise(line: string): void;
}

interface Open {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function createRpc({ write, notification, noise }: RpcDeps): Rpc {
  const open = new Map<number, Open>();
  let last = 0;
  let closed: string | undefined;

  return {
    async call(method, params, deadlineMs, signal) {
      if (closed !== undefined) throw new ImsgTrouble("gone", closed, false);
      if (open.size >= MAX_OPEN) throw new ImsgTrouble("busy", `${MAX_OPEN} calls wait for imsg already`, false);
      const id = ++last;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      if (signal?.aborted) throw new ImsgTrouble("stopped", "the account stops", false);
      if (!write(JSON.stringify({ jsonrpc: "2.0", id, method, params }))) {
        throw new ImsgTrouble("gone", "imsg does not read what it is sent", false);
      }
      open.set(id, { resolve, reject });
      const late = () => reject(new ImsgTrouble("timeout", `imsg gave no answer to ${method} in time`, true));
      const timer = setTimeout(late, deadlineMs);
      const onAbort = () => reject(new ImsgTrouble("stopped", "the call was given up", true));
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        open.delete(id);
      }
    },
    take(line) {
      const message = parse(line);
      const asked = checkNotification(message);
      if (asked.ok && !hasId(message)) return notification(asked.value.method, asked.value.params);
      const answer = checkAnswer(message);
      if (!answer.ok) return noise(line);
      // An answer to a call that was given up meanwhile is nobody's.
      const waiting = open.get(Number(answer.value.id));
      const { error, result } = answer.value;
      if (error) waiting?.reject(new ImsgRefusal(error.code, textOf(error)));
      else waiting?.resolve(result);
    },
    close(reason) {
      closed ??= reason;
      for (const { reject } of open.values()) reject(new ImsgTrouble("gone", reason, true));
    },
  };
}

function parse(line: string): unknown {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const hasId = (message: unknown): boolean =>
  typeof message === "object" && message !== null && "id" in message && message.id !== null;

const textOf = ({ message, data }: { readonly message?: string; readonly data?: unknown }): string =>
  [message ?? "no reason", typeof data === "string" ? data : ""].filter((part) => part !== "").join(": ");
