/** The program imsg as a child: lines out of it, lines into it, and an end that always comes. */
import { createLines } from "./lines.ts";
import type { Settings } from "./settings.ts";

/** What may wait to be written: a program that reads nothing any more is not alive. */
const MAX_WAITING = 4 * 1024 * 1024;
/** How long it may take to end by itself after its input was closed. */
const LEAVE_MS = 1_500;

export interface ChildEvents {
  line(line: string): void;
  /** Free text on the error output, or an output line that was too long. */
  noise(text: string): void;
  /** Called once, after all of its output was handed on. */
  ended(how: string): void;
}

export interface Child {
  /** False: nothing was written, because it does not read or has ended. */
  write(line: string): boolean;
  /** Closes its input, waits, and kills it when it does not go. Resolves when it is gone. */
  end(): Promise<void>;
  kill(): void;
}

/** Throws when the program cannot be started. */
export function startChild({ cliPath, dbPath, env }: Settings, events: ChildEvents): Child {
  const process = new Deno.Command(cliPath, {
    args: ["rpc", ...(dbPath === undefined ? [] : ["--db", dbPath])],
    // The child is not confined: it would inherit the gateway's environment, secrets included.
    clearEnv: true,
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  writer.closed.catch(() => {});
  let waiting = 0;
  let ended = false;

  const gone = (async () => {
    const tooLong = () => events.noise("a line that was too long");
    await Promise.all([
      drain(process.stdout, createLines(events.line, tooLong)),
      drain(process.stderr, createLines(events.noise, () => {}, 16 * 1024)),
    ]);
    const { code, signal } = await process.status;
    ended = true;
    await writer.abort().catch(() => {});
    events.ended(signal === null ? `exit code ${code}` : `signal ${signal}`);
  })();

  const kill = (): void => {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  return {
    kill,
    write(line) {
      const bytes = new TextEncoder().encode(`${line}\n`);
      if (ended || waiting + bytes.byteLength > MAX_WAITING) return false;
      waiting += bytes.byteLength;
      writer.write(bytes).then(() => waiting -= bytes.byteLength, () => {});
      return true;
    },
    async end() {
      // Not awaited: closing waits for what is still to be written, and a stuck program reads nothing.
      writer.close().catch(() => {});
      const timer = setTimeout(kill, LEAVE_MS);
      await gone.catch(() => {});
      clearTimeout(timer);
    },
  };
}

async function drain(stream: ReadableStream<Uint8Array>, lines: ReturnType<typeof createLines>): Promise<void> {
  try {
    for await (const chunk of stream) lines.push(chunk);
    lines.end();
  } catch {
    // The pipe broke: the status says why.
  }
}
