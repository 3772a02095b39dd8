/** All authenticated connections. Publishing filters by access rule and capability, then hands each its frame. */
import type { Static, TSchema } from "@sinclair/typebox";
import { CLOSE } from "../../schemas/close_code.ts";
import type { EventDef } from "../../schemas/event/define.ts";
import { type Checker, checker } from "../../schemas/validate.ts";
import { permits } from "../auth/grant.ts";
import type { Bus, PublishOptions } from "../bus.ts";
import type { Log } from "../observe/log.ts";
import type { Connections } from "../rpc/services.ts";
import { Broadcast } from "./broadcast.ts";
import type { Connection } from "./connection.ts";

export interface HubOptions {
  readonly log: Log;
  /** Bytes that may wait in all sockets together; beyond it the fullest is cut first. */
  readonly totalBufferedBytes: number;
  /** Checks every event against its schema before it is sent; for tests and development. */
  readonly strict: boolean;
}

export class Hub implements Bus, Connections {
  readonly #connections = new Set<Connection>();
  readonly #checkers = new Map<EventDef, Checker<unknown>>();
  constructor(private readonly options: HubOptions) {}

  get size(): number {
    return this.#connections.size;
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection);
  }

  list(): Iterable<Connection> {
    return this.#connections;
  }

  publish<S extends TSchema>(event: EventDef<S>, payload: Static<S>, options: PublishOptions = {}): void {
    if (this.options.strict) this.#check(event, payload);
    const broadcast = new Broadcast(event, payload, options.stateVersion);
    let buffered = 0;
    for (const connection of this.#connections) {
      buffered += connection.writer.buffered;
      if (!permits(connection.grant, event.access) && !isSubscribed(connection, event, options)) continue;
      if (event.cap !== undefined && !connection.caps.has(event.cap)) continue;
      if (options.only && !options.only(connection)) continue;
      connection.deliver(broadcast);
    }
    if (buffered > this.options.totalBufferedBytes) this.#cutFullest(buffered);
  }

  closeDevice(deviceId: string, role: string | undefined, code: number, reason: string): number {
    let closed = 0;
    for (const connection of this.#connections) {
      if (connection.deviceId !== deviceId || (role !== undefined && connection.grant.role !== role)) continue;
      connection.close(code, reason);
      closed++;
    }
    return closed;
  }

  closeAll(): void {
    for (const connection of this.#connections) {
      connection.close(CLOSE.serviceRestart.code, CLOSE.serviceRestart.reason);
    }
  }

  #cutFullest(buffered: number): void {
    const fullest = [...this.#connections].sort((a, b) => b.writer.buffered - a.writer.buffered);
    let rest = buffered;
    for (const connection of fullest) {
      if (rest <= this.options.totalBufferedBytes) return;
      rest -= connection.writer.buffered;
      this.options.log.warn("connection.cut", { connId: connection.connId, reason: "total buffer limit" });
      connection.writer.cutSlow();
    }
  }

  #check(event: EventDef, payload: unknown): void {
    let check = this.#checkers.get(event);
    if (!check) this.#checkers.set(event, check = checker(event.payload));
    const result = check(payload);
    if (!result.ok) throw new Error(`Cannot publish "${event.name}": ${result.error}`);
  }
}

/** A node that follows a session gets what operators get of it (events facts, section 9), and once. */
const isSubscribed = ({ grant, topics }: Connection, event: EventDef, { nodeTopic }: PublishOptions): boolean =>
  grant.role === "node" && event.forSubscribedNodes === true && nodeTopic !== undefined && topics.has(nodeTopic);
