/** The library's log, as far as it may leave the worker: sentences only, for its fields hold keys, numbers and messages. */
import type { ProviderContext } from "../runtime/provider.ts";

export interface LibraryLogger {
  level: string;
  child(fields: Record<string, unknown>): LibraryLogger;
  trace(fields: unknown, text?: string): void;
  debug(fields: unknown, text?: string): void;
  info(fields: unknown, text?: string): void;
  warn(fields: unknown, text?: string): void;
  error(fields: unknown, text?: string): void;
}

const nothing = (): void => {};

export function createLibraryLogger(log: ProviderContext["log"]): LibraryLogger {
  const pass = (level: "debug") => (fields: unknown, text?: string): void => {
    const words = text ?? (typeof fields === "string" ? fields : "");
    const error = errorText(fields);
    log(level, "whatsapp.library", { text: words.slice(0, 300), ...(error === undefined ? {} : { error }) });
  };
  const logger: LibraryLogger = {
    // The library writes whole frames when this is "trace" or "debug".
    level: "warn",
    child: () => logger,
    trace: nothing,
    debug: nothing,
    info: nothing,
    // Most of its warnings and errors are routine of the protocol; what matters becomes a state or a failed operation.
    warn: pass("debug"),
    error: pass("debug"),
  };
  return logger;
}

function errorText(fields: unknown): string | undefined {
  if (typeof fields !== "object" || fields === null) return undefined;
  for (const key of ["err", "error", "e", "trace"]) {
    const value: unknown = Reflect.get(fields, key);
    if (value instanceof Error) return value.message.slice(0, 300);
  }
  return undefined;
}
