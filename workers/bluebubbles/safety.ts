/** Up to when messages are in main's inbox, saved for the look back after a pause. */
import type { ProviderContext } from "../runtime/provider.ts";

export interface Safety {
  readonly until: number | undefined;
  safe(at: number): void;
}

/** Beside it lies nothing else in the saved state of the account. */
export function createSafety(
  { saved, save, log, signal }: Pick<ProviderContext, "saved" | "save" | "log" | "signal">,
): Safety {
  const before = saved["safeUntil"];
  let until = typeof before === "number" ? before : undefined;
  let saving = false;

  async function write(): Promise<void> {
    let written: number | undefined;
    do {
      written = until;
      try {
        await save({ safeUntil: written });
      } catch (error) {
        if (!signal.aborted) log("warn", "bluebubbles.place_not_saved", { reason: String(error) });
        return;
      }
    } while (written !== until);
  }

  return {
    get until() {
      return until;
    },
    safe(at) {
      if (until !== undefined && at <= until) return;
      // A clock of the other side that goes ahead must not hide what comes now.
      until = Math.min(at, Date.now());
      if (saving) return;
      saving = true;
      write().finally(() => saving = false);
    },
  };
}
