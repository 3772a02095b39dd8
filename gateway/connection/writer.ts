/**
 * Sends frames to one socket and decides what happens when its peer is slow. Droppable events are skipped; anything
 * else past the limit ends the connection, because a client that misses an ordered event shows a wrong state.
 */
import type { WebSocket } from "ws";
import { CLOSE } from "../../schemas/close_code.ts";

/** After this time a closing socket is destroyed; without it a peer that does not read keeps its buffer for ever. */
const CLOSE_GRACE_MS = 1_000;

const OPEN = 1;
const noMask = { binary: false, compress: false } as const;

export class Writer {
  #seq = 0;
  #closed = false;
  /** `maxBufferedBytes`: bytes that may wait in the socket before the peer counts as slow. */
  constructor(private readonly socket: WebSocket, private readonly maxBufferedBytes: number) {}

  get buffered(): number {
    return this.socket.bufferedAmount;
  }

  get open(): boolean {
    return !this.#closed && this.socket.readyState === OPEN;
  }

  /** The number for the next numbered event. Raised only for frames that are really sent: a gap means a loss. */
  nextSeq(): number {
    return ++this.#seq;
  }

  /** Whether an event may go out now. A slow peer loses a droppable event, and the connection for any other. */
  admits(droppable: boolean): boolean {
    if (!this.open) return false;
    if (this.buffered <= this.maxBufferedBytes) return true;
    if (!droppable) this.cutSlow();
    return false;
  }

  send(frame: string | Uint8Array): void {
    if (this.open) this.socket.send(frame, noMask);
  }

  /** A response; not droppable, so a peer that asks without reading the answers is cut as well. */
  sendResponse(frame: string): void {
    if (this.admits(false)) this.socket.send(frame, noMask);
  }

  cutSlow(): void {
    this.close(CLOSE.slowConsumer.code, CLOSE.slowConsumer.reason);
  }

  /** Closes in order, then destroys the socket, which gives its buffer back. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.socket.close(code, reason);
    const timer = setTimeout(() => this.socket.terminate(), CLOSE_GRACE_MS);
    this.socket.once("close", () => clearTimeout(timer));
  }
}
