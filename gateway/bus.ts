/** The one way to tell connected clients something. `connection/hub.ts` implements it; the rest knows only this. */
import type { Static, TSchema } from "@sinclair/typebox";
import type { EventDef } from "../schemas/event/define.ts";
import type { StateVersion } from "../schemas/frame.ts";

/** What publishers may know of a client when they choose receivers. */
export interface Recipient {
  readonly connId: string;
  readonly deviceId: string | undefined;
  /** What the client subscribed to, such as `sessions` or `messages:<canonical key>`. */
  readonly topics: ReadonlySet<string>;
}

export interface PublishOptions {
  readonly stateVersion?: StateVersion;
  /** Narrows the receivers further than the event's access rule does; it can never widen it. */
  readonly only?: (recipient: Recipient) => boolean;
  /** Nodes with this topic get the event as well, if its declaration says so (`forSubscribedNodes`). */
  readonly nodeTopic?: string;
}

export interface Bus {
  publish<S extends TSchema>(event: EventDef<S>, payload: Static<S>, options?: PublishOptions): void;
}
