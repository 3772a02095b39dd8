/** Senders of channels that ask to be let in. */
import { Closed, NonEmpty, OneOf, Timestamp, Type } from "../primitives.ts";
import { defineEvent } from "./define.ts";

const Request = {
  requestId: NonEmpty,
  channel: NonEmpty,
  accountId: NonEmpty,
  senderId: NonEmpty,
  senderLabel: NonEmpty,
};

export const SenderPairingRequestedEvent = defineEvent({
  name: "channels.pairing.requested",
  access: "operator.pairing",
  payload: Closed({
    ...Request,
    /** The beginning of what was written. */
    preview: Type.Optional(NonEmpty),
    expiresAt: Timestamp,
    ts: Timestamp,
  }),
  delivery: "droppable",
  description: "A stranger wrote to a channel account and waits for approval",
});

export const SenderPairingResolvedEvent = defineEvent({
  name: "channels.pairing.resolved",
  access: "operator.pairing",
  payload: Closed({ ...Request, decision: OneOf(["approved", "dismissed"]), ts: Timestamp }),
  delivery: "droppable",
  description: "A stranger's request was approved or dismissed",
});
