/** Senders of channels that wait for approval: parameters and results of channels.pairing.*. */
import { Closed, Int0, NonEmpty, OneOf, Open, type Static, Type } from "../primitives.ts";

const Opt = Type.Optional;

export const SenderPairingListParams = Open({ channel: Opt(NonEmpty), accountId: Opt(NonEmpty) });

/** Times are ISO 8601. `metadata.preview` is the beginning of what was written. The code is the sender's to tell. */
export const SenderRequestRow = Closed({
  requestId: NonEmpty,
  channel: NonEmpty,
  channelLabel: NonEmpty,
  accountId: NonEmpty,
  accountLabel: Opt(NonEmpty),
  senderId: NonEmpty,
  senderLabel: NonEmpty,
  metadata: Opt(Type.Record(Type.String(), Type.String())),
  createdAt: NonEmpty,
  lastSeenAt: NonEmpty,
  expiresAt: NonEmpty,
  notifySupported: Type.Boolean(),
});
export type SenderRequestRow = Static<typeof SenderRequestRow>;

export const SenderPairingListResult = Closed({
  accounts: Type.Array(Closed({
    channel: NonEmpty,
    channelLabel: NonEmpty,
    accountId: NonEmpty,
    accountLabel: Opt(NonEmpty),
    notifySupported: Type.Boolean(),
  })),
  requests: Type.Array(SenderRequestRow),
  commandOwnerConfigured: Type.Boolean(),
  limits: Closed({ pendingPerAccount: Int0, ttlMs: Int0 }),
});

/** `requestId`: the id of the list, or the code that the sender told. */
const Choice = { channel: NonEmpty, accountId: Opt(NonEmpty), requestId: NonEmpty };

export const SenderPairingApproveParams = Open({
  ...Choice,
  /** Tells the sender. */
  notify: Opt(Type.Boolean()),
  bootstrapCommandOwner: Opt(Type.Boolean()),
});
export const SenderPairingApproveResult = Closed({
  requestId: NonEmpty,
  senderId: NonEmpty,
  notification: OneOf(["not-requested", "sent", "unsupported", "failed"]),
  commandOwnerBootstrap: OneOf(["not-requested", "configured", "already-configured", "unavailable"]),
});

export const SenderPairingDismissParams = Open(Choice);
export const SenderPairingDismissResult = Closed({ requestId: NonEmpty, senderId: NonEmpty });
