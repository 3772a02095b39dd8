/** One event on its way to many clients: serialised once per protocol version, numbered per client. */
import { Buffer } from "node:buffer";
import type { EventDef } from "../../schemas/event/define.ts";
import type { Protocol, StateVersion } from "../../schemas/frame.ts";

export class Broadcast {
  #heads = new Map<Protocol, string | undefined>();
  /** Frames by protocol and number. Clients that joined together share numbers, so most frames are made once. */
  #frames = new Map<string, Buffer>();
  readonly droppable: boolean;
  readonly numbered: boolean;

  constructor(
    private readonly event: EventDef,
    private readonly payload: unknown,
    private readonly stateVersion: StateVersion | undefined,
  ) {
    this.droppable = event.delivery === "droppable" || (event.droppableWhen?.(payload) ?? false);
    this.numbered = event.delivery !== "direct";
  }

  /** The frame for a client of `protocol`; undefined when this protocol does not know the event. */
  frame(protocol: Protocol, nextSeq: () => number): Buffer | undefined {
    const head = this.#head(protocol);
    if (head === undefined) return undefined;
    const seq = this.numbered ? nextSeq() : 0;
    const key = `${this.event.forProtocol3 ? protocol : 4}:${seq}`;
    let frame = this.#frames.get(key);
    if (!frame) this.#frames.set(key, frame = Buffer.from(this.numbered ? `${head},"seq":${seq}}` : `${head}}`));
    return frame;
  }

  #head(protocol: Protocol): string | undefined {
    const version = this.event.forProtocol3 ? protocol : 4;
    if (!this.#heads.has(version)) this.#heads.set(version, this.#serialise(version));
    return this.#heads.get(version);
  }

  #serialise(protocol: Protocol): string | undefined {
    const payload = protocol === 3 && this.event.forProtocol3 ? this.event.forProtocol3(this.payload) : this.payload;
    if (payload === undefined) return undefined;
    const state = this.stateVersion === undefined ? "" : `,"stateVersion":${JSON.stringify(this.stateVersion)}`;
    return `{"type":"event","event":${JSON.stringify(this.event.name)},"payload":${JSON.stringify(payload)}${state}`;
  }
}
