/** One authenticated client: its identity, its writer, its topics. Frames go to the dispatcher. */
import type { WebSocket } from "ws";
import type { ErrorShape } from "../../schemas/error.ts";
import { RequestFrame } from "../../schemas/frame.ts";
import { isTooDeep, MAX_LEVELS } from "../../schemas/json_depth.ts";
import { checker } from "../../schemas/validate.ts";
import { RawJson } from "../raw_json.ts";
import type { Broadcast } from "./broadcast.ts";
import type { Client, ClientIdentity } from "./client.ts";
import { Writer } from "./writer.ts";

const checkFrame = checker(RequestFrame, { first: true });

const TOO_DEEP = `nested deeper than ${MAX_LEVELS} levels`;

/** Where the frames of a connection go. */
export interface FrameHandler {
  request(connection: Connection, frame: RequestFrame): void;
}

export class Connection implements Client {
  readonly connId;
  readonly protocol;
  readonly grant;
  readonly method;
  readonly info;
  readonly caps;
  readonly deviceId;
  readonly remoteIp;
  readonly local;
  readonly host;
  readonly secure;
  readonly connectedAtMs;
  readonly node;
  readonly principal: string;
  readonly topics = new Set<string>();
  readonly writer: Writer;
  /** Calls that have not been answered; dispatch refuses more than its cap. */
  inFlight = 0;
  /** Calls that this role may not make; dispatch closes after ten. */
  refusals = 0;

  constructor(identity: ClientIdentity, socket: WebSocket, maxBufferedBytes: number) {
    this.connId = identity.connId;
    this.protocol = identity.protocol;
    this.grant = identity.grant;
    this.method = identity.method;
    this.info = identity.info;
    this.caps = identity.caps;
    this.deviceId = identity.deviceId;
    this.remoteIp = identity.remoteIp;
    this.local = identity.local;
    this.host = identity.host;
    this.secure = identity.secure;
    this.connectedAtMs = identity.connectedAtMs;
    this.node = identity.node;
    this.principal = identity.deviceId ?? `client:${identity.info.id}:${identity.info.instanceId ?? ""}`;
    this.writer = new Writer(socket, maxBufferedBytes);
  }

  /**
   * Takes one frame. After hello-ok nothing a client sends ends the connection: what is not JSON is ignored, JSON that is
   * no request is answered with its id or `invalid` (handshake facts, section 11). Returns false for what was ignored.
   */
  receive(text: string, handler: FrameHandler): boolean {
    // What a client sent before it was cut is still in the pipe; answering it would be work for nobody.
    if (!this.writer.open) return false;
    if (isTooDeep(text)) {
      this.fail("invalid", { code: "INVALID_REQUEST", message: `invalid request frame: ${TOO_DEEP}` });
      return true;
    }
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return false;
    }
    if (checkFrame.is(frame)) {
      handler.request(this, frame);
      return true;
    }
    const checked = checkFrame(frame);
    this.fail(frameId(frame), {
      code: "INVALID_REQUEST",
      message: `invalid request frame: ${checked.ok ? "unknown" : checked.error}`,
    });
    return true;
  }

  respond(id: string, payload: unknown): void {
    const body = payload instanceof RawJson ? payload.json : JSON.stringify(payload);
    const tail = body === undefined ? "}" : `,"payload":${body}}`;
    this.writer.sendResponse(`{"type":"res","id":${JSON.stringify(id)},"ok":true${tail}`);
  }

  /** An error answer; `payload` beside it only where the protocol has it. */
  fail(id: string, error: ErrorShape, payload?: unknown): void {
    this.writer.sendResponse(
      JSON.stringify({ type: "res", id, ok: false, ...(payload === undefined ? {} : { payload }), error }),
    );
  }

  deliver(broadcast: Broadcast): void {
    if (!this.writer.admits(broadcast.droppable)) return;
    const frame = broadcast.frame(this.protocol, () => this.writer.nextSeq());
    if (frame) this.writer.send(frame);
  }

  close(code: number, reason: string): void {
    this.writer.close(code, reason);
  }
}

function frameId(frame: unknown): string {
  if (frame === null || typeof frame !== "object" || !("id" in frame)) return "invalid";
  return typeof frame.id === "string" && frame.id !== "" ? frame.id : "invalid";
}
