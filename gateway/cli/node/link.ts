/** Keeps a node connected for ever: connects, says why not, waits, tries again; a pairing that waits is asked for again. */
import type { Clock } from "../../observe/clock.ts";
import { type GatewayClient, RefusedError } from "../client.ts";
import { CliError } from "../exit.ts";
import { toCliError } from "../failure.ts";
import { clean } from "../output.ts";
import type { Target } from "../target.ts";
import type { WireEnd } from "../wire.ts";
import { Backoff, pause } from "./backoff.ts";

export interface LinkDeps {
  readonly clock: Clock;
  readonly target: Target;
  /** One connection, handshake done. Throws what GatewayClient.connect throws. */
  open(): Promise<GatewayClient>;
  /** Serves a connection until the returned function is called. */
  attach(client: GatewayClient): () => void;
  /** Ends what runs and waits for its answers. */
  settle(): Promise<void>;
  say(line: string): void;
  readonly signal: AbortSignal;
  /** Do not come back after a loss or a refusal. */
  readonly once: boolean;
  readonly backoff?: Backoff;
}

/** How often a node whose device waits for approval asks again. */
export const PAIRING_POLL_MS = 3000;
/** A secret that was refused does not get better quickly, and each try counts against this address. */
const SECRET_WAIT_MS = 30_000;

/** Returns when the signal aborts, with `once` also after the connection's end. With `once`, throws the first CliError. */
export async function keepConnected(deps: LinkDeps): Promise<void> {
  const { clock, signal, once } = deps;
  const backoff = deps.backoff ?? new Backoff();
  let said = "";
  while (!signal.aborted) {
    try {
      const client = await deps.open();
      said = "";
      const since = clock.now();
      const end = await serve(client, deps);
      backoff.held(clock.now() - since);
      if (signal.aborted || once) return;
      deps.say(`Connection lost: ${clean(end.reason) || end.failure || `code ${end.code}`}; trying again`);
      await pause(backoff.next(), clock, signal);
    } catch (error) {
      if (signal.aborted) return;
      const failure = toCliError(error, deps.target);
      if (once || failure.exit === "usage") throw failure;
      const text = sentences(failure);
      // The same reason is told once, not at every try.
      if (text !== said) deps.say(text);
      said = text;
      await pause(waitAfter(error, failure, backoff), clock, signal);
    }
  }
}

async function serve(client: GatewayClient, { attach, settle, signal }: LinkDeps): Promise<WireEnd> {
  const release = attach(client);
  const stopped = Promise.withResolvers<void>();
  const stop = () => stopped.resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const end = await Promise.race([client.ended, stopped.promise]);
    if (end !== undefined) return end;
    await settle();
    return { code: 1000, reason: "", failure: undefined, denied: false };
  } finally {
    signal.removeEventListener("abort", stop);
    release();
    await client.close();
  }
}

function waitAfter(error: unknown, failure: CliError, backoff: Backoff): number {
  const next = backoff.next();
  if (failure.exit === "notPaired") return PAIRING_POLL_MS;
  if (error instanceof RefusedError) {
    return Math.max(next, error.error.retryAfterMs ?? (failure.exit === "refused" ? SECRET_WAIT_MS : 0));
  }
  return next;
}

/** The sentence and its next steps on one line; a pairing that waits goes on by itself, so `run again` is left out. */
function sentences({ message, hints, exit }: CliError): string {
  const steps = exit === "notPaired" ? [...hints.slice(0, 1), "The node goes on by itself then"] : hints;
  return [message, ...steps].join(". ");
}
