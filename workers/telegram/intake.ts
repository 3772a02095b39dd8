/** Updates on their way to main: read, mapped, handed over, and only then acknowledged. */
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import type { OpenApi } from "./api.ts";
import { toChannelError } from "./errors.ts";
import { eventsOf, type Known } from "./inbound.ts";
import type { Memory } from "./memory.ts";
import { Numbered, Update } from "./wire.ts";

const checkUpdate = checker(Update, { first: true });
const checkNumbered = checker(Numbered);

export interface Intake {
  /**
   * Resolves with the update's number when its events are in main's inbox, so that it may be acknowledged. An update that
   * cannot be used counts as done and is logged: it would come again for ever. Rejects when the account stops.
   */
  take(raw: unknown): Promise<number | undefined>;
}

export interface IntakeDeps {
  readonly context: Pick<ProviderContext, "inbound" | "log" | "signal">;
  readonly api: OpenApi;
  readonly memory: Memory;
  readonly known: Omit<Known, "isOwn">;
}

export function createIntake({ context, api, memory, known }: IntakeDeps): Intake {
  const { signal, log } = context;

  async function hand(update: Update): Promise<void> {
    const events = eventsOf(update, { ...known, isOwn: memory.isOwn });
    if (events.length === 0) {
      log("info", "telegram.update_ignored", { updateId: update.update_id, kind: kindOf(update) });
    }
    for (const event of events) {
      if (event.kind === "message") { for (const media of event.media) memory.media(media); }
    }
    await Promise.all(events.map((event) =>
      context.inbound(event).catch((error: unknown) => {
        if (signal.aborted) throw error;
        log("warn", "telegram.update_dropped", { updateId: update.update_id, reason: String(error) });
      })
    ));
    if (update.callback_query) answerButton(update.callback_query.id);
  }

  /** The button stops to blink. Telegram forgets the query after a while, so a failure is nothing to repeat. */
  function answerButton(id: string): void {
    api(signal).answerCallbackQuery(id).catch((error: unknown) => {
      if (!signal.aborted) log("info", "telegram.button_not_answered", { reason: toChannelError(error).message });
    });
  }

  return {
    async take(raw) {
      const checked = checkUpdate(raw);
      if (checked.ok) {
        await hand(checked.value);
        return checked.value.update_id;
      }
      const numbered = checkNumbered(raw);
      const updateId = numbered.ok ? numbered.value.update_id : undefined;
      log("warn", "telegram.update_unreadable", { updateId, reason: checked.error });
      return updateId;
    },
  };
}

const kindOf = (update: Update): string => Object.keys(update).find((key) => key !== "update_id") ?? "empty";
