/** Joins channels and delivery: what comes in goes to runs, what runs say goes out. Built before the runs, joined after. */
import type { RunService } from "./agent/types.ts";
import type { ExecApprovals } from "./approval/types.ts";
import type { Bus } from "./bus.ts";
import type { ConfigControl } from "./config/control.ts";
import type { ChannelEntry } from "./config/types.ts";
import { type ApprovalCards, createApprovalCards } from "./delivery/approval_cards.ts";
import { openReplyStream } from "./delivery/coalesce.ts";
import { createInbox, type Inbox } from "./delivery/inbox.ts";
import { createIntake, type Intake } from "./delivery/intake.ts";
import { createOutbox, type DeliveryService } from "./delivery/outbox.ts";
import { createPolicy } from "./delivery/policy.ts";
import { createRunOutlet, type RunOutlet } from "./delivery/run_outlet.ts";
import { createTrail, type MessageTrail } from "./delivery/trail.ts";
import type { Clock } from "./observe/clock.ts";
import type { Log } from "./observe/log.ts";
import { createGroupHistory } from "./session/group_history.ts";
import { createOwnerNotes } from "./session/owner_notes.ts";
import { createSenderPairing, type SenderPairing } from "./session/sender_pairing.ts";
import type { SessionStore, Transcript } from "./session/types.ts";
import type { Db } from "./storage/db.ts";
import { type ChannelSupervisor, createChannels } from "./supervisor/channels.ts";
import { createChannelStore } from "./supervisor/key_store.ts";
import { channelEntries } from "./supervisor/shipped.ts";
import type { AccountStatus, ChannelState } from "./supervisor/types.ts";

export interface MessagingDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly sessions: SessionStore;
  readonly transcript: Transcript;
  readonly live: ConfigControl;
  /** Commands that wait for the owner: chats show them, and owners decide there. */
  readonly approvals: ExecApprovals;
  readonly nodeName: (nodeId: string) => string | undefined;
  /** Encrypts what providers keep with us. */
  readonly storeKey: Uint8Array;
  /** Providers beside the shipped ones; only tests have any. */
  readonly workerEntries: readonly ChannelEntry[];
  /** Drains and ends the process so that it is started again; absent where nothing would do that. */
  readonly orderlyRestart?: (reason: string) => void;
  /** An account changed its state: health and status are taken anew. */
  readonly stateChanged: () => void;
  readonly strict: boolean;
}

export interface Messaging {
  readonly channels: ChannelSupervisor;
  readonly inbox: Inbox;
  readonly outbox: DeliveryService;
  readonly trail: MessageTrail;
  readonly senders: SenderPairing;
  readonly outlet: RunOutlet;
  /** Once, when the runs are there: without it nothing that comes in is processed. */
  join(runs: RunService): void;
  /** What a crash cut off is judged, what waited is taken up, then the accounts start. After the runs have recovered. */
  begin(): Promise<void>;
  /** Nothing that comes in starts a run any more. Its rows wait for the next start. */
  stopIntake(): void;
  /** What is due goes out, for `ms` at most; then every account ends its session in order. */
  stop(ms: number): Promise<void>;
  sweep(): void;
}

/** How long accounts may take to end their sessions. */
const STOP_CHANNELS_MS = 10_000;

export function createMessaging(deps: MessagingDeps): Messaging {
  const { db, clock, log, bus, sessions, live } = deps;
  const config = () => live.current();
  const trail = createTrail({ db, clock });
  const inbox = createInbox({ db, clock, trail });
  const senders = createSenderPairing({ db, clock });
  const notes = createOwnerNotes(deps);
  const registry = channelEntries(deps.workerEntries);
  const joined: { intake?: Intake; cards?: ApprovalCards; ready?: true } = {};
  const tell = createStateNews(notes.add);
  const channels = createChannels({
    registry,
    accounts: config().channels.accounts,
    store: createChannelStore(db, deps.storeKey, log),
    clock,
    log,
    sink: {
      inbound(channel, accountId, event) {
        const { id, fresh } = inbox.accept(channel, accountId, event);
        // After the acknowledgement: the platform must not wait for what we make of its message. Until the start has
        // taken up what waited, new rows wait behind it.
        if (fresh && joined.ready) queueMicrotask(() => joined.intake?.take(id));
      },
      mark: (channel, accountId, { chatId, messageId, mark, at }) =>
        trail.add(messageId, `platform.${mark}`, { channel, accountId, chatId, at }),
      stateChanged(status) {
        tell(status);
        if (status.state === "connected") outbox.wake(status.channel, status.accountId);
        deps.stateChanged();
      },
    },
    strict: deps.strict,
    ...(deps.orderlyRestart === undefined ? {} : { orderlyRestart: deps.orderlyRestart }),
  });
  // From the configuration and not from the running accounts, which are there only after the start.
  const accountConfig: ChannelSupervisor["accountConfig"] = (channel, accountId) =>
    config().channels.accounts.find((each) => each.channel === channel && each.accountId === accountId)?.config ?? {};
  const configured = { manifests: channels.manifests, accountConfig };
  const policy = createPolicy(configured, () => config().delivery.unknown);
  const outbox = createOutbox({
    db,
    clock,
    log,
    channels,
    trail,
    policy,
    notifyOwner: ({ sentence }) => notes.add(sentence),
  });
  const streams = { outbox, channels, policy, clock };
  const outlet = createRunOutlet({
    db,
    config,
    channels: configured,
    inbox,
    outbox,
    trail,
    log,
    openStream: (place) => openReplyStream(streams, place),
  });
  const unfollow = live.onChange(({ channels: { accounts } }, before) => {
    if (accounts === before.channels.accounts) return;
    channels.apply(accounts).catch((error) => log.error("channels.apply_failed", { error })).finally(deps.stateChanged);
  });
  return {
    channels,
    inbox,
    outbox,
    trail,
    senders,
    outlet,
    join(runs) {
      const history = createGroupHistory({ db, clock });
      const cards = joined.cards = createApprovalCards({ ...deps, config, channels, inbox, outbox, runs });
      joined.intake = createIntake({
        db,
        clock,
        log,
        bus,
        config,
        channels,
        inbox,
        outbox,
        trail,
        sessions,
        runs,
        pairing: senders,
        history,
        outlet,
        cards,
        tellOwner: (sentence) => notes.add(sentence),
      });
    },
    async begin() {
      joined.cards?.begin();
      outbox.recover();
      await channels.begin();
      joined.ready = true;
      joined.intake?.recover();
    },
    stopIntake: () => joined.intake?.stop(),
    async stop(ms) {
      unfollow();
      // What is being prepared, such as a picture, is taken up again by the next start if it is not ready in time.
      await atMost(clock, ms, joined.intake?.idle());
      await outbox.drain(ms);
      await channels.stopAll(STOP_CHANNELS_MS);
    },
    sweep() {
      inbox.sweep();
      outbox.sweep();
      trail.sweep();
    },
  };
}

async function atMost(clock: Clock, ms: number, work: Promise<void> | undefined): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(ms, () => late.resolve());
  await Promise.race([work, late.promise]);
  cancel();
}

/** States that somebody must act on; the owner hears of each once, when it begins. */
const TELLING: readonly ChannelState[] = ["bad_credentials", "conflict", "logged_out", "crashed", "wedged"];

function createStateNews(tell: (sentence: string) => void): (status: AccountStatus) => void {
  const last = new Map<string, ChannelState>();
  return ({ channel, accountId, state, sentence }) => {
    const name = `${channel}\0${accountId}`;
    if (last.get(name) !== state && TELLING.includes(state)) {
      tell(`The channel ${channel} (account ${accountId}) stopped working: ${sentence}. See: openclaw channels status`);
    }
    last.set(name, state);
  };
}
