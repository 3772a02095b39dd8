/** Parameters and results of channels.* (methods facts, section 8). */
import { Closed, Int0, JsonObject, NonEmpty, Open, Type } from "../primitives.ts";

const Opt = Type.Optional;
const Text = Type.String();

/** `probe` asks each running account's platform who we are; `timeoutMs` bounds that (1 s to 30 s, default 10 s). */
export const ChannelsStatusParams = Open({ probe: Opt(Type.Boolean()), timeoutMs: Opt(Int0) });
/**
 * `channels.<id>` holds what a page needs to offer the channel: `configured`, `login`, `setup`. An item of
 * `channelAccounts.<id>` has the protocol's keys and beside them `state`, `since`, `sentence`, `userAction`,
 * `attempt`, `nextRetryAt`, `isolation`, `permissions`, `foreignAddresses`, `refusals`, `self`.
 */
export const ChannelsStatusResult = Closed({
  ts: Int0,
  channelOrder: Type.Array(NonEmpty),
  channelLabels: Type.Record(Text, Text),
  channelMeta: Opt(Type.Array(Closed({ id: NonEmpty, label: NonEmpty, detailLabel: NonEmpty }))),
  channels: Type.Record(Text, JsonObject),
  channelAccounts: Type.Record(Text, Type.Array(JsonObject)),
  channelDefaultAccountId: Type.Record(Text, Text),
});

export const ChannelParams = Open({ channel: Text, accountId: Opt(Text) });
/** The account as `channels.status` shows it, after the change. */
export const ChannelChangeResult = Closed({ channel: NonEmpty, accountId: NonEmpty, account: JsonObject });

export const ChannelsLogoutParams = ChannelParams;
export const ChannelsLogoutResult = Closed({
  channel: NonEmpty,
  accountId: NonEmpty,
  /** Keys and saved state of the account are gone. */
  cleared: Type.Boolean(),
  loggedOut: Type.Boolean(),
});
