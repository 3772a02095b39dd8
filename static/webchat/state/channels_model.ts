/** What the page knows of messaging channels: accounts, strangers who ask, deliveries that are held, a login. */
import { RequestError } from "../../client/link.ts";

export interface LoginFlow {
  readonly id: string;
  readonly label: string;
}

/** A channel that the gateway can speak, set up or not. */
export interface ChannelOffer {
  readonly id: string;
  readonly label: string;
  readonly login: readonly LoginFlow[];
  /** A person's own number: nothing goes to people who are not known yet. */
  readonly personal: boolean;
}

export interface ChannelAccount {
  readonly key: string;
  readonly channel: string;
  readonly accountId: string;
  readonly name: string | undefined;
  readonly state: string;
  readonly sentence: string;
  readonly since: number | undefined;
  readonly nextRetryAt: number | undefined;
  readonly userAction: string | undefined;
  /** Who it is on its platform. */
  readonly self: string | undefined;
  readonly permissions: readonly string[];
  readonly foreignAddresses: readonly string[];
}

export interface SenderRequest {
  readonly requestId: string;
  readonly channel: string;
  readonly accountId: string;
  readonly senderId: string;
  readonly name: string;
  readonly preview: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export const HELD_STATES = ["unknown", "failed", "expired"] as const;
export type HeldState = (typeof HELD_STATES)[number];

export interface HeldMessage {
  readonly id: string;
  readonly state: HeldState;
  readonly channel: string;
  readonly accountId: string;
  readonly chatId: string;
  readonly error: string | undefined;
  readonly possibleDuplicate: boolean;
  readonly preview: string;
  readonly updatedAt: number;
}

export type LoginStep =
  | { readonly kind: "show"; readonly what: string; readonly value: string; readonly expiresAt: number | undefined }
  | { readonly kind: "input"; readonly fields: readonly LoginField[] }
  | { readonly kind: "wait" };
export interface LoginField {
  readonly name: string;
  readonly label: string;
  readonly secret: boolean;
}

/** A login of one account, as far as it is. */
export interface LoginView {
  readonly channel: string;
  readonly accountId: string;
  readonly flow: string | undefined;
  readonly phase: "choosing" | "starting" | "step" | "done" | "failed";
  readonly message: string;
  readonly step: LoginStep | undefined;
  /** A picture of the code to scan, as a data URL. */
  readonly qr: string | undefined;
  /** How many steps there have been. */
  readonly count: number;
  readonly failure: Failure | undefined;
}

/** Why something was refused. `right`: `text` is the scope that is missing; `lost`: nobody answered. */
export interface Failure {
  readonly kind: "right" | "lost" | "other";
  readonly text: string;
}

export interface ChannelsState {
  readonly loaded: boolean;
  /** How far the gateway's clock is ahead of ours: expiry times are its. */
  readonly skewMs: number;
  readonly offers: readonly ChannelOffer[];
  readonly accounts: readonly ChannelAccount[];
  readonly requests: readonly SenderRequest[];
  readonly held: readonly HeldMessage[];
  /** What is being done, by the key of its item. */
  readonly busy: readonly string[];
  /** By the key of its item, or of its list: `accounts`, `requests`, `held`. */
  readonly failures: Readonly<Record<string, Failure>>;
  readonly login: LoginView | undefined;
}

export const emptyChannels: ChannelsState = {
  loaded: false,
  skewMs: 0,
  offers: [],
  accounts: [],
  requests: [],
  held: [],
  busy: [],
  failures: {},
  login: undefined,
};

export const accountKey = (channel: string, accountId: string): string => `account:${channel}/${accountId}`;
export const requestKey = ({ requestId }: Pick<SenderRequest, "requestId">): string => `request:${requestId}`;
export const heldKey = ({ id }: Pick<HeldMessage, "id">): string => `held:${id}`;

export const offerOf = (state: ChannelsState, channel: string): ChannelOffer | undefined =>
  state.offers.find(({ id }) => id === channel);
export const channelLabel = (state: ChannelsState, channel: string): string =>
  offerOf(state, channel)?.label ?? channel;

const STARTABLE = new Set(["stopped", "crashed", "wedged", "conflict", "bad_credentials", "logged_out"]);
const STOPPABLE = new Set(["starting", "login_required", "connecting", "connected", "reconnecting"]);
const WANTS_LOGIN = new Set(["login_required", "logged_out", "bad_credentials"]);
const LINKED = new Set(["connected", "connecting", "reconnecting"]);

export interface AccountActs {
  readonly login: boolean;
  readonly start: boolean;
  readonly stop: boolean;
  readonly logout: boolean;
}
/** The buttons that make sense for an account in this state. */
export function actsOf({ state, userAction }: ChannelAccount, offer: ChannelOffer | undefined): AccountActs {
  const able = (offer?.login.length ?? 0) > 0;
  return {
    login: able && (WANTS_LOGIN.has(state) || (userAction === "login" && state !== "disabled")),
    start: STARTABLE.has(state),
    stop: STOPPABLE.has(state),
    logout: able && LINKED.has(state),
  };
}

export type Tone = "good" | "busy" | "bad" | "off";
export function toneOf(state: string): Tone {
  if (state === "connected") return "good";
  if (state === "stopped" || state === "disabled" || state === "unconfigured") return "off";
  return state === "starting" || state === "connecting" || state === "reconnecting" ? "busy" : "bad";
}

/** Whether a person must do something before the account works again. */
export const needsPerson = ({ state, userAction }: ChannelAccount): boolean =>
  state !== "disabled" && userAction !== undefined && userAction !== "wait";

export function failureOf(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof RequestError && error.unanswered) return { kind: "lost", text };
  const scope = /^missing scope: (\S+)/.exec(text)?.[1];
  return scope === undefined ? { kind: "other", text } : { kind: "right", text: scope };
}
