/** Reads the words after `/queue`. */
import type { QueueMode } from "../config/types.ts";
import type { SessionEntry } from "../session/types.ts";

type QueueChange = {
  readonly [K in "queueMode" | "queueDebounceMs" | "queueCap" | "queueDrop"]?: SessionEntry[K] | undefined;
};
type Parsed =
  | { readonly ok: true; readonly change: QueueChange }
  | { readonly ok: false; readonly error: string };

const MODES: Readonly<Record<string, QueueMode>> = {
  "collect": "collect",
  "followup": "followup",
  "steer": "steer",
  "queue": "steer",
  "steer-backlog": "steer-backlog",
  "steer+backlog": "steer-backlog",
  "interrupt": "interrupt",
};
const DROPS = ["summarize", "old", "new"] as const;
const MAX_DEBOUNCE_MS = 600_000;
const MAX_CAP = 1_000;

/** `<mode> debounce:2s cap:25 drop:old` in any order; `default` clears all four. */
export function queueChange(rest: string): Parsed {
  let change: QueueChange = {};
  for (const word of rest.toLowerCase().split(/\s+/u).filter((each) => each !== "")) {
    const part = word === "default" ? CLEARED : readWord(word);
    if (!part) return { ok: false, error: `Cannot read "${word}" after /queue: it is no mode and no option` };
    change = { ...change, ...part };
  }
  return { ok: true, change };
}

const CLEARED: QueueChange = {
  queueMode: undefined,
  queueDebounceMs: undefined,
  queueCap: undefined,
  queueDrop: undefined,
};

function readWord(word: string): QueueChange | undefined {
  const mode = Object.hasOwn(MODES, word) ? MODES[word] : undefined;
  if (mode) return { queueMode: mode };
  const [name, value = ""] = word.split(":", 2);
  if (name === "debounce") {
    const ms = milliseconds(value);
    return ms === undefined ? undefined : { queueDebounceMs: ms };
  }
  if (name === "cap") {
    const cap = /^\d+$/u.test(value) ? Number(value) : 0;
    return cap >= 1 && cap <= MAX_CAP ? { queueCap: cap } : undefined;
  }
  const drop = name === "drop" ? DROPS.find((each) => each === value) : undefined;
  return drop && { queueDrop: drop };
}

/** `2s`, `500ms`, `1m`, or plain milliseconds. */
function milliseconds(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/u.exec(text);
  if (!match) return undefined;
  const unit = match[2] === "s" ? 1_000 : match[2] === "m" ? 60_000 : 1;
  const ms = Math.round(Number(match[1]) * unit);
  return ms <= MAX_DEBOUNCE_MS ? ms : undefined;
}
