/** `openclaw nodes run`: a command on a node; when the node wants a person's word, asks for it and waits. */
import { Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { commandText } from "../approval/command_text.ts";
import { uuid } from "../observe/clock.ts";
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { duration } from "./format.ts";
import { asSentence, invoke, invokeRaw, nodeErrorOf } from "./nodes_call.ts";
import { nodeName, pickNode } from "./nodes_pick.ts";
import { type NodeRow, RunResult } from "./nodes_payloads.ts";
import type { Options } from "./options.ts";
import { clean } from "./output.ts";
import { read } from "./payloads.ts";

const RUN_MS = 60_000;
/** What the gateway and the node need beside the command's own time. */
const EXTRA_MS = 10_000;
const ASK_MS = 2 * 60_000;

const Accepted = Type.Object({ id: Type.String(), expiresAtMs: Type.Optional(Type.Number()) });
const Decided = Type.Object({ decision: Type.Union([Type.String(), Type.Null()]) });

interface Wish {
  readonly argv: readonly string[];
  readonly runId: string;
  readonly timeoutMs: number;
  readonly cwd: string | undefined;
  readonly sessionKey: string | undefined;
  readonly agentId: string | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
}

export const runCommand: Command = (context, options, argv) =>
  withGateway(context, options, async (session) => {
    const node = await pickNode(session, options.text("node"));
    const wish: Wish = {
      argv,
      runId: uuid(),
      timeoutMs: options.duration("timeout") ?? RUN_MS,
      cwd: options.text("cwd"),
      sessionKey: options.text("session"),
      agentId: options.text("agent"),
      env: variables(options),
    };
    const payload = await runOn(context, session, node, wish, options.duration("approvalTimeout") ?? ASK_MS);
    return show(context, options, node, payload);
  });

/** Runs it at once where the node's own rules allow that, else after a person's decision. */
async function runOn(
  context: CliContext,
  session: Session,
  node: NodeRow,
  wish: Wish,
  askMs: number,
): Promise<unknown> {
  const params = paramsOf(wish);
  const deadline = wish.timeoutMs + EXTRA_MS;
  try {
    return await invokeRaw(session, node, "system.run", params, deadline);
  } catch (error) {
    const needsWord = nodeErrorOf(error)?.message === "SYSTEM_RUN_DENIED: approval required";
    if (!needsWord) throw asSentence(error, node, "system.run");
  }
  const decision = await ask(context, session, node, wish, askMs);
  if (decision === null) throw new CliError("temporary", "Nobody decided in time; the command did not run");
  if (decision !== "allow-once" && decision !== "allow-always") {
    throw new CliError("failed", "The command was denied and did not run");
  }
  return await invoke(session, node, "system.run", { ...params, approved: true, approvalDecision: decision }, deadline);
}

const paramsOf = ({ argv, runId, timeoutMs, cwd, sessionKey, agentId, env }: Wish) => ({
  command: argv,
  rawCommand: commandText(argv),
  runId,
  timeoutMs,
  ...(cwd === undefined ? {} : { cwd }),
  ...(env === undefined ? {} : { env }),
  ...(sessionKey === undefined ? {} : { sessionKey }),
  ...(agentId === undefined ? {} : { agentId }),
});

/** The person's decision; null when there was none in time. */
async function ask(
  { out }: CliContext,
  session: Session,
  node: NodeRow,
  wish: Wish,
  timeoutMs: number,
): Promise<string | null> {
  const request = {
    id: wish.runId,
    command: commandText(wish.argv),
    commandArgv: wish.argv,
    host: "node",
    nodeId: node.nodeId,
    timeoutMs,
    twoPhase: true,
    ...(wish.cwd === undefined ? {} : { cwd: wish.cwd }),
    ...(wish.sessionKey === undefined ? {} : { sessionKey: wish.sessionKey }),
    ...(wish.agentId === undefined ? {} : { agentId: wish.agentId }),
  };
  const answer = await session.client.request("exec.approval.request", request, { timeoutMs: timeoutMs + EXTRA_MS });
  // An older gateway knows no two phases: its one answer, held until now, has the decision.
  if (isDecided(answer)) return answer.decision;
  const { id } = read("exec.approval.request", Accepted, answer);
  out.note(
    `Waiting up to ${duration(timeoutMs)} for somebody to allow it on "${nodeName(node)}": ${clean(request.command)}`,
  );
  out.note(`Decide in WebChat, in a chat of the owner, or with: openclaw approvals allow ${clean(id)}`);
  const deadline = { timeoutMs: timeoutMs + EXTRA_MS };
  return read(
    "exec.approval.waitDecision",
    Decided,
    await session.client.request("exec.approval.waitDecision", { id }, deadline),
  ).decision;
}

const isDecided = checker(Decided).is;

/** Prints what the command printed; its exit code becomes ours where it can. */
function show({ out }: CliContext, options: Options, node: NodeRow, payload: unknown): number {
  const result = read("system.run", RunResult, payload);
  if (options.flag("json")) {
    out.json(payload);
  } else {
    out.write(printable(result.stdout));
    for (const line of printable(result.stderr).split("\n").slice(0, -1)) out.note(line);
    if (result.error) out.note(`On "${nodeName(node)}": ${clean(result.error)}`);
  }
  return result.success === true ? 0 : 1;
}

/** Without control characters, and with a newline at its end. */
function printable(text = ""): string {
  const plain = clean(text);
  return plain === "" || plain.endsWith("\n") ? plain : `${plain}\n`;
}

/** `--env NAME=value`, which may be repeated. */
function variables(options: Options): Readonly<Record<string, string>> | undefined {
  const pairs = options.list("env").map((written) => {
    const at = written.indexOf("=");
    if (at < 1) throw new CliError("usage", `Cannot use --env "${written}": NAME=value is needed`);
    return [written.slice(0, at), written.slice(at + 1)] as const;
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
