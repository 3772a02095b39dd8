/** The whole way of a message without workers: real stores, real intake, runs and outbox; a scripted model and platform. */
import { createExecApprovals } from "../../gateway/approval/approvals.ts";
import type { ExecApprovals } from "../../gateway/approval/types.ts";
import { createRunService } from "../../gateway/agent/run_service.ts";
import { sameTools } from "../../gateway/agent/tools.ts";
import type { RunService, Tool } from "../../gateway/agent/types.ts";
import type { Config } from "../../gateway/config/types.ts";
import { openReplyStream } from "../../gateway/delivery/coalesce.ts";
import { type ApprovalCards, createApprovalCards } from "../../gateway/delivery/approval_cards.ts";
import { createInbox, type Inbox, type InboxRow } from "../../gateway/delivery/inbox.ts";
import { createIntake, type Intake } from "../../gateway/delivery/intake.ts";
import { createOutbox, type DeliveryService } from "../../gateway/delivery/outbox.ts";
import { createPolicy } from "../../gateway/delivery/policy.ts";
import { createRunOutlet } from "../../gateway/delivery/run_outlet.ts";
import { createTrail, type MessageTrail } from "../../gateway/delivery/trail.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import { createGroupHistory } from "../../gateway/session/group_history.ts";
import { createSenderPairing, type SenderPairing } from "../../gateway/session/sender_pairing.ts";
import { createSessionStore } from "../../gateway/session/store.ts";
import { createTranscript } from "../../gateway/session/transcript.ts";
import type { SessionStore, Transcript } from "../../gateway/session/types.ts";
import { type Db, memoryDb } from "../../gateway/storage/db.ts";
import { ChannelFailure, type ChannelRequest, type Channels } from "../../gateway/supervisor/types.ts";
import type { Inbound, InboundMessage } from "../../schemas/worker/content.ts";
import type { ReplyValue } from "../../schemas/worker/channel.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { createFakeManifest } from "../../workers/fake/manifest.ts";
import { fakeStatus, ScriptedPlatform } from "./delivery_lab.ts";
import { FakeClock } from "./fake_clock.ts";
import { type ModelCall, ScriptedRunner, settle, textOf } from "./run_lab.ts";
import { FakeBus, fakeCatalog, fakeConfig } from "./services.ts";

export interface IntakeLabOptions {
  readonly manifest?: ChannelManifest;
  /** The account's configuration. */
  readonly account?: Record<string, unknown>;
  readonly config?: Partial<Config>;
  readonly platform?: ScriptedPlatform;
  readonly tools?: readonly Tool[];
  readonly db?: Db;
  readonly clock?: FakeClock;
}

export class IntakeLab {
  readonly clock: FakeClock;
  readonly db: Db;
  readonly manifest: ChannelManifest;
  readonly account: Record<string, unknown>;
  config: Config;
  readonly platform: ScriptedPlatform;
  readonly runner = new ScriptedRunner();
  readonly bus = new FakeBus();
  readonly trail: MessageTrail;
  readonly inbox: Inbox;
  readonly outbox: DeliveryService;
  readonly sessions: SessionStore;
  readonly transcript: Transcript;
  readonly pairing: SenderPairing;
  readonly runs: RunService;
  readonly intake: Intake;
  readonly approvals: ExecApprovals;
  readonly cards: ApprovalCards;
  /** Bytes by reference; a missing one fails. */
  readonly media = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Sentences for the owner. */
  readonly told: string[] = [];
  #count = 0;

  constructor(readonly options: IntakeLabOptions = {}) {
    this.manifest = options.manifest ?? createFakeManifest({ capabilities: { streaming: "edit" } });
    this.account = options.account ?? { dmPolicy: "allowlist", allowFrom: ["ada"] };
    this.config = fakeConfig(options.config ?? {});
    this.clock = options.clock ?? new FakeClock();
    this.db = options.db ?? memoryDb();
    this.platform = options.platform ?? new ScriptedPlatform(false);
    const { db, clock, bus, channels } = this;
    const config = () => this.config;
    this.trail = createTrail({ db, clock });
    this.inbox = createInbox({ db, clock, trail: this.trail });
    this.pairing = createSenderPairing({ db, clock });
    this.sessions = createSessionStore({ db, config: this.config, clock });
    this.transcript = createTranscript({ db, clock });
    const policy = createPolicy(channels);
    const parts = { db, clock, bus, channels, config, trail: this.trail, inbox: this.inbox, log: silentLog };
    this.outbox = createOutbox({ ...parts, policy, notifyOwner: () => {}, random: () => 0.5 });
    const streams = { outbox: this.outbox, channels, policy, clock };
    const outlet = createRunOutlet({
      ...parts,
      outbox: this.outbox,
      openStream: (place) => openReplyStream(streams, place),
    });
    this.runs = createRunService({
      ...parts,
      config: this.config,
      sessions: this.sessions,
      transcript: this.transcript,
      runner: this.runner,
      models: fakeCatalog,
      tools: sameTools(options.tools ?? []),
      outlet,
    });
    this.approvals = createExecApprovals({ clock, bus, log: silentLog, stateDir: "/dev/null" });
    this.cards = createApprovalCards({
      ...parts,
      approvals: this.approvals,
      outbox: this.outbox,
      sessions: this.sessions,
      runs: this.runs,
      nodeName: (id) => id === "n1" ? "Kitchen" : undefined,
    });
    this.intake = createIntake({
      ...parts,
      outbox: this.outbox,
      sessions: this.sessions,
      runs: this.runs,
      pairing: this.pairing,
      history: createGroupHistory({ db, clock }),
      outlet,
      cards: this.cards,
      tellOwner: (sentence) => this.told.push(sentence),
    });
  }

  get channels(): Pick<
    Channels,
    "manifests" | "account" | "accountConfig" | "defaultAccountId" | "request"
  > {
    return {
      manifests: () => [this.manifest],
      account: (channel, accountId = "default") => fakeStatus(channel, accountId, "connected"),
      accountConfig: () => this.account,
      defaultAccountId: () => "default",
      request: (_channel, _accountId, request) => this.#request(request),
    };
  }

  /** What reached the platform, but for typing. */
  get calls(): ChannelRequest[] {
    return this.platform.calls.filter(({ type }) => type !== "typing");
  }

  async #request(request: ChannelRequest): Promise<ReplyValue> {
    if (request.type !== "media.fetch") return await this.platform.request(request);
    this.platform.calls.push(request);
    const data = this.media.get(request.ref);
    if (data) return { kind: "media", data, mimeType: "image/png" };
    throw new ChannelFailure({ code: "not_found", message: "gone", retryable: false, outcome: "not_sent" });
  }

  message(text: string, change: Partial<InboundMessage> = {}): InboundMessage {
    const id = `in${++this.#count}-${this.clock.now()}`;
    return {
      kind: "message",
      dedupeKey: id,
      messageId: id,
      chat: { id: "ada-chat", kind: "direct" },
      sender: { id: "ada", name: "Ada" },
      timestamp: this.clock.now(),
      text,
      media: [],
      ...change,
    };
  }

  /** A message in the group `g1`. */
  said(text: string, change: Partial<InboundMessage> = {}): InboundMessage {
    return this.message(text, { chat: { id: "g1", kind: "group", title: "Friends" }, mentioned: false, ...change });
  }

  /** Commits the event as the supervisor's sink does; `take` false: the process ends right after the commit. */
  receive(event: Inbound, take = true): string {
    const { id, fresh } = this.inbox.accept(this.manifest.id, "default", event);
    if (fresh && take) this.intake.take(id);
    return id;
  }

  row(id: string): InboxRow {
    const row = this.inbox.get(id);
    if (!row) throw new Error(`Cannot find inbox row ${id}`);
    return row;
  }

  /** `refused dm_not_allowed` */
  state(id: string): string {
    const { state, reason } = this.row(id);
    return reason === undefined ? state : `${state} ${reason}`;
  }

  /** Starts what is ready; returns the model call of that number. */
  call(index = this.runner.calls.length): ModelCall {
    this.clock.advance(0);
    const call = this.runner.calls[index];
    if (!call) throw new Error(`Cannot find model call ${index}: there are ${this.runner.calls.length}`);
    return call;
  }

  /** Time passes, and what it made ready happens. */
  async pass(ms = 0): Promise<void> {
    for (let round = 0; round < 5; round++) {
      this.clock.advance(round === 0 ? ms : 0);
      await settle();
    }
  }

  /** Answers every model call that waits or comes, until nothing happens any more. */
  async answerAll(text: (call: ModelCall) => string = (call) => `re: ${call.prompt}`): Promise<void> {
    let answered = 0;
    for (let quiet = 0; quiet < 3; quiet++) {
      await this.pass(2_000);
      for (; answered < this.runner.calls.length; answered++) {
        quiet = 0;
        const call = this.runner.calls[answered];
        if (call && !call.signal.aborted) await call.answer(text(call));
      }
    }
  }

  /** The process ends here; a new one opens the same database and takes up what it finds. */
  async crash(): Promise<IntakeLab> {
    this.intake.stop();
    this.outbox.stop();
    await settle();
    const next = new IntakeLab({
      ...this.options,
      db: this.db,
      clock: new FakeClock(this.clock.now()),
      platform: this.platform,
    });
    for (const [ref, data] of this.media) next.media.set(ref, data);
    next.cards.begin();
    next.runs.recover();
    next.outbox.recover();
    next.intake.recover();
    return next;
  }

  /** Texts of a session's transcript, `user: hello`. */
  lines(key = "main"): string[] {
    const session = this.sessions.get(key);
    if (!session) return [];
    return this.transcript.page(session.sessionId, { limit: 200 }).map(({ message }) =>
      `${message.role}: ${textOf(message)}`
    );
  }

  /** Everything that anybody outside could notice. */
  get outside(): { readonly requests: string[]; readonly rows: number } {
    return {
      requests: this.platform.calls.map(({ type }) => type),
      rows: Number(this.db.get("SELECT COUNT(*) AS n FROM outbox")?.["n"] ?? 0),
    };
  }
}
