/** The long poll: one request at a time, and the next one confirms only what main has committed. */
import { checker } from "../../schemas/validate.ts";
import { Closed, NonEmpty, Type } from "../../schemas/primitives.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import type { OpenApi } from "./api.ts";
import { toChannelError } from "./errors.ts";
import type { Intake } from "./intake.ts";
import type { Settings } from "./settings.ts";
import { sleep } from "./trouble.ts";
import { ALLOWED_UPDATES } from "./wire.ts";

/** Most updates of one answer; Telegram allows 100. */
const LIMIT = 100;
/** What the answer may take beyond the poll's own time. */
const GRACE_MS = 15_000;
/** A server that answers a long poll at once and with nothing must not make this loop spin. */
const EMPTY_PAUSE_MS = 250;
/** Older numbers are not used: after a quiet week Telegram draws a new, maybe lower one. */
const SAVED_MAX_AGE_MS = 6 * 24 * 3600_000;

const checkSaved = checker(Closed({ botId: NonEmpty, updateId: Type.Integer(), at: Type.Number() }));

export interface Polling {
  /** Polls until the account stops; rejects with the first error. May be called again after one. */
  run(): Promise<void>;
}

export interface PollingDeps {
  readonly context: Pick<ProviderContext, "saved" | "save" | "alive" | "log" | "signal">;
  readonly api: OpenApi;
  readonly settings: Pick<Settings, "pollSeconds">;
  readonly botId: string;
  readonly intake: Intake;
  /** After every answer. */
  readonly onAnswer: () => void;
}

export function createPolling({ context, api, settings, botId, intake, onAnswer }: PollingDeps): Polling {
  const { signal } = context;
  let done = savedUpdate(context.saved, botId);
  // The first answer comes at once, so that the account is connected within a moment and not after a whole poll.
  let seconds = 0;

  async function poll(): Promise<readonly unknown[]> {
    const asked = {
      ...(done === undefined ? {} : { offset: done + 1 }),
      limit: LIMIT,
      timeout: seconds,
      allowed_updates: ALLOWED_UPDATES,
    };
    const answer: unknown = await api(signal, seconds * 1000 + GRACE_MS).getUpdates(asked);
    return Array.isArray(answer) ? answer : [];
  }

  /** Takes a whole answer; what was committed before a stop or a failure is confirmed, the rest comes again. */
  async function take(updates: readonly unknown[]): Promise<void> {
    const before = done;
    // Handed over together and in order; awaited in order, so that `done` never passes an update that main does not have.
    const handed = updates.map((update) => intake.take(update));
    for (const each of handed) each.catch(() => {});
    try {
      for (const each of handed) done = newest(done, await each);
    } finally {
      if (done !== before && done !== undefined) await save(done);
    }
  }

  /** Only a help for the next start: without it Telegram sends again what main already has, and main knows that. */
  const save = (updateId: number): Promise<void> =>
    context.save({ botId, updateId, at: Date.now() }).catch((error: unknown) => {
      context.log("warn", "telegram.offset_not_saved", { reason: String(error) });
    });

  return {
    async run() {
      while (!signal.aborted) {
        const startedAt = performance.now();
        const wanted = seconds;
        const updates = await poll().catch((error: unknown) => {
          // A short poll tells soon that all is well again; against a rival it would only say so for a moment.
          seconds = toChannelError(error).code === "conflict" ? settings.pollSeconds : 0;
          throw error;
        });
        context.alive();
        seconds = settings.pollSeconds;
        onAnswer();
        await take(updates);
        const wasHasty = wanted > 0 && performance.now() - startedAt < EMPTY_PAUSE_MS;
        if (updates.length === 0 && wasHasty) await sleep(EMPTY_PAUSE_MS, signal);
      }
    },
  };
}

const newest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);

/** The number up to which an earlier worker had everything committed; another bot counts its own. */
function savedUpdate(saved: Record<string, unknown>, botId: string): number | undefined {
  const checked = checkSaved(saved);
  if (!checked.ok || checked.value.botId !== botId) return undefined;
  return Date.now() - checked.value.at < SAVED_MAX_AGE_MS ? checked.value.updateId : undefined;
}
