/** Messages on their way to main: each once, no echoes, and the place in the store written down behind them. */
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import type { Echoes } from "./echo.ts";
import { readMessage } from "./inbound.ts";
import type { Settings } from "./settings.ts";
import { MessageParams } from "./wire.ts";

const checkParams = checker(MessageParams);
const MAX_SEEN = 4_096;

export interface Intake {
  /** Takes the parameters of one `message` notification. Never waits and never throws. */
  take(params: unknown): void;
  /** The row up to which everything is in main's inbox; undefined at the very first start. */
  readonly lastRow: number | undefined;
}

export interface IntakeDeps {
  readonly context: Pick<ProviderContext, "inbound" | "log" | "saved" | "save" | "signal">;
  readonly settings: Settings;
  readonly echoes: Echoes;
  /** Main takes no more: the place in the store is kept, and the subscription must begin there again. */
  readonly onFull: () => void;
}

export function createIntake({ context, settings, echoes, onFull }: IntakeDeps): Intake {
  const { log } = context;
  const seen = new Set<string>();
  const saved = context.saved["lastRow"];
  let lastRow = typeof saved === "number" && Number.isSafeInteger(saved) ? saved : undefined;
  /** Rows handed over and not yet in the inbox: the place never goes past the first of them. */
  const open = new Set<number>();
  let highest = lastRow ?? 0;
  let saving = false;

  function done(row: number | undefined): void {
    if (row === undefined) return;
    open.delete(row);
    highest = Math.max(highest, row);
    const place = open.size === 0 ? highest : Math.min(highest, Math.min(...open) - 1);
    if (place <= (lastRow ?? 0)) return;
    lastRow = place;
    if (saving) return;
    saving = true;
    save().finally(() => saving = false);
  }

  async function save(): Promise<void> {
    for (let written = -1; written !== lastRow;) {
      written = lastRow ?? 0;
      try {
        await context.save({ lastRow: written });
      } catch (error) {
        if (!context.signal.aborted) log("warn", "imessage.place_not_saved", { reason: String(error) });
        return;
      }
    }
  }

  return {
    get lastRow() {
      return lastRow;
    },
    take(params) {
      const checked = checkParams(params);
      if (!checked.ok) return log("warn", "imessage.message_unreadable", { reason: checked.error });
      const { message } = checked.value;
      const row = message.id;
      const drop = (reason: string): void => {
        log("info", "imessage.message_dropped", { reason, guid: message.guid ?? undefined, row });
        done(row);
      };
      const { groups, maxAgeMs } = settings;
      const reading = readMessage(message, { groups, maxAgeMs, now: Date.now() });
      if ("dropped" in reading) return drop(reading.dropped);
      const { event, names } = reading;
      if (seen.has(event.dedupeKey)) {
        // Still on its way to the inbox: only its own acknowledgement may move the place past it.
        return row !== undefined && open.has(row) ? undefined : drop("seen_before");
      }
      if (echoes.take(names, event.text)) return drop("echo");
      seen.add(event.dedupeKey);
      for (const oldest of seen) {
        if (seen.size <= MAX_SEEN) break;
        seen.delete(oldest);
      }
      if (row !== undefined) open.add(row);
      context.inbound(event).then(() => done(row), (error: unknown) => {
        if (context.signal.aborted) return;
        log("warn", "imessage.message_not_taken", { guid: event.dedupeKey, reason: String(error) });
        // What main can never take must not stop everything behind it.
        if (!String(error).includes("wait already")) return done(row);
        seen.delete(event.dedupeKey);
        onFull();
      });
    },
  };
}
