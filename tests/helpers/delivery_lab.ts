/** An outbox against a scripted platform and a clock that stands still; it can crash and start again on the same file. */
import { createInbox, type Inbox } from "../../gateway/delivery/inbox.ts";
import type { GiveUp } from "../../gateway/delivery/give_up.ts";
import { createOutbox, type DeliveryService } from "../../gateway/delivery/outbox.ts";
import { type DeliveryPolicy, readPolicy } from "../../gateway/delivery/policy.ts";
import { createTrail, type MessageTrail } from "../../gateway/delivery/trail.ts";
import type { Delivery } from "../../gateway/delivery/types.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import { type Db, memoryDb, openDb } from "../../gateway/storage/db.ts";
import {
  type AccountStatus,
  ChannelFailure,
  type ChannelRequest,
  type Channels,
  type ChannelState,
} from "../../gateway/supervisor/types.ts";
import type { ChannelError, ReplyValue } from "../../schemas/worker/channel.ts";
import { createFakeManifest } from "../../workers/fake/manifest.ts";
import { FakeClock } from "./fake_clock.ts";

/** What the platform does with one call; `lost`: it takes the message and the answer never comes. */
export type Act = "ok" | "lost" | "hang" | Partial<ChannelError>;

export interface Shown {
  readonly id: string;
  readonly chatId: string;
  text: string;
  readonly key: string;
}

/** The far side: keeps what it was given, drops repeats of a key when it is that kind of platform. */
export class ScriptedPlatform {
  readonly messages: Shown[] = [];
  readonly calls: ChannelRequest[] = [];
  /** What happens to the next calls (send, poll, edit); then all is well. */
  readonly script: Act[] = [];
  /** Called before each call is answered. */
  onCall: (request: ChannelRequest) => void = () => {};
  readonly #hanging: (() => void)[] = [];
  #count = 0;
  constructor(public idempotent: boolean) {}

  get texts(): string[] {
    return this.messages.map((message) => message.text);
  }

  async request(request: ChannelRequest): Promise<ReplyValue> {
    this.calls.push(request);
    if (request.type === "typing") return { kind: "ok" };
    this.onCall(request);
    const act = this.script.shift() ?? "ok";
    if (act === "hang") await new Promise<void>((resolve) => this.#hanging.push(resolve));
    if (typeof act === "object") throw new ChannelFailure({ ...REFUSED, ...act });
    const value = this.#take(request);
    if (act === "lost") throw new ChannelFailure({ ...REFUSED, code: "timeout", outcome: "unknown" });
    return await Promise.resolve(value);
  }

  release(): void {
    for (const go of this.#hanging.splice(0)) go();
  }

  #take(request: ChannelRequest): ReplyValue {
    if (request.type === "edit") {
      const message = this.messages.find(({ id }) => id === request.messageId);
      if (!message) throw new ChannelFailure({ ...REFUSED, code: "not_found", retryable: false });
      message.text = request.text;
      return { kind: "ok" };
    }
    if (request.type === "delete") {
      const at = this.messages.findIndex(({ id }) => id === request.messageId);
      if (at >= 0) this.messages.splice(at, 1);
      return { kind: "ok" };
    }
    if (request.type === "send") {
      return this.#keep(request.message.target.chatId, request.message.idempotencyKey, textOf(request));
    }
    if (request.type === "poll") {
      return this.#keep(request.poll.target.chatId, request.poll.idempotencyKey, request.poll.question);
    }
    return { kind: "ok" };
  }

  #keep(chatId: string, key: string, text: string): ReplyValue {
    const known = this.idempotent ? this.messages.find((message) => message.key === key) : undefined;
    const id = known?.id ?? `m${++this.#count}`;
    if (!known) this.messages.push({ id, chatId, text, key });
    return { kind: "receipt", receipt: { messageIds: [id], chatId, at: 1 } };
  }
}

const textOf = (request: Extract<ChannelRequest, { type: "send" }>): string =>
  request.message.text ?? `[${request.message.media?.fileName ?? "media"}]`;

const REFUSED: ChannelError = {
  code: "platform",
  message: "the platform said no",
  retryable: true,
  outcome: "not_sent",
};

export interface LabOptions {
  readonly idempotent?: boolean;
  readonly policy?: Partial<DeliveryPolicy>;
  /** A file; default: memory, which a crash cannot survive. */
  readonly db?: Db;
  readonly platform?: ScriptedPlatform;
  readonly clock?: FakeClock;
}

export class DeliveryLab {
  readonly clock: FakeClock;
  readonly platform: ScriptedPlatform;
  readonly db: Db;
  readonly trail: MessageTrail;
  readonly inbox: Inbox;
  readonly outbox: DeliveryService;
  readonly told: GiveUp[] = [];
  policy: DeliveryPolicy;
  state: ChannelState = "connected";

  constructor(readonly options: LabOptions = {}) {
    this.clock = options.clock ?? new FakeClock();
    this.platform = options.platform ?? new ScriptedPlatform(options.idempotent ?? false);
    this.db = options.db ?? memoryDb();
    this.policy = {
      ...readPolicy({}, undefined),
      repeatSafeMs: this.platform.idempotent ? Infinity : 0,
      ...options.policy,
    };
    this.trail = createTrail({ db: this.db, clock: this.clock });
    this.inbox = createInbox({ db: this.db, clock: this.clock, trail: this.trail });
    this.outbox = createOutbox({
      db: this.db,
      clock: this.clock,
      log: silentLog,
      channels: this.channels,
      trail: this.trail,
      policy: () => this.policy,
      notifyOwner: (event) => this.told.push(event),
      random: () => 0.5,
    });
  }

  get channels(): Pick<
    Channels,
    "request" | "account" | "manifests" | "accounts" | "accountConfig" | "defaultAccountId"
  > {
    const status = () => fakeStatus("fake", "default", this.state);
    return {
      manifests: () => [createFakeManifest({ capabilities: { idempotentSend: this.platform.idempotent } })],
      accounts: (channel = "fake") => channel === "fake" ? [status()] : [],
      accountConfig: () => ({}),
      defaultAccountId: () => "default",
      account: (channel, accountId = "default") =>
        channel === "fake" && accountId === "default" ? fakeStatus(channel, accountId, this.state) : undefined,
      request: (_channel, _account, request) => this.platform.request(request),
    };
  }

  /** The process ends here: nothing more is written, the platform stays as it is, a new process opens the file. */
  async crash(path: string): Promise<DeliveryLab> {
    this.outbox.stop();
    this.db.close();
    const lab = new DeliveryLab({
      ...this.options,
      db: await openDb(path),
      platform: this.platform,
      clock: this.clock,
      policy: this.policy,
    });
    lab.told.push(...this.told);
    return lab;
  }

  states(groupId = "g"): string[] {
    return this.outbox.list({ limit: 100 }).filter((row) => row.groupId === groupId).reverse().map((row) => row.state);
  }
}

/** Lets promises settle that wait for no timer. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 30; round++) await Promise.resolve();
}

export const delivery = (change: Partial<Delivery> = {}): Delivery => ({
  class: "reply",
  channel: "fake",
  accountId: "default",
  target: { chatId: "c1" },
  text: "hello",
  media: [],
  groupId: "g",
  inboxId: undefined,
  runId: undefined,
  sessionKey: undefined,
  ...change,
});

export function fakeStatus(channel: string, accountId: string, state: ChannelState): AccountStatus {
  return {
    channel,
    accountId,
    name: undefined,
    enabled: true,
    configured: true,
    state,
    since: 0,
    sentence: "",
    attempt: 0,
    nextRetryAt: undefined,
    userAction: undefined,
    platformCode: undefined,
    isolation: "worker",
    permissions: [],
    foreignAddresses: [],
    generation: 1,
    restarts: 0,
    lostThreads: 0,
    lastAliveAt: undefined,
    lastInboundAt: undefined,
    lastOutboundAt: undefined,
    self: {},
  };
}
