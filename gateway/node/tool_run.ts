/** The tool node_run: a command on a node's host, after the rules of the owner or a person allowed it. */
import { Closed, NonEmpty, Open, type Static, Type } from "../../schemas/primitives.ts";
import type { NodeView } from "../../schemas/method/nodes.ts";
import { checker } from "../../schemas/validate.ts";
import { defineTool } from "../agent/tool_define.ts";
import type { Tool, ToolContext } from "../agent/types.ts";
import { verdict } from "../approval/allowlist.ts";
import { commandText } from "../approval/command_text.ts";
import { normalizeAgentId } from "../config/agent_id.ts";
import { callNode, chooseNode, labelOf } from "./tool_call.ts";
import { Node } from "./tool_media.ts";
import type { NodeToolDeps } from "./tool_deps.ts";

const ASK_MS = 120_000;
const MAX_RUN_MS = 300_000;
const DEFAULT_RUN_MS = 60_000;
/** UTF-16 units of stdout and of stderr that the model reads: the beginning and, mostly, the end. */
const MAX_HEAD = 4 << 10;
const MAX_TAIL = 8 << 10;

/** Variables have no place of their own: nobody who approves a command would see them. `env A=1 …` is a command. */
const Args = Closed({
  node: Node,
  command: Type.Array(Type.String({ maxLength: 16_384 }), {
    minItems: 1,
    maxItems: 256,
    description: 'Program and arguments, each by itself: ["ls", "-l"]. For a shell line: ["sh", "-c", "ls | wc -l"]',
  }),
  cwd: Type.Optional(NonEmpty),
  timeoutMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: MAX_RUN_MS, description: "Default 60000" })),
});

const Opt = Type.Optional;
const Result = Open({
  exitCode: Opt(Type.Union([Type.Number(), Type.Null()])),
  timedOut: Opt(Type.Boolean()),
  stdout: Opt(Type.Union([Type.String(), Type.Null()])),
  stderr: Opt(Type.Union([Type.String(), Type.Null()])),
  error: Opt(Type.Union([Type.String(), Type.Null()])),
});
const checkResult = checker(Result);

/** What a person allowed, as the node wants it. */
interface Approval {
  readonly runId: string;
  readonly approved: true;
  readonly approvalDecision: "allow-once" | "allow-always";
}

export const runTool = (deps: NodeToolDeps): Tool =>
  defineTool({
    name: "node_run",
    deadlineMs: ASK_MS + MAX_RUN_MS + 20_000,
    description:
      "Runs a command on a node's computer. Unless the owner's rules allow it, a person is asked first and may " +
      "take two minutes to answer.",
    args: Args,
    async run(args, context) {
      const node = chooseNode(deps.nodes, "system.run", args.node);
      const host = node.platform === undefined ? {} : { platform: node.platform };
      const known = deps.approvals.allowed(context.agentId, args.command, host);
      if (!known) await refuseForbidden(deps, context.agentId, args.command, host);
      const first = known ? undefined : await askPerson(deps, node, args, context);
      const payload = await invoke(deps, node, args, context, first).catch(async (error: unknown) => {
        // The gateway's rules allow it, but the node has rules of its own that want a person's word.
        if (first || !(error instanceof Error) || !error.message.includes("approval required")) throw error;
        return await invoke(deps, node, args, context, await askPerson(deps, node, args, context));
      });
      return describe(payload, node);
    },
  });

/** What the owner's rules forbid is nobody's to allow: no person is asked. A file that cannot be read forbids nothing. */
async function refuseForbidden(
  { approvals }: NodeToolDeps,
  agentId: string,
  command: readonly string[],
  host: { readonly platform?: string },
): Promise<void> {
  const snapshot = await approvals.file.get().catch(() => undefined);
  if (snapshot && verdict(snapshot.file, normalizeAgentId(agentId), command, host).decision === "deny") {
    throw new Error(
      `Cannot run ${commandText(command)}: the owner's rules for commands forbid it (exec-approvals.json)`,
    );
  }
}

/** Throws what the model must know when nobody allowed it. An aborted run takes its question back. */
async function askPerson(
  { approvals }: NodeToolDeps,
  node: NodeView,
  { command, cwd }: Static<typeof Args>,
  { agentId, sessionKey, signal }: ToolContext,
): Promise<Approval> {
  const subject = { host: "node", security: null, ask: null, resolvedPath: null, nodeId: node.nodeId };
  const text = commandText(command);
  const request = { ...subject, command: text, cwd: cwd ?? null, agentId, sessionKey };
  const open = approvals.ask({ request, argv: command, timeoutMs: ASK_MS });
  const takeBack = (): void => approvals.cancel(open.id);
  signal.addEventListener("abort", takeBack, { once: true });
  if (signal.aborted) takeBack();
  const decision = await open.decision.finally(() => signal.removeEventListener("abort", takeBack));
  if (decision === "deny") {
    throw new Error(`Cannot run ${text}: the person denied it. Do not try it another way; ask them`);
  }
  if (decision === null) {
    throw new Error(`Cannot run ${text}: nobody allowed it in time. Ask the person, then try again`);
  }
  return { runId: open.id, approved: true, approvalDecision: decision };
}

async function invoke(
  { nodes }: NodeToolDeps,
  node: NodeView,
  { command, cwd, timeoutMs = DEFAULT_RUN_MS }: Static<typeof Args>,
  context: ToolContext,
  approval: Approval | undefined,
): Promise<unknown> {
  const { agentId, sessionKey } = context;
  const params = { command, cwd, timeoutMs, agentId, sessionKey, ...approval };
  const call = { node, command: "system.run", params, timeoutMs: timeoutMs + 10_000 };
  return (await callNode(nodes, { ...call, part: approval ? ":approved" : "" }, context)).payload;
}

function describe(payload: unknown, node: NodeView): string {
  const checked = checkResult(payload);
  if (!checked.ok) throw new Error(`Cannot use the answer to system.run: ${checked.error}`);
  const { exitCode, timedOut, stdout, stderr, error } = checked.value;
  const ended = timedOut === true ? "stopped: it took too long" : `exit code ${exitCode ?? "unknown"}`;
  const part = (name: string, text: string | null | undefined): string[] =>
    text === null || text === undefined || text === "" ? [] : [`${name}:`, shorten(text)];
  const lines = [`${labelOf(node)}: ${ended}`, ...part("stdout", stdout), ...part("stderr", stderr)];
  return [...lines, ...(error ? [`error: ${error.slice(0, 1_000)}`] : [])].join("\n");
}

function shorten(text: string): string {
  if (text.length <= MAX_HEAD + MAX_TAIL) return text;
  const left = text.length - MAX_HEAD - MAX_TAIL;
  return `${text.slice(0, MAX_HEAD).toWellFormed()}\n[${left} characters left out]\n${
    text.slice(-MAX_TAIL).toWellFormed()
  }`;
}
