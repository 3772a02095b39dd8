/** The states of an account and the only ways between them. */
import type { ProviderState } from "../../schemas/worker/channel.ts";
import type { ChannelState } from "./types.ts";

/** Without a worker; a start leads out of each of them. */
const RESTING = [
  "disabled",
  "unconfigured",
  "stopped",
  "bad_credentials",
  "conflict",
  "logged_out",
  "crashed",
  "wedged",
] as const satisfies readonly ChannelState[];
/** With a worker that talks to its platform. */
const LIVE = ["login_required", "connecting", "connected", "reconnecting"] as const satisfies readonly ChannelState[];
/** What the configuration or a person can bring about in every state; `wedged`: a lost thread stands in the way. */
const ALWAYS = [
  "disabled",
  "unconfigured",
  "stopped",
  "logged_out",
  "wedged",
] as const satisfies readonly ChannelState[];

const fromRest: ReadonlySet<ChannelState> = new Set(["starting", ...ALWAYS]);
const fromLive: ReadonlySet<ChannelState> = new Set([
  "starting",
  ...LIVE,
  "bad_credentials",
  "conflict",
  "crashed",
  ...ALWAYS,
]);
const isResting = (state: ChannelState): boolean => RESTING.some((resting) => resting === state);

/** Whether an account may go from one state to the other. A repeat of the same state is a new report about it. */
export const mayBecome = (from: ChannelState, to: ChannelState): boolean =>
  from === to || (isResting(from) ? fromRest : fromLive).has(to);

/** The provider says that the account cannot go on; only a person or a new configuration can change that. */
export const isTerminal = (state: ProviderState): boolean =>
  state === "bad_credentials" || state === "conflict" || state === "logged_out";

/** Whether a worker runs or is being started in this state. */
export const isLive = (state: ChannelState): boolean => !isResting(state);
