/** `openclaw gateway`: environment, configuration, state directory, locks, app; then runs until a signal. */
import { systemClock } from "../observe/clock.ts";
import type { Env } from "../observe/home.ts";
import { createLog, type Log } from "../observe/log.ts";
import type { RunningGateway } from "../app.ts";
import type { ChannelEntry } from "../config/types.ts";
import { channelEntries } from "../supervisor/shipped.ts";
import { EXITS } from "./exit.ts";
import { gatewayFlags, keepGeneratedToken, listenError, makeStateDir, prepare, type Prepared } from "./gateway_boot.ts";
import { type Locks, takeGatewayLocks } from "./gateway_locks.ts";
import { configSource } from "./gateway_config.ts";
import { takeSignals } from "./signals.ts";
import { startLines } from "./start_lines.ts";

export interface GatewayCommandOptions {
  readonly env: Env;
  readonly version: string;
  /** Writes one line to standard output; the newline is added. */
  readonly print: (line: string) => void;
  readonly port?: string | undefined;
  readonly bind?: string | undefined;
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  readonly verbose?: boolean | undefined;
  readonly drainMs?: number | undefined;
  /** Providers beside the shipped ones, or in their place; only tests/ has any, and no option of main.ts sets it. */
  readonly workerEntries?: readonly ChannelEntry[];
}

/** How long running work may go on after the first signal. */
const DRAIN_MS = 10_000;

/**
 * Runs the gateway in the foreground. Resolves with the exit code after a signal: 0 when everything was written out, or
 * 75 (temporary) when it wants to be started again by what supervises it (OPENCLAW_SUPERVISED=1). Throws `CliError` when it cannot start; nothing stays open then.
 */
export async function gatewayCommand(options: GatewayCommandOptions): Promise<number> {
  // Loading the app takes longer than reading the configuration; both go on at once.
  const app = import("../app.ts");
  app.catch(() => {});
  const flags = gatewayFlags(options);
  const entries = channelEntries(options.workerEntries);
  const prepared = await prepare(options.env, flags, entries);
  const { config, paths } = prepared.loaded;
  const log = createLog(
    options.verbose ? "debug" : config.logging.level,
    options.print,
    config.logging.format === "json",
  );
  await makeStateDir(prepared);
  const locks = await takeGatewayLocks(prepared.loaded, options.env, {
    pid: Deno.pid,
    port: config.gateway.port,
    stateDir: config.stateDir,
    startedAt: Date.now(),
  });
  const release = catchStrays(log);
  // Before anything is printed: who reads the process id may send a signal at once.
  const signals = takeSignals();
  try {
    // Under the lock: two first starts at once must not write two tokens.
    const tokenNote = await keepGeneratedToken(prepared);
    const { startGateway } = await app;
    const gateway = await startGateway({
      config,
      log,
      clock: systemClock,
      version: options.version,
      listen: prepared.plan.addresses,
      staticDir: paths.staticDir,
      source: configSource({ env: options.env, flags, prepared, entries }),
      workerEntries: options.workerEntries ?? [],
      supervised: options.env.get("OPENCLAW_SUPERVISED") === "1",
    }).catch((error: unknown) => {
      throw listenError(error, prepared.plan);
    });
    for (const line of linesOf(options, prepared, gateway, locks, tokenNote)) options.print(line);
    const drainMs = options.drainMs ?? DRAIN_MS;
    // The first signal, or the gateway's own wish for a restart.
    const restart = await Promise.race([signals.first.then(() => undefined), gateway.restartWanted]);
    log.info("gateway.stopping", { reason: restart ?? "signal", drainMs });
    await gateway.stop(restart === undefined ? "gateway stopping" : "service restart", drainMs);
    log.info("gateway.stopped", {});
    return restart === undefined ? EXITS.ok.code : EXITS.temporary.code;
  } finally {
    signals.release();
    release();
    locks.release();
  }
}

function linesOf(
  { version }: GatewayCommandOptions,
  { loaded, held, plan }: Prepared,
  gateway: RunningGateway,
  locks: Locks,
  tokenNote: string | undefined,
): string[] {
  return startLines({
    version,
    pid: Deno.pid,
    loaded,
    held,
    tokenNote,
    listening: gateway.addresses,
    warnings: [plan.warning, locks.warning].filter((text) => text !== undefined),
    webchatLink: gateway.webchatLink(),
    certificate: gateway.certificate,
    canvas: loaded.config.canvasHost.enabled ? gateway.canvas : undefined,
  });
}

/**
 * An error that no library handled must not take every chat down with it: it is logged, and the gateway goes on.
 * Returns how to undo that.
 */
function catchStrays(log: Log): () => void {
  const rejected = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    log.error("process.rejection", strayFields(event.reason));
  };
  const failed = (event: ErrorEvent) => {
    event.preventDefault();
    log.error("process.error", strayFields(event.error ?? event.message));
  };
  globalThis.addEventListener("unhandledrejection", rejected);
  globalThis.addEventListener("error", failed);
  return () => {
    globalThis.removeEventListener("unhandledrejection", rejected);
    globalThis.removeEventListener("error", failed);
  };
}

const strayFields = (error: unknown) => ({
  error,
  at: error instanceof Error ? error.stack?.split("\n").slice(1, 4).map((line) => line.trim()).join(" < ") : undefined,
});
