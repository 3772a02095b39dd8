/**
 * A worker as a process of its own: the same entry and the same permission set, frames over stdin and stdout. It can be
 * killed whatever it does, and its memory has a limit of its own.
 *
 * Main needs the permission to run its own executable (`processHostPermission`), and only when an account asks for
 * `isolation: "process"`. In a compiled executable `Deno.execPath()` is that executable, which is no `deno` and cannot
 * run another entry: there the caller refuses with a sentence.
 */
import { createFrameReader, encodeFrame } from "../../schemas/worker/codec.ts";
import { workerFlags } from "./permissions.ts";
import type { WorkerHost, WorkerHostOptions } from "./worker_host.ts";

/** Megabytes of JavaScript heap. A Deno process starts at 30 to 60 and the largest library adds 85. */
const HEAP_MB = 512;
/** What may wait to be written: three of the largest frames. A process that reads nothing is not alive. */
const MAX_WAITING = 3 * 80 * 1024 * 1024;
const MAX_STDERR_LINE = 2_000;
/** Lines of stderr that are handed on for one process; the rest is counted by nobody and dropped. */
const MAX_STDERR_LINES = 200;

export interface ProcessHostOptions extends WorkerHostOptions {
  readonly heapMb?: number;
  /** Lines that the process or its runtime printed. */
  readonly onPrint?: (line: string) => void;
}

/** The value of `--allow-run` that process isolation needs; undefined when this executable cannot run workers. */
export function processHostPermission(): string | undefined {
  return Deno.build.standalone ? undefined : Deno.execPath();
}

/** Throws when main may not run its own executable, or when it is a compiled one. */
export function startProcess(options: ProcessHostOptions): WorkerHost {
  const { url, permissions, onMessage, heapMb = HEAP_MB } = options;
  const executable = processHostPermission();
  if (executable === undefined) {
    throw new Error('Cannot isolate a worker as "process": a compiled executable has no deno to run it with');
  }
  const child = new Deno.Command(executable, {
    args: [
      "run",
      "--quiet",
      "--cached-only",
      "--frozen",
      "--no-prompt",
      `--v8-flags=--max-old-space-size=${heapMb}`,
      ...workerFlags(permissions),
      url.href,
    ],
    // The environment of the gateway holds secrets; the worker may not read it, and its own children must not get it.
    clearEnv: true,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let ended = false;
  const kill = (): void => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  const fail = (message: string): void => {
    if (ended) return;
    ended = true;
    kill();
    options.onError(message);
  };
  const printed = createPrinter(options.onPrint);
  const reader = createFrameReader(onMessage, (reason) => fail(`its output is no protocol: ${reason}`));
  const outputs = [
    drain(child.stdout, (chunk) => {
      if (!ended) reader.push(chunk);
    }),
    drain(child.stderr, printed.push),
  ];
  // After both streams, or a crash report that is still in the pipe would be lost.
  const gone = Promise.all([child.status, ...outputs]).then(([status]) => fail(endText(status, printed.last())));
  const queue = createWriteQueue(child.stdin, () => fail("it does not read what it is sent"));
  return {
    gone,
    post: (message) => {
      if (!ended) queue.write(encodeFrame(message));
    },
    terminate() {
      ended = true;
      kill();
      queue.close();
    },
  };
}

function endText(status: Deno.CommandStatus, lastLine: string): string {
  const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
  if (/heap|memory/iu.test(lastLine)) return `its process ran out of memory (${how})`;
  return lastLine === "" ? `its process ended (${how})` : `its process ended (${how}): ${lastLine}`;
}

async function drain(stream: ReadableStream<Uint8Array>, take: (chunk: Uint8Array) => void): Promise<void> {
  try {
    for await (const chunk of stream) take(chunk);
  } catch {
    // The pipe broke: the status says why.
  }
}

/** Splits what was printed into lines, so many and so long at most, and keeps the last telling one. */
function createPrinter(onPrint: ((line: string) => void) | undefined) {
  const decoder = new TextDecoder();
  let rest = "";
  let lines = 0;
  let last = "";
  return {
    push(chunk: Uint8Array): void {
      rest += decoder.decode(chunk, { stream: true });
      const parts = rest.split("\n");
      rest = (parts.pop() ?? "").slice(0, MAX_STDERR_LINE);
      for (const part of parts) {
        const line = part.trim().slice(0, MAX_STDERR_LINE);
        if (line === "") continue;
        if (/error|memory|heap/iu.test(line)) last = line.slice(0, 300);
        if (++lines <= MAX_STDERR_LINES) onPrint?.(line);
      }
    },
    last: () => last,
  };
}

/** Writes frames in order. `onFull` when the reader has stopped reading. */
function createWriteQueue(stream: WritableStream<Uint8Array>, onFull: () => void) {
  const writer = stream.getWriter();
  let waiting = 0;
  let closed = false;
  writer.closed.catch(() => {});
  return {
    write(chunks: readonly Uint8Array<ArrayBuffer>[]): void {
      const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
      if (closed) return;
      if (waiting + size > MAX_WAITING) return onFull();
      waiting += size;
      // A broken pipe is an ended process, and its status tells.
      Promise.all(chunks.map((chunk) => writer.write(chunk))).then(() => waiting -= size, () => closed = true);
    },
    close(): void {
      closed = true;
      writer.abort().catch(() => {});
    },
  };
}
