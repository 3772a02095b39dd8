/** exec.approval.*: asking a person before a command runs. exec.approvals.*: the file with the rules, here and on nodes. */
import { invalid } from "../../../schemas/error.ts";
import { EXEC_DECISIONS, type ExecDecision, type OpenExecApproval } from "../../../schemas/event/approval.ts";
import {
  ExecApprovalDecisionResult,
  ExecApprovalIdParams,
  ExecApprovalListResult,
  ExecApprovalRequestParams,
  ExecApprovalRequestResult,
  ExecApprovalResolveParams,
  ExecApprovalResolveResult,
  ExecApprovalsGetParams,
  ExecApprovalsNodeGetParams,
  ExecApprovalsNodeResult,
  ExecApprovalsNodeSetParams,
  ExecApprovalsSetParams,
  ExecApprovalsSnapshot,
} from "../../../schemas/method/approvals.ts";
import type { ExecAsk } from "../../approval/types.ts";
import type { Client } from "../../connection/client.ts";
import { uuid } from "../../observe/clock.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

const ask = { access: "operator.approvals", idempotency: "none" } as const;
const rules = { access: "operator.admin", idempotency: "none", deadlineMs: 10_000 } as const;
/** A node answers within its own 30 s. */
const onNode = { ...rules, deadlineMs: 40_000 } as const;

const request = defineMethod({
  ...ask,
  name: "exec.approval.request",
  params: ExecApprovalRequestParams,
  result: ExecApprovalRequestResult,
  // The answer is held until the decision, which the ask's own time bounds.
  deadlineMs: 0,
  description:
    "Ask a person whether a command may run; the answer is the decision, or null when nobody decided in time. " +
    "With twoPhase the answer is `accepted` and exec.approval.waitDecision has the decision",
  handle({ params }, { approvals }) {
    const opened = approvals.ask(wishOf(params));
    if (params.twoPhase === true) return { status: "accepted" as const, ...timesOf(opened) };
    return opened.decision.then((decision) => ({ ...timesOf(opened), decision }));
  },
});

const waitDecision = defineMethod({
  ...ask,
  name: "exec.approval.waitDecision",
  params: ExecApprovalIdParams,
  result: ExecApprovalDecisionResult,
  deadlineMs: 0,
  description: "Wait for the decision about a request; also for one that ended within the last ten minutes",
  async handle({ params, signal }, { approvals }) {
    const { ask, decision } = await approvals.wait(params.id, signal);
    return { ...timesOf(ask), decision };
  },
});

const resolve = defineMethod({
  ...ask,
  name: "exec.approval.resolve",
  params: ExecApprovalResolveParams,
  result: ExecApprovalResolveResult,
  deadlineMs: 10_000,
  description: "Decide about a request: allow-once, allow-always or deny",
  handle({ params, client }, { approvals }) {
    const decision = EXEC_DECISIONS.find((each): each is ExecDecision => each === params.decision);
    if (decision === undefined) throw invalid("invalid decision");
    approvals.resolve(params.id, decision, nameOf(client));
    return { ok: true as const };
  },
});

const list = defineMethod({
  ...ask,
  name: "exec.approval.list",
  params: ExecApprovalsGetParams,
  result: ExecApprovalListResult,
  deadlineMs: 10_000,
  description: "Requests that wait for a decision, the oldest first",
  handle: (_call, { approvals }) => [...approvals.list()],
});

const get = defineMethod({
  ...rules,
  name: "exec.approvals.get",
  params: ExecApprovalsGetParams,
  result: ExecApprovalsSnapshot,
  description: "The rules of this host: which commands run without asking. The hash guards a later set",
  handle: (_call, { approvals }) => approvals.file.get(),
});

const set = defineMethod({
  ...rules,
  name: "exec.approvals.set",
  params: ExecApprovalsSetParams,
  result: ExecApprovalsSnapshot,
  description: "Replace the rules of this host",
  handle: ({ params }, { approvals }) => approvals.file.set(params.file, params.baseHash),
});

const nodeGet = defineMethod({
  ...onNode,
  name: "exec.approvals.node.get",
  params: ExecApprovalsNodeGetParams,
  result: ExecApprovalsNodeResult,
  description: "The rules that a node keeps for itself",
  handle: ({ params, client, signal }, services) =>
    askNode(services, client, signal, params.nodeId, "system.execApprovals.get", {}),
});

const nodeSet = defineMethod({
  ...onNode,
  name: "exec.approvals.node.set",
  params: ExecApprovalsNodeSetParams,
  result: ExecApprovalsNodeResult,
  description: "Replace the rules that a node keeps for itself",
  handle({ params: { nodeId, file, baseHash }, client, signal }, services) {
    if (file === undefined) throw invalid("exec.approvals.node.set requires file");
    const params = { file, ...(baseHash === undefined ? {} : { baseHash }) };
    return askNode(services, client, signal, nodeId, "system.execApprovals.set", params);
  },
});

/** `internal`: no policy keeps these commands from the owner, and no other method can call them. */
async function askNode(
  { nodes }: Services,
  client: Client,
  signal: AbortSignal,
  query: string,
  command: string,
  params: unknown,
): Promise<unknown> {
  const { nodeId } = nodes.find(query);
  const caller = client.principal;
  const call = { nodeId, command, params, idempotencyKey: uuid(), caller, signal, internal: true } as const;
  return (await nodes.invoke(call)).payload;
}

function wishOf(params: ExecApprovalRequestParams): ExecAsk {
  const { id, timeoutMs, commandArgv, command = "" } = params;
  const argv = commandArgv?.length ? commandArgv : undefined;
  if (command === "" && argv === undefined) {
    throw invalid("invalid exec.approval.request params: at root: must have required property 'command'");
  }
  const text = (key: "cwd" | "host" | "security" | "ask" | "agentId" | "resolvedPath" | "sessionKey") =>
    params[key] ?? null;
  const nodeId = params.nodeId ?? undefined;
  return {
    id,
    timeoutMs,
    argv,
    request: {
      command,
      cwd: text("cwd"),
      host: text("host"),
      security: text("security"),
      ask: text("ask"),
      agentId: text("agentId"),
      resolvedPath: text("resolvedPath"),
      sessionKey: text("sessionKey"),
      ...(nodeId === undefined ? {} : { nodeId }),
    },
  };
}

const timesOf = ({ id, createdAtMs, expiresAtMs }: OpenExecApproval) => ({ id, createdAtMs, expiresAtMs });

/** The person as the event names them. */
const nameOf = ({ info }: Client): string => info.displayName ?? info.id;

export const execApprovalMethods: readonly MethodDef[] = [
  request,
  waitDecision,
  resolve,
  list,
  get,
  set,
  nodeGet,
  nodeSet,
];
