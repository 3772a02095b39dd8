/** What this provider keeps across restarts: the account that a login linked, and how far the events were read. */
import type { ProviderContext } from "../runtime/provider.ts";
import { toChannelError } from "./errors.ts";

export interface SavedState {
  /** The number or account id that the last login linked. */
  readonly account?: string;
  /** The owner logged out here; the daemon still holds the account. */
  readonly loggedOut?: boolean;
  /** The id of the last event in main's inbox, from daemons that number their events. */
  readonly lastEventId?: string;
}

export interface Saved {
  readonly now: SavedState;
  /** Changes are written in order; while one is on its way the later ones go together. */
  update(change: SavedState): void;
  /** Resolves when the change is written. */
  commit(change: SavedState): Promise<void>;
}

export function createSaved({ saved, save, log }: Pick<ProviderContext, "saved" | "save" | "log">): Saved {
  let now = read(saved);
  let writing = false;
  let dirty = false;

  async function write(): Promise<void> {
    if (writing) return void (dirty = true);
    writing = true;
    try {
      do {
        dirty = false;
        await save({ ...now });
      } while (dirty);
    } catch (error) {
      // Only a help for the next start: what comes twice is known to main.
      log("info", "signal.place_not_saved", { reason: toChannelError(error).message });
    } finally {
      writing = false;
    }
  }

  return {
    get now() {
      return now;
    },
    update(change) {
      now = { ...now, ...change };
      void write();
    },
    async commit(change) {
      now = { ...now, ...change };
      await save({ ...now });
    },
  };
}

function read(saved: Record<string, unknown>): SavedState {
  const { account, loggedOut, lastEventId } = saved;
  return {
    ...(typeof account === "string" ? { account } : {}),
    ...(loggedOut === true ? { loggedOut } : {}),
    ...(typeof lastEventId === "string" ? { lastEventId } : {}),
  };
}
