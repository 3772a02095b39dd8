/** Main's end of a port to one worker: requests with deadlines, one-way messages, every incoming one checked. */
import type { Checker } from "../../schemas/validate.ts";
import { unavailable } from "../../schemas/error.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";

/** Requests that wait at once; more are refused, so that a silent worker cannot fill main's memory. */
const MAX_PENDING = 1024;

export interface PortOptions<In, Out> {
  /** Which incarnation of the worker this port belongs to. A port serves one and drops what comes after its end. */
  readonly generation: number;
  readonly check: Checker<In>;
  readonly post: (message: Out) => void;
  /** The id of the request that a message answers; undefined when it answers none. */
  readonly replyTo: (message: In) => string | undefined;
  /** Every message that answers no request, in the order of arrival. */
  readonly handle: (message: In) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxPending?: number;
}

export interface Port<In, Out> {
  readonly generation: number;
  /** One way. Does nothing once the port is closed. */
  send(message: Out): void;
  /**
   * Sends and waits for the message that `replyTo` maps to `id`. Rejects with UNAVAILABLE at the deadline, when the
   * port closes, or when too many requests wait already. `id` must not be in use.
   */
  request(id: string, message: Out, deadlineMs: number): Promise<In>;
  /** Takes what the host received; never throws. */
  receive(data: unknown): void;
  /** Ends every waiting request with `reason` and drops whatever still comes. */
  close(reason: string): void;
  stats(): PortStats;
}

export interface PortStats {
  readonly pending: number;
  /** Messages that did not match the contract. */
  readonly malformed: number;
  /** Messages that came after the end. */
  readonly late: number;
}

interface Pending<In> {
  readonly resolve: (message: In) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: () => void;
}

export function createPort<In, Out>(options: PortOptions<In, Out>): Port<In, Out> {
  const { generation, check, post, replyTo, handle, clock, log, maxPending = MAX_PENDING } = options;
  const pending = new Map<string, Pending<In>>();
  let closed: string | undefined;
  let malformed = 0;
  let late = 0;

  function settle(id: string): Pending<In> | undefined {
    const waiting = pending.get(id);
    if (waiting) {
      pending.delete(id);
      waiting.cancel();
    }
    return waiting;
  }

  function dispatch(message: In): void {
    const id = replyTo(message);
    if (id === undefined) return handle(message);
    settle(id)?.resolve(message);
  }

  function refuse(error: string): void {
    malformed++;
    // Powers of two: a worker that sends nothing but rubbish must not fill the log.
    if ((malformed & (malformed - 1)) === 0) log.warn("port.malformed", { generation, count: malformed, error });
  }

  return {
    generation,
    send(message) {
      if (closed === undefined) post(message);
    },
    request(id, message, deadlineMs) {
      if (closed !== undefined) return Promise.reject(unavailable(closed));
      if (pending.size >= maxPending) return Promise.reject(unavailable("Too many requests wait for this worker"));
      if (pending.has(id)) return Promise.reject(unavailable(`Cannot send request "${id}": its id is in use`));
      const { promise, resolve, reject } = Promise.withResolvers<In>();
      const cancel = clock.after(deadlineMs, () => {
        pending.delete(id);
        reject(unavailable(`The worker gave no answer within ${deadlineMs} ms`));
      });
      pending.set(id, { resolve, reject, cancel });
      try {
        post(message);
      } catch (error) {
        // It cannot be cloned or framed: it has not left, and no answer will come.
        settle(id)?.reject(error instanceof Error ? error : new Error(String(error)));
      }
      return promise;
    },
    receive(data) {
      if (closed !== undefined) return void late++;
      const checked = check(data);
      if (!checked.ok) return refuse(checked.error);
      try {
        dispatch(checked.value);
      } catch (error) {
        log.error("port.handler_failed", { generation, error });
      }
    },
    close(reason) {
      if (closed !== undefined) return;
      closed = reason;
      for (const id of [...pending.keys()]) settle(id)?.reject(unavailable(reason));
    },
    stats: () => ({ pending: pending.size, malformed, late }),
  };
}
