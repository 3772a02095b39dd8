/** One running program of the test's Mac: what it was started with, and its pipes. */

export interface Program {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Bytes on its output; a text gets a line feed. */
  out(data: string | Uint8Array): void;
  err(text: string): void;
  exit(code: number): void;
  /** It does not end by itself any more. */
  deafen(): void;
  readonly gone: boolean;
}

interface Events {
  started(program: Program): void;
  /** One line of its input. */
  line(program: Program, line: string): void;
  ended(program: Program): void;
}

/** Reads one connection of `imsg.ts` to its end. */
export async function serveProgram(connection: Deno.TcpConn, events: Events): Promise<void> {
  const writer = connection.writable.getWriter();
  let gone = false;
  let program: Program | undefined;
  const order = (message: unknown): void => {
    if (!gone) writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`)).catch(() => {});
  };
  const base64 = (data: string | Uint8Array) =>
    (typeof data === "string" ? new TextEncoder().encode(`${data}\n`) : data).toBase64();

  function hear(line: string, input: { rest: string; readonly decoder: TextDecoder }): void {
    const told = JSON.parse(line);
    if (typeof told.input === "string" && program) {
      const lines = (input.rest + input.decoder.decode(Uint8Array.fromBase64(told.input), { stream: true })).split(
        "\n",
      );
      input.rest = lines.pop() ?? "";
      for (const each of lines) events.line(program, each);
      return;
    }
    program = {
      args: told.args,
      env: told.env,
      pid: told.pid,
      out: (data) => order({ out: base64(data) }),
      err: (text) => order({ err: base64(text) }),
      exit: (code) => order({ exit: code }),
      deafen: () => order({ deaf: true }),
      get gone() {
        return gone;
      },
    };
    events.started(program);
  }

  const input = { rest: "", decoder: new TextDecoder() };
  let rest = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of connection.readable) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) hear(line, input);
    }
  } catch {
    // It was killed.
  }
  gone = true;
  await writer.close().catch(() => {});
  if (program) events.ended(program);
}
