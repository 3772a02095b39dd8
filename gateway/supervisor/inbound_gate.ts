/**
 * Events of one worker on their way into the inbox: in order, at a bearable pace, acknowledged after the commit. The
 * worker sends no more than a window of unacknowledged ones, so a pause here slows the worker down, not the gateway.
 */
import { INBOUND_WINDOW } from "../../schemas/worker/channel.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { createMeter } from "./meter.ts";

/** Far above what people write; a flood on one account leaves the others their share of main's time. */
const BURST = 100;
const PER_SECOND = 100;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;

export interface InboundGateOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Commits; throws when the event was not taken. */
  readonly commit: (event: Inbound) => void;
  readonly ack: (seq: number) => void;
}

export interface InboundGate {
  /** False: the worker sent more than its window, and the event was not taken. */
  push(seq: number, event: Inbound): boolean;
  /** Events that wait. */
  waiting(): number;
  stop(): void;
}

export function createInboundGate({ clock, log, commit, ack }: InboundGateOptions): InboundGate {
  const meter = createMeter(clock, BURST, PER_SECOND);
  let queue: { readonly seq: number; readonly event: Inbound }[] = [];
  let cancel: (() => void) | undefined;
  let retryMs = RETRY_FIRST_MS;

  const later = (ms: number): void => {
    cancel = clock.after(ms, () => {
      cancel = undefined;
      pump();
    });
  };

  function pump(): void {
    while (!cancel) {
      const first = queue[0];
      if (!first) return;
      if (!meter.take()) return later(meter.waitMs());
      try {
        commit(first.event);
      } catch (error) {
        log.error("inbound.not_committed", { error, retryMs });
        later(retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MOST_MS);
        return;
      }
      retryMs = RETRY_FIRST_MS;
      queue.shift();
      ack(first.seq);
    }
  }

  return {
    push(seq, event) {
      if (queue.length >= INBOUND_WINDOW) return false;
      queue.push({ seq, event });
      pump();
      return true;
    },
    waiting: () => queue.length,
    stop() {
      cancel?.();
      cancel = () => {};
      queue = [];
    },
  };
}
