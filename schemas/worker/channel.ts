/**
 * Messages between the main process and a channel worker (one per provider account), over `postMessage` or stdio alike.
 * Requests carry `op`; each is answered by exactly one `reply` or `failed` with the same `op`. Both sides check what they
 * receive.
 */
import { Bytes, Closed, Int0, JsonObject, NonEmpty, OneOf, type Static, Timestamp, Type } from "../primitives.ts";
import { Chat, Inbound, MAX_MEDIA_BYTES, Outbound, Poll, Receipt, Target } from "./content.ts";
import { LifeReport } from "./runtime.ts";

const Opt = Type.Optional;
const Op = { op: NonEmpty };

/** States that a provider reports; the supervisor adds its own (disabled, unconfigured, starting, crashed, wedged, stopped). */
export const PROVIDER_STATES = [
  "login_required",
  "connecting",
  "connected",
  "reconnecting",
  "bad_credentials",
  "conflict",
  "logged_out",
] as const;
export const ProviderState = OneOf(PROVIDER_STATES);
export type ProviderState = Static<typeof ProviderState>;

/** What a person must do; the UI shows it beside the sentence. */
export const UserAction = OneOf([
  "login",
  "set_token",
  "enable_intents",
  "stop_other_session",
  "restart_gateway",
  "fix_config",
  "wait",
  "start_daemon",
]);
export type UserAction = Static<typeof UserAction>;

/** Inbound events that may wait for main's acknowledgement; a worker stops reading its platform beyond it. */
export const INBOUND_WINDOW = 64;

/** One kind of stored key; values are opaque to main and never logged. */
export const StoreRows = Type.Record(NonEmpty, Type.Record(NonEmpty, Type.Union([Type.String(), Type.Null()])));

export const ChannelCommand = Type.Union([
  Closed({
    type: Type.Literal("start"),
    accountId: NonEmpty,
    /** Which incarnation this is; the supervisor drops messages of older ones. */
    generation: Int0,
    /** The account's configuration, checked by the manifest's schema; secrets stand in `secrets` alone. */
    config: JsonObject,
    secrets: Type.Record(Type.String(), Type.String()),
    /** What the provider saved with `state.save`, such as the last confirmed offset. */
    saved: JsonObject,
  }),
  /** Ends the platform session in order, then reports `stopped`. */
  Closed({ type: Type.Literal("stop"), reason: NonEmpty }),
  /** The inbound event is in the inbox: the worker may acknowledge it to the platform. */
  Closed({ type: Type.Literal("inbound.ack"), seq: Int0 }),
  Closed({ type: Type.Literal("send"), ...Op, message: Outbound }),
  Closed({ type: Type.Literal("edit"), ...Op, target: Target, messageId: NonEmpty, text: Type.String() }),
  Closed({ type: Type.Literal("delete"), ...Op, target: Target, messageId: NonEmpty }),
  Closed({
    type: Type.Literal("react"),
    ...Op,
    target: Target,
    messageId: NonEmpty,
    senderId: Opt(NonEmpty),
    emoji: NonEmpty,
    remove: Opt(Type.Boolean()),
  }),
  Closed({ type: Type.Literal("typing"), ...Op, target: Target, on: Type.Boolean() }),
  Closed({ type: Type.Literal("read"), ...Op, target: Target, messageId: NonEmpty, senderId: NonEmpty }),
  Closed({ type: Type.Literal("poll"), ...Op, poll: Poll }),
  Closed({ type: Type.Literal("media.fetch"), ...Op, ref: NonEmpty, maxBytes: Int0 }),
  Closed({ type: Type.Literal("probe"), ...Op }),
  /** Starts a login flow of the manifest; steps come as `login.step`. */
  Closed({
    type: Type.Literal("login.start"),
    ...Op,
    flow: NonEmpty,
    input: Opt(Type.Record(Type.String(), Type.String())),
  }),
  Closed({ type: Type.Literal("login.cancel"), ...Op }),
  Closed({ type: Type.Literal("logout"), ...Op }),
  /** An HTTP request of the platform that main's listener took; headers are lower case. */
  Closed({
    type: Type.Literal("webhook"),
    ...Op,
    path: NonEmpty,
    query: Type.Record(Type.String(), Type.String()),
    headers: Type.Record(Type.String(), Type.String()),
    body: Bytes(4 * 1024 * 1024),
  }),
  /** Answers to the worker's own requests. */
  Closed({ type: Type.Literal("store.rows"), ...Op, rows: StoreRows }),
  Closed({ type: Type.Literal("done"), ...Op }),
  Closed({ type: Type.Literal("refused"), ...Op, message: NonEmpty }),
  Closed({ type: Type.Literal("ping"), id: Int0 }),
]);
export type ChannelCommand = Static<typeof ChannelCommand>;

/**
 * Why an operation failed. `outcome` decides about a retry: `not_sent` may be sent again, `unknown` never blindly.
 * `fatal`: the account cannot go on. `platformCode`: the platform's own code, such as 409 or invalid_auth.
 */
export const ChannelError = Closed({
  code: OneOf([
    "invalid",
    "unauthorized",
    "forbidden",
    "not_found",
    "rate_limited",
    "too_large",
    "unsupported",
    "unreachable",
    "timeout",
    "conflict",
    "platform",
    "internal",
  ]),
  message: NonEmpty,
  retryable: Type.Boolean(),
  fatal: Opt(Type.Boolean()),
  outcome: OneOf(["not_sent", "unknown"]),
  retryAfterMs: Opt(Int0),
  platformCode: Opt(Type.String()),
});
export type ChannelError = Static<typeof ChannelError>;

/** One step of a login: something to show and wait, something to type in, or the end. */
export const LoginStep = Type.Union([
  Closed({
    kind: Type.Literal("show"),
    what: OneOf(["qr", "code", "url"]),
    value: NonEmpty,
    text: NonEmpty,
    expiresAt: Opt(Timestamp),
  }),
  Closed({
    kind: Type.Literal("input"),
    fields: Type.Array(Closed({ name: NonEmpty, label: NonEmpty, secret: Type.Boolean() })),
    text: NonEmpty,
  }),
  Closed({ kind: Type.Literal("wait"), text: NonEmpty }),
  Closed({ kind: Type.Literal("done"), text: NonEmpty, account: Opt(Type.String()) }),
  Closed({ kind: Type.Literal("failed"), text: NonEmpty, retryable: Type.Boolean() }),
]);
export type LoginStep = Static<typeof LoginStep>;

/** What an operation gave; its kind depends on the command. */
export const ReplyValue = Type.Union([
  Closed({ kind: Type.Literal("ok") }),
  Closed({ kind: Type.Literal("receipt"), receipt: Receipt, pollId: Opt(NonEmpty) }),
  Closed({
    kind: Type.Literal("media"),
    data: Bytes(MAX_MEDIA_BYTES),
    mimeType: NonEmpty,
    fileName: Opt(Type.String()),
  }),
  Closed({ kind: Type.Literal("probe"), facts: JsonObject }),
  Closed({
    kind: Type.Literal("http"),
    status: Type.Integer({ minimum: 100, maximum: 599 }),
    headers: Type.Record(Type.String(), Type.String()),
    body: Type.String(),
  }),
]);
export type ReplyValue = Static<typeof ReplyValue>;

export const ChannelReport = Type.Union([
  ...LifeReport.anyOf,
  Closed({ type: Type.Literal("reply"), ...Op, value: ReplyValue }),
  Closed({ type: Type.Literal("failed"), ...Op, error: ChannelError }),
  Closed({
    type: Type.Literal("state"),
    state: ProviderState,
    /** One plain sentence for a person. */
    sentence: NonEmpty,
    userAction: Opt(UserAction),
    attempt: Opt(Int0),
    retryInMs: Opt(Int0),
    platformCode: Opt(Type.String()),
    /** Who the account is on the platform, for `channels.status`; no secrets. */
    self: Opt(JsonObject),
  }),
  /** A sign that the platform is alive: a keep-alive or any event. Health reads this, not the library's word. */
  Closed({ type: Type.Literal("alive") }),
  /** `seq` counts from 1 within a generation. Answered by `inbound.ack` once it is in the inbox. */
  Closed({ type: Type.Literal("inbound"), seq: Int0, inbound: Inbound }),
  /** A delivery or read mark of one of our messages. */
  Closed({
    type: Type.Literal("mark"),
    chat: Chat,
    messageId: NonEmpty,
    mark: OneOf(["delivered", "read", "failed"]),
    at: Timestamp,
  }),
  Closed({ type: Type.Literal("login.step"), step: LoginStep }),
  /** Requests of the worker to main, answered by `store.rows`, `done` or `refused`. */
  Closed({ type: Type.Literal("store.get"), ...Op, kind: NonEmpty, ids: Type.Array(NonEmpty, { maxItems: 4096 }) }),
  /** All of it in one transaction, or none. A null deletes. */
  Closed({ type: Type.Literal("store.set"), ...Op, rows: StoreRows }),
  Closed({ type: Type.Literal("store.clear"), ...Op }),
  Closed({ type: Type.Literal("state.save"), ...Op, saved: JsonObject }),
  Closed({ type: Type.Literal("stopped"), reason: NonEmpty }),
]);
export type ChannelReport = Static<typeof ChannelReport>;
