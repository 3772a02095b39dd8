/** One call of a command on a node: deadline, a new key, and the node's own error as a sentence with its next step. */
import { closest, distance } from "fastest-levenshtein";
import { checker } from "../../schemas/validate.ts";
import { uuid } from "../observe/clock.ts";
import { CallError } from "./client.ts";
import type { Session } from "./connect.ts";
import { CliError } from "./exit.ts";
import { nodeName } from "./nodes_pick.ts";
import { Invoked, InvokeDetails, type NodeRow } from "./nodes_payloads.ts";
import type { Options } from "./options.ts";
import { clean, oneLine } from "./output.ts";
import { read } from "./payloads.ts";

export const INVOKE_MS = 30_000;
/** The gateway answers when the node's time is over; a little later we stop waiting for that. */
const GRACE_MS = 5000;
const checkDetails = checker(InvokeDetails);

/** `--timeout` of a call, else 30 s. */
export const invokeTimeout = (options: Options, usual = INVOKE_MS): number => options.duration("timeout") ?? usual;

/** The node's answer. Throws a CliError with exit code 1 when the node or the policy says no. */
export async function invoke(
  session: Session,
  node: NodeRow,
  command: string,
  params: unknown,
  timeoutMs = INVOKE_MS,
): Promise<unknown> {
  try {
    return await invokeRaw(session, node, command, params, timeoutMs);
  } catch (error) {
    throw asSentence(error, node, command);
  }
}

/** The same with the protocol's errors as they are. */
export async function invokeRaw(
  session: Session,
  node: NodeRow,
  command: string,
  params: unknown,
  timeoutMs: number,
): Promise<unknown> {
  const { nodeId } = node;
  const call = { nodeId, command, timeoutMs, idempotencyKey: uuid(), ...(params === undefined ? {} : { params }) };
  const answer = await session.client.request("node.invoke", call, { timeoutMs: timeoutMs + GRACE_MS });
  return read("node.invoke", Invoked, answer).payload;
}

/** The code and message of a node that said no; undefined when the gateway did, or for other errors. */
export function nodeErrorOf(error: unknown): { readonly code: string; readonly message: string } | undefined {
  if (!(error instanceof CallError)) return undefined;
  const checked = checkDetails(error.error.details);
  const said = checked.ok ? checked.value.nodeError : undefined;
  if (said === undefined || said === null) return undefined;
  return { code: said.code ?? "UNAVAILABLE", message: clean(said.message ?? error.error.message) };
}

/** What a node or its policy refused, as a CliError; other errors as they are. */
export const asSentence = (error: unknown, node: NodeRow, command: string): unknown =>
  error instanceof CallError ? refusal(error, node, command) ?? error : error;

function refusal(error: CallError, node: NodeRow, command: string): CliError | undefined {
  const name = nodeName(node);
  const said = nodeErrorOf(error);
  if (said !== undefined) {
    const exit = said.code === "TIMEOUT" ? "temporary" : "failed";
    const text = said.message.startsWith(said.code) ? said.message : `${said.code}: ${said.message}`;
    return new CliError(exit, `"${name}" did not do ${command}: ${text}`, hintsFor(said), error.error);
  }
  const checked = checkDetails(error.error.details);
  const details = checked.ok ? checked.value : {};
  if (details.code === "NOT_CONNECTED") {
    return new CliError("temporary", `"${name}" is not connected`, ["See: openclaw nodes list"], error.error);
  }
  if (details.reason === undefined) return undefined;
  const off = node.offCommands?.find((one) => one.command === command)?.reason;
  const sentence = error.error.message.replace(/^node command not allowed:? ?/u, "");
  const why = clean(sentence || off || details.reason);
  const hints = why.includes("does not offer") ? hintsForName(command, node) : [];
  return new CliError("failed", `"${name}" may not be asked for ${command}: ${why}`, hints, error.error);
}

/** The nearest command that the node has, and where all stand. */
export function hintsForName(command: string, node: NodeRow): string[] {
  const known = commandsOf(node);
  const nearest = known.length > 0 ? closest(command, known) : command;
  const near = nearest !== command && distance(command, nearest) <= 3 ? [`Did you mean: ${oneLine(nearest, 60)}`] : [];
  return [...near, `See: openclaw nodes describe ${node.nodeId.slice(0, 12)}`];
}

/** All that a node offers, on or off. */
export const commandsOf = ({ commands = [], offCommands = [], pendingDeclaredCommands = [] }: NodeRow): string[] => [
  ...commands,
  ...offCommands.map((off) => off.command),
  ...pendingDeclaredCommands,
];

const HINTS: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/_DISABLED$/u, "Switch it on on the node itself"],
  [/PERMISSION_REQUIRED$/u, "Permit it on the node itself, in the system's or the browser's question"],
  [/BACKGROUND/u, "Bring the node's page or app to the front"],
  [/^TIMEOUT$/u, "Wait longer with --timeout 60s"],
];
const hintsFor = ({ code, message }: { readonly code: string; readonly message: string }): string[] =>
  HINTS.filter(([pattern]) => pattern.test(code) || pattern.test(/^[A-Z_]+/u.exec(message)?.[0] ?? ""))
    .map(([, hint]) => hint).slice(0, 1);
