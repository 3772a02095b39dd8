/**
 * Structured log lines: time, level, an event name, fields. No message bodies and no secrets: values under a key that
 * names a secret are replaced before the line is made.
 */
import { redactFields } from "./redact.ts";

export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same log with fields added to every line. */
  with(fields: Fields): Log;
}

/** A log that writes lines at `level` and above to `write` (one call per line, without a newline). */
export function createLog(level: Level, write: (line: string) => void, json = false): Log {
  const least = LEVELS.indexOf(level);
  const make = (base: Fields): Log => {
    const emit = (at: Level) => (event: string, fields: Fields = {}) => {
      if (LEVELS.indexOf(at) < least) return;
      const all = redactFields({ ...base, ...fields });
      const time = new Date().toISOString();
      write(json ? JSON.stringify({ time, level: at, event, ...all }) : textLine(time, at, event, all));
    };
    return {
      debug: emit("debug"),
      info: emit("info"),
      warn: emit("warn"),
      error: emit("error"),
      with: (fields) => make({ ...base, ...fields }),
    };
  };
  return make({});
}

function textLine(time: string, level: Level, event: string, fields: Fields): string {
  const pairs = Object.entries(fields).map(([key, value]) =>
    `${key}=${
      typeof value === "string" && !/[\s"=]/u.test(value) && value !== "" ? value : JSON.stringify(value) ?? "null"
    }`
  );
  return [time, level.padEnd(5), event, ...pairs].join(" ");
}

/** A log that writes nothing. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLog,
};
