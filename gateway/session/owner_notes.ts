/** What the owner must hear of: a system line in the main session, which WebChat shows at once and no model reads. */
import type { Bus } from "../bus.ts";
import type { Clock } from "../observe/clock.ts";
import { createSessionNotifier } from "./notify.ts";
import type { SessionStore, Transcript } from "./types.ts";

/** Lines within a window; the rest is counted in one line, so that an outage cannot bury the chat. */
const MAX_LINES = 10;
const WINDOW_MS = 10 * 60_000;

export interface OwnerNotes {
  /** Joins the caller's transaction. `sentence` may hold ids of chats, never message bodies or secrets. */
  add(sentence: string): void;
}

export function createOwnerNotes(
  deps: {
    readonly clock: Clock;
    readonly bus: Bus;
    readonly sessions: Pick<SessionStore, "ensure">;
    readonly transcript: Pick<Transcript, "append">;
  },
): OwnerNotes {
  const { clock, sessions, transcript } = deps;
  const news = createSessionNotifier(deps);
  let windowStart = 0;
  let lines = 0;

  function write(text: string): void {
    const session = sessions.ensure("main");
    const stored = transcript.append(session.sessionId, {
      role: "system",
      content: [{ type: "text", text }],
      timestamp: clock.now(),
    });
    // After the caller's commit: a line that is rolled back must not be seen.
    queueMicrotask(() => news.messageAppended(session, stored));
  }

  return {
    add(sentence) {
      if (clock.now() - windowStart > WINDOW_MS) {
        windowStart = clock.now();
        lines = 0;
      }
      lines++;
      if (lines <= MAX_LINES) write(sentence);
      else if (lines === MAX_LINES + 1) write("More of this happens; see: openclaw status, openclaw outbox list");
    },
  };
}
