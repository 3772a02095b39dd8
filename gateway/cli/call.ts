/** `openclaw call <method> [json]`: any method of the protocol, and its answer as it comes. */
import { DEFAULT_TIMEOUT_MS, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import type { Options } from "./options.ts";

/** Methods that are refused without a key (idempotency facts, section 1). A unit test compares this with the method table. */
export const KEYED_METHODS: ReadonlySet<string> = new Set(["agent", "chat.send", "send", "poll", "node.invoke"]);

const MAX_INPUT_BYTES = 24 * 1024 * 1024;
/** A run may take this long when `--expect-final` waits for it and `--timeout` says nothing. */
const FINAL_TIMEOUT_MS = 600_000;

export const callCommand: Command = async (context, options, args) => {
  const method = args[0] ?? "";
  const params = await readParams(context, options, method, args[1]);
  const expectFinal = options.flag("expectFinal");
  const timeoutMs = options.duration("timeout") ?? (expectFinal ? FINAL_TIMEOUT_MS : DEFAULT_TIMEOUT_MS);
  await withGateway(context, options, async ({ client }) => {
    context.out.json(await client.request(method, params, { timeoutMs, expectFinal }) ?? null);
  });
};

/** The parameters: the argument, `--params`, or standard input for `-`; with an idempotency key where one is needed. */
async function readParams(
  context: CliContext,
  options: Options,
  method: string,
  argument: string | undefined,
): Promise<unknown> {
  const named = options.text("params");
  if (argument !== undefined && named !== undefined) {
    throw new CliError("usage", "Cannot read the parameters: give them once, as argument or with --params");
  }
  const given = argument ?? named;
  const text = given === "-" ? await context.input.text(MAX_INPUT_BYTES) : given;
  const params = text === undefined ? undefined : parseObject(text);
  const key = options.text("idempotencyKey");
  if (key === undefined && !KEYED_METHODS.has(method)) return params;
  if (key === undefined && params !== undefined && "idempotencyKey" in params) return params;
  return { ...params, idempotencyKey: key ?? crypto.randomUUID() };
}

function parseObject(text: string): Record<string, unknown> {
  const refuse = (reason: string) =>
    new CliError("usage", `Cannot parse the parameters: ${reason}`, [
      `They are one JSON object, quoted for the shell: openclaw call sessions.list '{"limit":5}'`,
    ]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse("they are no JSON object");
  return { ...value };
}
