/** Requests of a worker to main (key store, saved state): an id, a deadline and a cap each. */
import type { ChannelCommand, ChannelReport } from "../../schemas/worker/channel.ts";

/** Main answers within milliseconds; longer means that it is gone or in trouble. */
const DEADLINE_MS = 15_000;
const MAX_WAITING = 1024;

/** A message that answers one of ours. */
export type Answer = Extract<ChannelCommand, { type: "store.rows" | "done" | "refused" }>;
type Distribute<T> = T extends { readonly op: string } ? Omit<T, "op"> : never;
type Ask = Distribute<Extract<ChannelReport, { type: "store.get" | "store.set" | "store.clear" | "state.save" }>>;

export interface Asks {
  /** Rejects when main refuses, at the deadline and at the end. */
  ask(request: Ask): Promise<Exclude<Answer, { type: "refused" }>>;
  take(answer: Answer): void;
  /** Ends every open request. */
  close(reason: string): void;
}

/** `post` returns what is wrong with the message, if anything. */
export function createAsks(post: (report: ChannelReport) => string | undefined, deadlineMs = DEADLINE_MS): Asks {
  const waiting = new Map<string, (answer: Answer) => void>();
  let next = 0;
  let closed: string | undefined;

  function ask(request: Ask): Promise<Exclude<Answer, { type: "refused" }>> {
    const what = `Cannot ask for ${request.type}`;
    if (closed !== undefined) return Promise.reject(new Error(`${what}: ${closed}`));
    if (waiting.size >= MAX_WAITING) return Promise.reject(new Error(`${what}: ${MAX_WAITING} requests wait already`));
    const op = `ask:${++next}`;
    const { promise, resolve, reject } = Promise.withResolvers<Exclude<Answer, { type: "refused" }>>();
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      waiting.delete(op);
      if (answer.type === "refused") reject(new Error(`${what}: ${answer.message}`));
      else resolve(answer);
    };
    const timer = setTimeout(
      () => settle({ type: "refused", op, message: `no answer within ${deadlineMs} ms` }),
      deadlineMs,
    );
    waiting.set(op, settle);
    const error = post({ ...request, op });
    if (error !== undefined) settle({ type: "refused", op, message: error });
    return promise;
  }

  return {
    ask,
    take: (answer) => waiting.get(answer.op)?.(answer),
    close(reason) {
      closed = reason;
      for (const [op, settle] of [...waiting]) settle({ type: "refused", op, message: reason });
    },
  };
}
