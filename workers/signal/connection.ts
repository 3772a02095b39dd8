/** An account's life: is the daemon there, which account is ours, then its events until the account stops. */
import type { ProviderContext } from "../runtime/provider.ts";
import { checker } from "../../schemas/validate.ts";
import { Type } from "../../schemas/primitives.ts";
import { identify, type Identity, loginRequired } from "./account.ts";
import { toChannelError } from "./errors.ts";
import { readEvents, StreamOver } from "./events.ts";
import type { Intake } from "./intake.ts";
import type { Rpc } from "./rpc.ts";
import type { Saved } from "./saved.ts";
import type { Settings } from "./settings.ts";
import { createTrouble } from "./trouble.ts";
import { createWaker } from "./wait.ts";

/** How long the daemon may take to end a subscription when the account stops. */
const LEAVE_MS = 2_000;
const checkSubscription = checker(Type.Integer());

export interface ConnectionDeps {
  readonly context: ProviderContext;
  readonly rpc: Rpc;
  readonly settings: Settings;
  readonly saved: Saved;
  readonly intake: Intake;
}

export interface Connection {
  /** Resolves when the account stops or cannot go on; never rejects. Every trouble is a state. */
  run(): Promise<void>;
  /** Who we are; undefined before the daemon said so. */
  readonly identity: Identity | undefined;
  /** The stream is open and lives. */
  readonly flowing: boolean;
  /** When the stream last showed a sign of life. */
  readonly lastLifeAt: number | undefined;
  /** Begins anew at once: after a login or a logout. */
  restart(): void;
  /** The account was thrown out, as an operation learned; undefined: it works again. */
  refused(sentence: string | undefined): void;
}

export function createConnection({ context, rpc, settings, saved, intake }: ConnectionDeps): Connection {
  const waker = createWaker();
  const trouble = createTrouble(context, settings, waker);
  let identity: Identity | undefined;
  let flowing = false;
  let lastLifeAt: number | undefined;
  let wasSilent = false;
  let refusal: string | undefined;
  let session = new AbortController();

  function online(): void {
    if (flowing || !identity) return;
    flowing = true;
    wasSilent = false;
    refusal = undefined;
    reportConnected(identity);
  }

  function reportConnected({ self, version, multi }: Identity): void {
    const facts = { id: self.id, ...(self.uuid === undefined ? {} : { uuid: self.uuid }) };
    context.state({
      state: "connected",
      sentence: `Connected to the signal-cli daemon as ${self.id}`,
      self: { ...facts, daemon: version, accounts: multi ? "several" : "one", receiveMode: mode(settings) },
    });
  }

  async function once(signal: AbortSignal): Promise<void> {
    if (saved.now.loggedOut === true) throw loginRequired("Logged out here: link the account again to use it");
    await rpc.check(signal);
    identity = await identify(rpc, settings, saved, signal);
    intake.begin(identity.self);
    const { account } = identity.self;
    let subscription: number | undefined;
    try {
      await listen(account, signal, async () => {
        if (settings.manual) subscription = await subscribe(account, signal);
      });
    } catch (error) {
      wasSilent = error instanceof StreamOver && error.why === "silent";
      throw error;
    } finally {
      flowing = false;
      if (subscription !== undefined) await unsubscribe(account, subscription);
    }
  }

  const listen = (account: string, signal: AbortSignal, subscribed: () => Promise<void>): Promise<void> =>
    readEvents({
      baseUrl: settings.baseUrl,
      account,
      idleMs: settings.eventIdleMs,
      lastEventId: saved.now.lastEventId,
      signal,
      async onOpen() {
        // After the stream stands: what a subscription brings without a reader is lost.
        await subscribed();
        // A stream that opens and stays silent is what it was before; it has to show itself first.
        if (!wasSilent) online();
      },
      onLife() {
        lastLifeAt = Date.now();
        trouble.over();
        online();
        context.alive();
      },
      take: (item) => intake.take(item),
    });

  async function subscribe(account: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      return await rpc.ask("subscribeReceive", checkSubscription, { account }, { signal });
    } catch (error) {
      // Some daemons receive for whoever reads the stream and have no such method over HTTP.
      if (toChannelError(error).code !== "unsupported") throw error;
      context.log("info", "signal.no_subscriptions", {});
      return undefined;
    }
  }

  async function unsubscribe(account: string, subscription: number): Promise<void> {
    const signal = AbortSignal.timeout(LEAVE_MS);
    await rpc.call("unsubscribeReceive", { account, subscription }, { signal }).catch((error: unknown) => {
      context.log("info", "signal.still_subscribed", { reason: toChannelError(error).message });
    });
  }

  return {
    get identity() {
      return identity;
    },
    get flowing() {
      return flowing;
    },
    get lastLifeAt() {
      return lastLifeAt;
    },
    async run() {
      context.state({ state: "connecting", sentence: "Asking the signal-cli daemon which account it has" });
      while (!context.signal.aborted) {
        session = new AbortController();
        const { signal } = session;
        try {
          await once(AbortSignal.any([context.signal, signal]));
        } catch (error) {
          if (context.signal.aborted) return;
          if (!signal.aborted && !await trouble.handle(error)) return;
        }
      }
    },
    restart() {
      session.abort();
      waker.wake();
    },
    refused(sentence) {
      if (refusal === sentence) return;
      refusal = sentence;
      if (sentence !== undefined) context.state({ state: "login_required", sentence, userAction: "login" });
      else if (flowing && identity) reportConnected(identity);
    },
  };
}

const mode = ({ manual }: Settings): string => manual ? "manual" : "on-start";
