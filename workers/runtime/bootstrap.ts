/**
 * The first import of every worker entry. Runs before any library is loaded: catches what nobody catches, and takes
 * away the globals through which a library could reach main, another worker, the disk or the process.
 */
import process from "node:process";
import { WORKER_CRASH } from "../../schemas/worker/runtime.ts";
import { scrub } from "./scrub.ts";
import { transport } from "./transport.ts";

/** Longest message and stack that a crash report or a console line carries, in UTF-16 units. */
const MAX_TEXT = 4096;

type Level = "debug" | "info" | "warn" | "error";

/** Posts a `log` report made of strings only, so that it can always be cloned. */
function report(level: Level, event: string, fields: Record<string, string>): void {
  const clean = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, scrub(value)]));
  transport.post({ type: "log", level, event, fields: clean });
}

const clip = (text: string): string => text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;

/** A getter of a thrown value may throw itself; the report must still leave. */
function describe(error: unknown): Record<string, string> {
  try {
    if (error instanceof Error) {
      return { name: error.name, message: clip(error.message), stack: clip(error.stack ?? "") };
    }
    return { name: typeof error, message: clip(String(error)), stack: "" };
  } catch {
    return { name: "unknown", message: "an error that cannot be read", stack: "" };
  }
}

let crashed = false;
/**
 * After an uncaught error the state of this worker is unknown, so it ends. It reports first because main's `error`
 * event has neither name nor stack, and it closes itself because `close()` alone is silent.
 */
function crash(error: unknown): void {
  if (crashed) return;
  crashed = true;
  report("error", WORKER_CRASH, describe(error));
  transport.close();
}

self.addEventListener("error", (event) => {
  event.preventDefault();
  crash(event.error ?? event.message);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  crash(event.reason);
});

/** Replaces or removes a member that may be read-only. */
function redefine(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: true });
}

// A channel between workers that main does not see, and a store on the disk that `write: false` does not stop.
for (const name of ["BroadcastChannel", "caches"]) Reflect.deleteProperty(globalThis, name);

// A listener in any thread makes the whole process survive SIGTERM. A no-op, because libraries install some.
redefine(Deno, "addSignalListener", () => {});
redefine(Deno, "removeSignalListener", () => {});

// An exit is silent: main would learn of it by a missed ping alone. This way it is a crash with a reason.
const exit = (): never => {
  crash(new Error("exit was called"));
  throw new Error("Cannot exit: a worker ends when main says so");
};
for (const [holder, name] of [[self, "close"], [Deno, "exit"], [process, "exit"], [process, "reallyExit"]] as const) {
  redefine(holder, name, exit);
}

// Libraries read process.env when they are imported; with `env: false` the real one throws.
redefine(process, "env", Object.create(null));

// Lines of libraries go through main's log: a worker has no business on the process's own output.
const levels = { debug: "debug", log: "info", info: "info", warn: "warn", error: "error", trace: "debug" } as const;
for (const [method, level] of Object.entries(levels)) {
  redefine(console, method, (...values: unknown[]) => {
    report(level, "worker.console", { text: clip(values.map((value) => describe(value)["message"]).join(" ")) });
  });
}
