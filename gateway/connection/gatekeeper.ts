/**
 * The only code that sees an unauthenticated socket. It holds no method table: a socket reaches the dispatcher as a
 * `Connection`, which is made here after the handshake accepted it, and in no other way.
 */
import type { RawData, WebSocket } from "ws";
import { CLOSE, closeReason } from "../../schemas/close_code.ts";
import { type ErrorShape, invalid } from "../../schemas/error.ts";
import { LIMITS, RequestFrame } from "../../schemas/frame.ts";
import { checker } from "../../schemas/validate.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import { Connection } from "./connection.ts";
import type { Handshake, HandshakeOutcome } from "./handshake.ts";
import { raiseReceiverLimit } from "./receiver_limit.ts";

const checkFrame = checker(RequestFrame, { first: true });

type Accepted = Extract<HandshakeOutcome, { kind: "accepted" }>;

export interface GatekeeperDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly maxPayload: number;
  readonly maxBufferedBytes: number;
  readonly handshakeTimeoutMs: number;
  /** Sends hello-ok and joins the hub, without an await between the two: an event in between would be lost. */
  readonly welcome: (connection: Connection, requestId: string, accepted: Accepted) => void;
  /** Called once when an accepted connection's socket has closed. */
  readonly gone: (connection: Connection) => void;
  /** Takes the frames of an accepted connection. */
  readonly frame: (connection: Connection, text: string) => void;
}

/** Guards one socket until it is accepted or closed. `released` is called once, when it no longer counts as waiting. */
export class Gatekeeper {
  #frames: string[] = [];
  #deciding = false;
  #over = false;
  #connection: Connection | undefined;
  #released = false;
  /** Dropped once it has decided, so that an idle client does not keep it in memory. */
  #handshake: Handshake | undefined;
  readonly #cancelTimer: () => void;

  constructor(
    private readonly deps: GatekeeperDeps,
    private readonly socket: WebSocket,
    handshake: Handshake,
    private readonly released: () => void,
  ) {
    this.#handshake = handshake;
    this.#cancelTimer = deps.clock.after(deps.handshakeTimeoutMs, () => this.#end(CLOSE.handshakeEnded.code, ""));
    socket.on("message", (data) => this.#receive(data));
    socket.on("close", () => {
      this.#release();
      if (this.#connection) deps.gone(this.#connection);
    });
    const { nonce, ts } = handshake.challenge;
    this.#send({ type: "event", event: "connect.challenge", payload: { nonce, ts } });
  }

  #receive(data: RawData): void {
    const text = textOf(data);
    if (this.#connection) return this.deps.frame(this.#connection, text);
    if (this.#over) return;
    if (!this.#deciding) return this.#first(text);
    this.#frames.push(text);
    if (this.#frames.length >= LIMITS.preHandshakeFrames) {
      this.#end(CLOSE.tooManyFrames.code, CLOSE.tooManyFrames.reason);
    }
  }

  #first(text: string): void {
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.#end(CLOSE.handshakeEnded.code, "");
    }
    if (!checkFrame.is(frame)) return this.#end(CLOSE.invalidFrame.code, CLOSE.invalidFrame.reason);
    if (frame.method !== "connect") {
      return this.#refuse(frame.id, invalid("invalid handshake: first request must be connect").shape());
    }
    const handshake = this.#handshake;
    if (!handshake) return;
    this.#deciding = true;
    this.#handshake = undefined;
    const { id, params } = frame;
    handshake.connect(params).then((outcome) => this.#decide(id, outcome)).catch((error: unknown) => {
      this.deps.log.error("handshake.failed", { error });
      this.#refuse(id, { code: "UNAVAILABLE", message: "Cannot finish the handshake: see the gateway's log" });
    });
  }

  #decide(id: string, outcome: HandshakeOutcome): void {
    if (this.#over) return;
    if (outcome.kind === "accepted") return this.#accept(id, outcome);
    const refuse = () => this.#refuse(id, outcome.error, outcome.close);
    if (outcome.delayMs > 0) this.deps.clock.after(outcome.delayMs, refuse);
    else refuse();
  }

  #accept(id: string, accepted: Accepted): void {
    this.#release();
    raiseReceiverLimit(this.socket, this.deps.maxPayload);
    const connection = new Connection(accepted.identity, this.socket, this.deps.maxBufferedBytes);
    this.#connection = connection;
    this.deps.welcome(connection, id, accepted);
    for (const text of this.#frames.splice(0)) this.deps.frame(connection, text);
  }

  #refuse(id: string, error: ErrorShape, close?: { code: number; reason: string }): void {
    if (this.#over) return;
    this.#send({ type: "res", id, ok: false, error });
    this.#end(close?.code ?? CLOSE.refused.code, close?.reason ?? closeReason(error.message));
  }

  #send(frame: unknown): void {
    if (this.socket.readyState === 1) this.socket.send(JSON.stringify(frame));
  }

  /** Closes, and destroys soon after: a stranger cannot hold the socket by not answering the close. */
  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#frames = [];
    this.socket.close(code, reason);
    const cancel = this.deps.clock.after(1_000, () => this.socket.terminate());
    this.socket.once("close", cancel);
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#cancelTimer();
    this.#over ||= this.socket.readyState !== 1;
    this.released();
  }
}

/** The text of a message; a binary frame counts as UTF-8 text (handshake facts, section 1). */
function textOf(data: RawData): string {
  if (Array.isArray(data)) return data.map((part) => part.toString("utf8")).join("");
  return data instanceof ArrayBuffer ? new TextDecoder().decode(data) : data.toString("utf8");
}
