/**
 * The program that stands in for imsg: a pipe to the Mac of the test (`mac.ts`), which decides what it says and when it
 * ends. Arguments: the port of that Mac, then what the caller gave. Imports nothing, so that it starts at once.
 */
const [port = "0", ...args] = Deno.args;
const link = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
const writer = link.writable.getWriter();
const tell = (message: unknown) => writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
await tell({ args, env: Deno.env.toObject(), pid: Deno.pid });

/** Told by the Mac: does not end when its input ends. */
let deaf = false;

async function readInput(): Promise<void> {
  for await (const chunk of Deno.stdin.readable) await tell({ input: chunk.toBase64() });
  if (!deaf) Deno.exit(0);
}

interface Order {
  readonly out?: string;
  readonly err?: string;
  readonly exit?: number;
  readonly deaf?: boolean;
}

function obey({ out, err, exit, deaf: stays }: Order): void {
  const write = (stream: { writeSync(bytes: Uint8Array): number }, base64: string) => {
    const bytes = Uint8Array.fromBase64(base64);
    for (let at = 0; at < bytes.byteLength;) at += stream.writeSync(bytes.subarray(at));
  };
  if (out !== undefined) write(Deno.stdout, out);
  if (err !== undefined) write(Deno.stderr, err);
  if (stays !== undefined) deaf = stays;
  if (exit !== undefined) Deno.exit(exit);
}

readInput().catch(() => Deno.exit(1));
let rest = "";
const decoder = new TextDecoder();
for await (const chunk of link.readable) {
  const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) obey(JSON.parse(line));
}
Deno.exit(0);
