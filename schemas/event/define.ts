/** How an event is declared: once, with name, scope, payload, and what happens to it when a client is slow. */
import type { Static, TSchema } from "@sinclair/typebox";
import type { Access } from "../scope.ts";

/**
 * `droppable`: skipped for a slow client, a later one replaces it. `ordered`: never skipped; a client that cannot
 * take it is closed. `direct`: sent to chosen sockets without a sequence number.
 */
export type Delivery = "droppable" | "ordered" | "direct";

export interface EventDef<S extends TSchema = TSchema> {
  readonly name: string;
  /** Default deny: an event without an access rule does not compile. */
  readonly access: Access;
  readonly payload: S;
  readonly delivery: Delivery;
  /** Narrows `ordered` to droppable for single payloads, such as chat deltas. */
  droppableWhen?(payload: Static<S>): boolean;
  /** Whether the frame carries `stateVersion`. */
  readonly stateVersion?: boolean;
  /** Nodes get it too, those that subscribed to the topic it is published with (`PublishOptions.nodeTopic`). */
  readonly forSubscribedNodes?: true;
  /** The capability that a client must have announced, such as `tool-events`. */
  readonly cap?: string;
  /** The payload for a protocol 3 client; undefined means that such a client does not get the event. */
  forProtocol3?(payload: Static<S>): Static<S> | undefined;
  readonly description: string;
}

export const defineEvent = <S extends TSchema>(def: EventDef<S>): EventDef<S> => def;
