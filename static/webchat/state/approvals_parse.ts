/** Payloads of exec approvals to the page's own data. */
import { each, fields, number, word } from "../../client/read.ts";
import type { Approval, ExecDecision } from "./approvals_model.ts";

export function readApproval(value: unknown): Approval | undefined {
  const p = fields(value);
  const request = fields(p["request"]);
  const id = word(p["id"]);
  const command = word(request["command"]);
  if (id === undefined || command === undefined) return undefined;
  return {
    id,
    command,
    cwd: word(request["cwd"]),
    host: word(request["host"]),
    nodeId: word(request["nodeId"]),
    agentId: word(request["agentId"]),
    sessionKey: word(request["sessionKey"]),
    resolvedPath: word(request["resolvedPath"]),
    createdAt: number(p["createdAtMs"]) ?? 0,
    expiresAt: number(p["expiresAtMs"]) ?? 0,
  };
}

/** The answer of exec.approval.list, the oldest first. */
export const readApprovals = (payload: unknown): Approval[] =>
  each(payload, readApproval).sort((a, b) => a.createdAt - b.createdAt);

const DECISIONS: readonly ExecDecision[] = ["allow-once", "allow-always", "deny"];

export interface Resolved {
  readonly id: string;
  readonly decision: ExecDecision;
  readonly by: string | undefined;
}

export function readResolved(payload: unknown): Resolved | undefined {
  const p = fields(payload);
  const id = word(p["id"]);
  const decision = DECISIONS.find((one) => one === p["decision"]);
  return id === undefined || decision === undefined ? undefined : { id, decision, by: word(p["resolvedBy"]) };
}
