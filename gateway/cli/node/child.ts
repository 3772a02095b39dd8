/** Runs one program to its end: no shell, capped output, a deadline, SIGTERM and then SIGKILL. */
import type { Clock } from "../../observe/clock.ts";
import { unavailable } from "./error.ts";
import { CappedOutput } from "./output_cap.ts";

export interface ChildRequest {
  /** Absolute. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Ends the program as its deadline does. */
  readonly signal: AbortSignal;
}

export interface ChildResult {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly error: string | null;
  /** Present when part of the output was left out. */
  readonly truncated?: true;
}

/** Bytes kept of each stream (canvas facts, section 6). */
export const OUTPUT_CAP = 200 * 1024;
/** Between SIGTERM and SIGKILL. */
export const KILL_GRACE_MS = 5000;
/** A program's own children may hold its output open after it has ended; they are not waited for. */
const PIPE_GRACE_MS = 500;

/** Throws UNAVAILABLE when the program cannot be started; a program that fails is a result. */
export async function runChild(request: ChildRequest, clock: Clock): Promise<ChildResult> {
  const child = spawn(request);
  const stdout = new CappedOutput(OUTPUT_CAP);
  const stderr = new CappedOutput(OUTPUT_CAP);
  const readers = [child.stdout.getReader(), child.stderr.getReader()];
  const drained = Promise.all([drain(readers[0], stdout), drain(readers[1], stderr)]);
  let timedOut = false;
  let killed: (() => void) | undefined;
  const end = () => killed ??= endChild(child, clock);
  const cancelDeadline = clock.after(request.timeoutMs, () => {
    timedOut = true;
    end();
  });
  request.signal.addEventListener("abort", end, { once: true });
  if (request.signal.aborted) end();
  try {
    const status = await child.status;
    await settled(drained, clock);
    const stopped = request.signal.aborted && !timedOut;
    return {
      exitCode: status.signal === null ? status.code : null,
      timedOut,
      success: status.success && !timedOut,
      stdout: stdout.text(),
      stderr: stderr.text(),
      error: reasonOf({ status, timedOut, stopped, timeoutMs: request.timeoutMs }),
      ...(stdout.truncated || stderr.truncated ? { truncated: true } : {}),
    };
  } finally {
    cancelDeadline();
    killed?.();
    request.signal.removeEventListener("abort", end);
    await Promise.all(readers.map((reader) => reader.cancel().catch(() => {})));
    await drained;
  }
}

function spawn({ program, args, cwd, env }: ChildRequest) {
  try {
    return new Deno.Command(program, {
      args: [...args],
      clearEnv: true,
      env: { ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw unavailable(`Cannot run "${program}": ${reason}`);
  }
}

/** Asks the program to end and forces it after the grace; the returned function cancels the forcing. */
function endChild(child: Deno.ChildProcess, clock: Clock): () => void {
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended already.
    }
  };
  kill("SIGTERM");
  return clock.after(KILL_GRACE_MS, () => kill("SIGKILL"));
}

async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  into: CappedOutput,
): Promise<void> {
  try {
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) into.add(part.value);
  } catch {
    // The pipe was given up.
  }
}

async function settled(drained: Promise<unknown>, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(PIPE_GRACE_MS, resolve);
  await Promise.race([drained, promise]);
  cancel();
}

function reasonOf(facts: {
  readonly status: Deno.CommandStatus;
  readonly timedOut: boolean;
  readonly stopped: boolean;
  readonly timeoutMs: number;
}): string | null {
  if (facts.timedOut) return `it was ended after ${facts.timeoutMs} ms`;
  if (facts.stopped) return "the node was stopped";
  return facts.status.signal === null ? null : `a signal ended it: ${facts.status.signal}`;
}
