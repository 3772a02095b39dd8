/**
 * What each screen shows, kept over restarts. A screen is one row: the page in front, and its A2UI surfaces as the
 * messages that rebuild them. Everyone who looks is told by one event; whoever comes late reads the row.
 */
import { invalid } from "../../schemas/error.ts";
import { type CanvasChange, CanvasChangedEvent } from "../../schemas/event/canvas.ts";
import { CanvasState } from "../../schemas/method/canvas.ts";
import { checker } from "../../schemas/validate.ts";
import type { Bus } from "../bus.ts";
import type { Clock } from "../observe/clock.ts";
import type { Db } from "../storage/db.ts";
import { type Board, compact, push, restore } from "./a2ui/board.ts";
import { createDialects } from "./a2ui/dialects.ts";
import { LIMITS } from "./a2ui/problem.ts";
import { createActionGate } from "./action_gate.ts";
import { checkPage, ownPage } from "./page.ts";
import { createRecent } from "./recent.ts";
import type { Screen, Screens } from "./types.ts";

/** Screens that are kept; beyond it the one that changed longest ago goes. */
const MAX_SCREENS = 500;
const EMPTY: CanvasState = { revision: 0, page: null, a2ui: null };

export interface ScreensDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** Pages that show a chat hear of its canvas. */
  readonly bus: Bus;
  /** Whether a host with its port names this gateway. */
  readonly isOwnHost?: (host: string) => boolean;
  /** Where the build put A2UI's schemas, when not at its usual place. */
  readonly schemaDir?: string;
}

/** A screen in memory: its state, and its surfaces once somebody pushed to them. */
interface Kept {
  readonly state: CanvasState;
  readonly board: Board | undefined;
}

const keyOf = (screen: Screen): string => "nodeId" in screen ? `node:${screen.nodeId}` : `chat:${screen.sessionKey}`;
const isState = checker(CanvasState);

export function createScreens({ db, clock, bus, isOwnHost = () => false, schemaDir }: ScreensDeps): Screens {
  const dialectOf = createDialects(schemaDir);
  const recent = createRecent<Kept>();
  const gate = createActionGate(clock);
  const listeners: ((screen: Screen, change: CanvasChange, state: CanvasState) => void)[] = [];

  const read = (screen: Screen): Kept => {
    const key = keyOf(screen);
    const known = recent.get(key);
    if (known) return known;
    const text = db.get("SELECT state FROM screens WHERE screen = ?", key)?.["state"];
    if (typeof text !== "string") return { state: EMPTY, board: undefined };
    const state = isState(JSON.parse(text));
    const kept = { state: state.ok ? state.value : EMPTY, board: undefined };
    recent.set(key, kept, text.length);
    return kept;
  };

  const keep = (screen: Screen, kept: Kept, change: CanvasChange): CanvasState => {
    const { state } = kept;
    const key = keyOf(screen);
    const text = JSON.stringify(state);
    // Counted in characters first: bytes are never fewer, and most states are far below.
    if (text.length > LIMITS.stateBytes || new TextEncoder().encode(text).length > LIMITS.stateBytes) {
      throw invalid(
        `Cannot keep the surfaces: they would take more than ${LIMITS.stateBytes} bytes; delete some first`,
      );
    }
    save(db, key, text, clock.now());
    recent.set(key, kept, text.length);
    if ("sessionKey" in screen) {
      bus.publish(CanvasChangedEvent, { sessionKey: screen.sessionKey, revision: state.revision, change });
    }
    for (const listener of listeners) listener(screen, change, state);
    return state;
  };

  const next = ({ state }: Kept, part: Partial<CanvasState>): CanvasState => ({
    ...state,
    ...part,
    revision: state.revision + 1,
  });

  return {
    get: (screen) => read(screen).state,
    present(screen, wanted) {
      // A node tells by itself which addresses are the canvas host's, under whatever name it reaches us.
      const page = checkPage("sessionKey" in screen ? ownPage(wanted, isOwnHost) : wanted);
      const old = read(screen);
      return keep(screen, { ...old, state: next(old, { page }) }, { kind: "present", page });
    },
    hide(screen) {
      const old = read(screen);
      return keep(screen, { ...old, state: next(old, { page: null }) }, { kind: "hide" });
    },
    push(screen, messages, dryRun = false) {
      const old = read(screen);
      const before = old.board ?? boardOf(old.state);
      const { board, messages: shown } = push(dialectOf, before, messages);
      const { version } = board;
      const surfaces = [...board.surfaces.keys()];
      if (dryRun) return { version, surfaces, state: old.state };
      const page = { kind: "a2ui" as const, version };
      const state = next(old, { page, a2ui: { version, messages: compact(dialectOf, board) } });
      keep(screen, { state, board }, { kind: "a2ui", version, messages: [...shown] });
      return { version, surfaces, state };
    },
    reset(screen) {
      const old = read(screen);
      const page = old.state.page?.kind === "a2ui" ? null : old.state.page;
      return keep(screen, { state: next(old, { page, a2ui: null }), board: undefined }, { kind: "reset" });
    },
    shownFor(nodeId, sessionKey) {
      const screen = { nodeId };
      const { state: { sessionKey: before, ...state }, board } = read(screen);
      if (before === sessionKey) return;
      const now = { ...state, ...(sessionKey === undefined ? {} : { sessionKey }) };
      const text = JSON.stringify(now);
      save(db, keyOf(screen), text, clock.now());
      recent.set(keyOf(screen), { state: now, board }, text.length);
    },
    takeAction: (sessionKey) => gate.take(sessionKey),
    onChange: (listener) => void listeners.push(listener),
  };

  function boardOf({ a2ui }: CanvasState): Board | undefined {
    return a2ui === null ? undefined : restore(dialectOf, a2ui.version, a2ui.messages);
  }
}

function save(db: Db, key: string, state: string, now: number): void {
  db.transaction(() => {
    const changed = db.run("UPDATE screens SET state = ?, updated_at = ? WHERE screen = ?", state, now, key);
    if (changed > 0) return;
    db.run("INSERT INTO screens (screen, state, updated_at) VALUES (?, ?, ?)", key, state, now);
    db.run(
      "DELETE FROM screens WHERE screen IN (SELECT screen FROM screens WHERE screen <> ? ORDER BY updated_at DESC LIMIT -1 OFFSET ?)",
      key,
      MAX_SCREENS - 1,
    );
  });
}
