/** Standard input: whole, or line by line with editing when it is a terminal. */
import { CliError } from "./exit.ts";
import type { Input, LineReader } from "./context.ts";
import { createTerminalLines } from "./terminal_line.ts";

/** Longest line without a terminal; a longer one is no chat message. */
const MAX_LINE = 4 * 1024 * 1024;

export function standardInput(): Input {
  const isTty = Deno.stdin.isTerminal();
  return {
    isTty,
    lines: ({ onInterrupt }) => isTty ? new TerminalLines(onInterrupt) : new PipedLines(),
    text: async (maxBytes) => await readAll(maxBytes),
    ...(isTty ? { question: terminalQuestion() } : {}),
  };
}

function terminalQuestion(): NonNullable<Input["question"]> {
  let write: (text: string) => void = () => {};
  const buffer = new Uint8Array(4096);
  const ask = createTerminalLines({
    read: async () => {
      const length = await Deno.stdin.read(buffer);
      return length === null ? null : buffer.slice(0, length);
    },
    setRaw: (on) => Deno.stdin.setRaw(on),
    write: (text) => write(text),
  });
  return (prompt, hidden, output) => {
    write = output;
    return ask(prompt, hidden);
  };
}

async function readAll(maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of Deno.stdin.readable) {
    total += part.length;
    if (total > maxBytes) {
      throw new CliError("usage", `Cannot read standard input: it holds more than ${maxBytes} bytes`);
    }
    parts.push(part);
  }
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return new TextDecoder().decode(bytes);
}

/** Lines of a pipe or file. The last one needs no newline. */
class PipedLines implements LineReader {
  readonly #reader = Deno.stdin.readable.getReader();
  prompt(): void {}
  close(): void {
    this.#reader.cancel().catch(() => {});
  }
  async *[Symbol.asyncIterator](): AsyncIterator<string> {
    const decoder = new TextDecoder();
    let rest = "";
    while (true) {
      const { done, value } = await this.#reader.read();
      rest += decoder.decode(value, { stream: !done });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield line.replace(/\r$/u, "");
      if (rest.length > MAX_LINE) throw new CliError("usage", "Cannot read standard input: a line is too long");
      if (done) break;
    }
    if (rest !== "") yield rest;
  }
}

/** Lines of a terminal by `node:readline`, which gives editing and recall. It puts the terminal in raw mode, so Ctrl-C comes as its event. */
class TerminalLines implements LineReader {
  readonly #lines: string[] = [];
  #wake = Promise.withResolvers<void>();
  #closed = false;
  #close: () => void = () => {};
  #prompt: (text: string) => void = (text) => (this.#early = text);
  #early = "";

  constructor(onInterrupt: () => void) {
    void this.#open(onInterrupt);
  }

  async #open(onInterrupt: () => void): Promise<void> {
    const [{ createInterface }, { default: process }] = await Promise.all([
      import("node:readline"),
      import("node:process"),
    ]);
    if (this.#closed) return;
    const reader = createInterface({ input: process.stdin, output: process.stdout, terminal: true, historySize: 200 });
    reader.on("line", (line) => this.#push(line));
    reader.on("SIGINT", onInterrupt);
    reader.on("close", () => this.#end());
    this.#close = () => reader.close();
    this.#prompt = (text) => {
      reader.setPrompt(text);
      reader.prompt(true);
    };
    if (this.#early !== "") this.#prompt(this.#early);
  }

  prompt(text: string): void {
    this.#prompt(text);
  }

  close(): void {
    this.#end();
    this.#close();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<string> {
    while (true) {
      const line = this.#lines.shift();
      if (line !== undefined) yield line;
      else if (this.#closed) return;
      else {
        this.#wake = Promise.withResolvers<void>();
        await this.#wake.promise;
      }
    }
  }

  #push(line: string): void {
    this.#lines.push(line);
    this.#wake.resolve();
  }
  #end(): void {
    this.#closed = true;
    this.#wake.resolve();
  }
}
