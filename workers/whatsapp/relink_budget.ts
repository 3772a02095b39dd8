/** How often a number may be linked: WhatsApp bans numbers that link again and again. */

const DAY_MS = 24 * 60 * 60 * 1000;
/** Attempts that showed a code, whether or not somebody used it. */
const MAX_ATTEMPTS = 12;
/** Linkings that succeeded. */
const MAX_LINKED = 4;

export interface RelinkRecord {
  readonly attempts: readonly number[];
  readonly linked: readonly number[];
}

export type RelinkAnswer =
  | { readonly allowed: true; readonly warning: string | undefined }
  | { readonly allowed: false; readonly sentence: string; readonly retryInMs: number };

const WARNING = "Linking again and again can get a number banned by WhatsApp";

/** What was saved, without what is older than a day or not understood. */
export function readRelinks(saved: unknown, now: number): RelinkRecord {
  const times = (key: string): number[] => {
    const list: unknown = typeof saved === "object" && saved !== null ? Reflect.get(saved, key) : undefined;
    if (!Array.isArray(list)) return [];
    return list.filter((at): at is number => typeof at === "number" && at > now - DAY_MS && at <= now).slice(
      -MAX_ATTEMPTS,
    );
  };
  return { attempts: times("attempts"), linked: times("linked") };
}

/** Whether one more linking may begin. */
export function mayRelink(record: RelinkRecord, now: number): RelinkAnswer {
  const { attempts, linked } = readRelinks(record, now);
  const full = linked.length >= MAX_LINKED ? linked : attempts.length >= MAX_ATTEMPTS ? attempts : undefined;
  if (full) {
    const retryInMs = Math.max(1, (full[0] ?? now) + DAY_MS - now);
    const sentence = `This number was linked too often today. ${WARNING}, so this waits until ` +
      `${new Date(now + retryInMs).toISOString()}`;
    return { allowed: false, sentence, retryInMs };
  }
  return { allowed: true, warning: linked.length > 0 || attempts.length >= MAX_ATTEMPTS / 2 ? WARNING : undefined };
}

export const withAttempt = (record: RelinkRecord, now: number): RelinkRecord => ({
  ...record,
  attempts: [...record.attempts, now].slice(-MAX_ATTEMPTS),
});

export const withLinked = (record: RelinkRecord, now: number): RelinkRecord => ({
  ...record,
  linked: [...record.linked, now].slice(-MAX_ATTEMPTS),
});
