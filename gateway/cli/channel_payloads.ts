/** What the channel commands read of the gateway's answers, and no more. */
import { type Static, Type } from "../../schemas/primitives.ts";
import { LoginStep } from "../../schemas/worker/channel.ts";

const Opt = Type.Optional;
const Text = Type.String();
const Num = Type.Number();
const Texts = Type.Array(Text);

export const AccountRow = Type.Object({
  accountId: Text,
  name: Opt(Text),
  enabled: Opt(Type.Boolean()),
  configured: Opt(Type.Boolean()),
  connected: Opt(Type.Boolean()),
  state: Opt(Text),
  since: Opt(Num),
  sentence: Opt(Text),
  userAction: Opt(Text),
  attempt: Opt(Num),
  nextRetryAt: Opt(Num),
  isolation: Opt(Text),
  permissions: Opt(Texts),
  foreignAddresses: Opt(Texts),
  restarts: Opt(Num),
  lastInboundAt: Opt(Num),
  lastOutboundAt: Opt(Num),
  dmPolicy: Opt(Text),
  groupPolicy: Opt(Text),
  waitingToSend: Opt(Num),
  refusals: Opt(Type.Array(Type.Object({ reason: Text, count: Num, lastAt: Num }))),
  self: Opt(Type.Record(Text, Type.Unknown())),
  probe: Opt(Type.Object({ ok: Type.Boolean(), elapsedMs: Opt(Num), error: Opt(Text) })),
});
export type AccountRow = Static<typeof AccountRow>;

export const ChannelsStatus = Type.Object({
  channelOrder: Texts,
  channelLabels: Type.Record(Text, Text),
  channelAccounts: Type.Record(Text, Type.Array(AccountRow)),
  channelDefaultAccountId: Opt(Type.Record(Text, Text)),
});
export type ChannelsStatus = Static<typeof ChannelsStatus>;

export const ChannelChange = Type.Object({ channel: Text, accountId: Text, account: AccountRow });

export const LoginProgress = Type.Object({
  channel: Text,
  accountId: Text,
  message: Text,
  connected: Type.Boolean(),
  step: Opt(LoginStep),
  count: Opt(Num),
});
export type LoginProgress = Static<typeof LoginProgress>;

export const ConfigEffects = Type.Object({
  path: Text,
  restart: Type.Object({ required: Type.Boolean(), reasons: Texts, flags: Text }),
  accounts: Type.Array(Type.Object({ channel: Text, accountId: Text, action: Text, missing: Opt(Text) })),
});
export const ConfigBase = Type.Object({ path: Text, exists: Type.Boolean(), hash: Opt(Text) });
