/**
 * How a worker reaches main: `postMessage` when it is a Web Worker of the gateway's process, frames over stdin and stdout
 * when it is a process of its own. Decided by what the thread can do; everything else in a worker is the same.
 */
import process from "node:process";
import { createFrameReader, encodeFrame } from "../../schemas/worker/codec.ts";

export interface Transport {
  readonly kind: "worker" | "process";
  /** Throws when the value cannot be cloned or framed. `transfer`: buffers that are moved instead of copied. */
  post(message: unknown, transfer?: Transferable[]): void;
  /** Called once. */
  listen(handle: (data: unknown) => void): void;
  /** Ends this worker at once. */
  close(): void;
}

// Kept before the bootstrap replaces them: calls of a library are reported, ours are meant.
const closeWorker = typeof self.close === "function" ? self.close.bind(self) : () => {};
const exitProcess = Deno.exit.bind(Deno);

const workerTransport: Transport = {
  kind: "worker",
  post: (message, transfer = []) => self.postMessage(message, { transfer }),
  listen(handle) {
    self.onmessage = (event: MessageEvent) => {
      const data: unknown = event.data;
      handle(data);
    };
  },
  close: closeWorker,
};

/** Takes stdin and stdout for the protocol; what a library prints goes to stderr, which main reads as log lines. */
function openStdio(): Transport {
  const { stdin, stdout } = Deno;
  const toStderr = { value: Deno.stderr, configurable: true };
  Object.defineProperty(Deno, "stdout", toStderr);
  Object.defineProperty(process, "stdout", { get: () => process.stderr, configurable: true });
  // Ctrl-C and service managers signal the whole group: main ends its workers in order, so they wait for it. When main
  // is gone, stdin ends and so does the worker.
  for (const signal of ["SIGINT", ...(Deno.build.os === "windows" ? [] : ["SIGTERM" as const])] as const) {
    Deno.addSignalListener(signal, () => {});
  }
  return {
    kind: "process",
    post(message) {
      // Synchronous: order is kept, a crash report leaves before the end, and a full pipe slows the worker down.
      for (const chunk of encodeFrame(message)) {
        for (let at = 0; at < chunk.byteLength;) at += stdout.writeSync(chunk.subarray(at));
      }
    },
    listen(handle) {
      const reader = createFrameReader(handle, () => exitProcess(1));
      const pump = async () => {
        const buffer = new Uint8Array(64 * 1024);
        while (true) {
          const read = await stdin.read(buffer);
          if (read === null) return exitProcess(0);
          reader.push(buffer.slice(0, read));
        }
      };
      pump().catch(() => exitProcess(1));
    },
    close: () => exitProcess(0),
  };
}

export const transport: Transport = typeof self.postMessage === "function" ? workerTransport : openStdio();
