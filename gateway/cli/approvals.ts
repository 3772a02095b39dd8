/** `openclaw approvals`: commands that wait for the owner's decision, and the rules that decide without asking. */
import type { ExecDecision, OpenExecApproval } from "../../schemas/event/approval.ts";
import {
  ExecApprovalListResult,
  type ExecApprovalsFile,
  ExecApprovalsSnapshot,
} from "../../schemas/method/approvals.ts";
import { rulesFor } from "../approval/allowlist.ts";
import { visible } from "../approval/command_text.ts";
import { CallError } from "./client.ts";
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { readIfPresent } from "./files.ts";
import { ago, duration } from "./format.ts";
import type { Options } from "./options.ts";
import { nodeName, nodesOf } from "./nodes_pick.ts";
import { clean, oneLine } from "./output.ts";
import { read } from "./payloads.ts";

const MAX_FILE_BYTES = 4 * 1024 * 1024;

export const listCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const payload = await session.call("exec.approval.list", {});
    if (options.flag("json")) return context.out.json(payload);
    const { out, clock } = context;
    const asks = read("exec.approval.list", ExecApprovalListResult, payload);
    if (asks.length === 0) return out.line("No command waits for approval.");
    const names = asks.some(({ request }) => request.nodeId) ? await nodeNames(session) : new Map<string, string>();
    for (const ask of asks) show(context, ask, clock.now(), names);
    out.line("Decide: openclaw approvals allow <id>, or openclaw approvals deny <id>");
  });

type Names = ReadonlyMap<string, string>;

/** What nodes are called, by id; empty for who may decide about commands and not read the list. */
async function nodeNames(session: Session): Promise<Names> {
  try {
    return new Map((await nodesOf(session)).map((node) => [node.nodeId, nodeName(node)]));
  } catch (error) {
    if (error instanceof CallError) return new Map();
    throw error;
  }
}

/** Never cut: nobody should allow what he has not seen. */
function show({ out }: CliContext, { id, request, expiresAtMs }: OpenExecApproval, now: number, names: Names): void {
  const [first = "", ...rest] = visible(request.command).split("\n");
  out.line(`${out.style("bold", first)}`);
  for (const line of rest) out.line(`    ${line}`);
  const fact = (value: string | null | undefined) =>
    value === null || value === undefined ? undefined : oneLine(visible(value), 200);
  out.fields([
    ["  id", clean(id)],
    ["  agent", fact(request.agentId)],
    ["  on", fact(names.get(request.nodeId ?? "") ?? request.nodeId ?? request.host ?? "gateway")],
    ["  in", fact(request.cwd)],
    ["  program", fact(request.resolvedPath)],
    ["  session", fact(request.sessionKey)],
    ["  ends in", duration(expiresAtMs - now)],
  ]);
  out.line();
}

export const allowCommand: Command = (context, options, [id = ""]) =>
  decide(context, options, id, options.flag("always") ? "allow-always" : "allow-once");

export const denyCommand: Command = (context, options, [id = ""]) => decide(context, options, id, "deny");

const SAID: Readonly<Record<ExecDecision, string>> = {
  "allow-once": "Allowed once",
  "allow-always": "Allowed always",
  deny: "Denied",
};

function decide(context: CliContext, options: Options, wanted: string, decision: ExecDecision): Promise<void> {
  return withGateway(context, options, async (session) => {
    const { id, request } = await choose(session, wanted);
    const payload = await session.call("exec.approval.resolve", { id, decision });
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`${SAID[decision]}: ${visible(request.command)}`);
  });
}

/** By id, or by its beginning when only one begins so. */
async function choose(session: Session, wanted: string): Promise<OpenExecApproval> {
  const asks = read("exec.approval.list", ExecApprovalListResult, await session.call("exec.approval.list", {}));
  const exact = asks.find(({ id }) => id === wanted);
  const [only, second] = asks.filter(({ id }) => wanted !== "" && id.startsWith(wanted));
  const found = exact ?? (second === undefined ? only : undefined);
  if (found !== undefined) return found;
  const why = second === undefined ? "no command with this id waits" : "more than one id begins so";
  throw new CliError("failed", `Cannot decide about "${clean(wanted)}": ${why}`, [
    "Those that wait: openclaw approvals list",
  ]);
}

export const getCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { method, payload } = await getRules(session, options);
    if (options.flag("json")) return context.out.json(payload);
    showRules(context, read(method, ExecApprovalsSnapshot, payload));
  });

async function getRules({ call }: Session, options: Options) {
  const nodeId = options.text("node");
  const method = nodeId === undefined ? "exec.approvals.get" : "exec.approvals.node.get";
  return { method, payload: await call(method, nodeId === undefined ? {} : { nodeId }) };
}

function showRules({ out, clock }: CliContext, { path, exists, hash, file }: ExecApprovalsSnapshot): void {
  out.fields([["File", `${clean(path)}${exists ? "" : " (not there yet)"}`], ["Hash", clean(hash)]]);
  const ids = ["*", ...Object.keys(file.agents ?? {}).filter((id) => id !== "*")];
  out.line();
  out.table(
    ["AGENT", "SECURITY", "ASK", "WHEN NOBODY CAN BE ASKED"],
    ids.map((id) => {
      const { security, ask, askFallback } = rulesFor(file, id);
      return [id, security, ask, askFallback];
    }),
  );
  const entries = ids.flatMap((id) => entriesOf(file, id).map((entry) => ({ ...entry, agent: id })));
  if (entries.length === 0) return out.line("\nNothing runs without asking.");
  out.line();
  out.table(
    ["AGENT", "RUNS WITHOUT ASKING", "LAST USED", "COMMAND"],
    entries.map(({ agent, pattern, lastUsedAt, lastUsedCommand }) => [
      agent,
      visible(pattern),
      ago(lastUsedAt, clock.now()),
      visible(lastUsedCommand ?? ""),
    ]),
  );
}

const entriesOf = ({ agents }: ExecApprovalsFile, id: string) =>
  agents !== undefined && Object.hasOwn(agents, id) ? agents[id]?.allowlist ?? [] : [];

export const setCommand: Command = async (context, options, [path = ""]) => {
  const file = await fileOf(context, path);
  await withGateway(context, options, async (session) => {
    const { method: getMethod, payload: before } = await getRules(session, options);
    const { exists, hash } = read(getMethod, ExecApprovalsSnapshot, before);
    const baseHash = options.text("baseHash") ?? (exists ? hash : undefined);
    const nodeId = options.text("node");
    const method = nodeId === undefined ? "exec.approvals.set" : "exec.approvals.node.set";
    const payload = await session.call(method, {
      file,
      ...(baseHash === undefined ? {} : { baseHash }),
      ...(nodeId === undefined ? {} : { nodeId }),
    });
    if (options.flag("json")) return context.out.json(payload);
    showRules(context, read(method, ExecApprovalsSnapshot, payload));
  });
};

/** The rules as JSON; `-` reads standard input. What `approvals get --json` prints is taken too. */
async function fileOf(context: CliContext, path: string): Promise<unknown> {
  const text = path === "-" ? await context.input.text(MAX_FILE_BYTES) : await textOf(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(
      "usage",
      `Cannot read "${clean(path)}": ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  // What `get --json` printed holds the rules in `file`; the rules themselves have no such key.
  return typeof value === "object" && value !== null && "file" in value && "hash" in value ? value.file : value;
}

async function textOf(path: string): Promise<string> {
  const text = await readIfPresent(path).catch((error) => {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(error.exit, error.message, [
      ...error.hints,
      `Or by standard input: openclaw approvals set - < ${clean(path)}`,
    ]);
  });
  if (text === undefined) throw new CliError("usage", `Cannot read "${clean(path)}": there is no such file`);
  return text;
}
