/** Events on their way to main's inbox: at most a window of them unacknowledged, the rest waits its turn. */
import { type ChannelReport, INBOUND_WINDOW } from "../../schemas/worker/channel.ts";
import type { Inbound } from "../../schemas/worker/content.ts";

/** Events of a provider that does not wait for its own promises; more are refused. */
const MAX_WAITING = 4096;

interface Item {
  readonly event: Inbound;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface InboundWindow {
  /** Resolves when main has the event. Rejects when it is not a valid event, when too many wait, and at the end. */
  push(event: Inbound): Promise<void>;
  ack(seq: number): void;
  close(reason: string): void;
}

/** `post` returns what is wrong with the report, if anything; a wrong one takes no room in the window. */
export function createInboundWindow(post: (report: ChannelReport) => string | undefined): InboundWindow {
  const open = new Map<number, Item>();
  let waiting: Item[] = [];
  let seq = 0;
  let closed: string | undefined;

  function pump(): void {
    while (open.size < INBOUND_WINDOW) {
      const item = waiting.shift();
      if (!item) return;
      const error = post({ type: "inbound", seq: seq + 1, inbound: item.event });
      // Main drops what does not match the contract without an acknowledgement: its place would never come free.
      if (error !== undefined) item.reject(new Error(`Cannot hand an event to main: ${error}`));
      else open.set(++seq, item);
    }
  }

  return {
    push(event) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (closed !== undefined) return Promise.reject(new Error(`Cannot hand an event to main: ${closed}`));
      if (waiting.length >= MAX_WAITING) {
        return Promise.reject(new Error(`Cannot hand an event to main: ${MAX_WAITING} events wait already`));
      }
      waiting.push({ event, resolve, reject });
      pump();
      return promise;
    },
    ack(acknowledged) {
      open.get(acknowledged)?.resolve();
      open.delete(acknowledged);
      pump();
    },
    close(reason) {
      closed = reason;
      const items = [...open.values(), ...waiting];
      open.clear();
      waiting = [];
      for (const item of items) {
        item.reject(new Error(`Cannot hand an event to main: ${reason}`));
      }
    },
  };
}
