/** `system.run` with an approval: the word of the caller counts only when somebody really gave that approval. */
import { isDeepStrictEqual } from "node:util";
import type { ExecApprovals } from "../approval/types.ts";
import { commandForms, splitCommand } from "../approval/command_text.ts";
import { checker } from "../../schemas/validate.ts";
import { NonEmpty, Open, Type } from "../../schemas/primitives.ts";

const RunParams = Open({
  command: Type.Array(Type.String(), { minItems: 1, maxItems: 1_024 }),
  rawCommand: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  cwd: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  runId: NonEmpty,
});
const isRun = checker(RunParams).is;

/**
 * The parameters to send. `approved` and `approvalDecision` stay only when `runId` names an approval of exactly this
 * command in this place, which is used up by it; otherwise they are removed and the node asks for itself.
 */
export function runParams(params: unknown, approvals: Pick<ExecApprovals, "redeem">, nodeId?: string): unknown {
  if (params === null || typeof params !== "object") return params;
  if (!("approved" in params) && !("approvalDecision" in params)) return params;
  if (isRun(params)) {
    const where = { nodeId, cwd: params.cwd ?? null };
    const redeem = (form: string) => approvals.redeem(params.runId, form, where);
    if (isApproved(params.command, params.rawCommand, redeem)) return params;
  }
  const { approved: _approved, approvalDecision: _decision, ...rest } = { approved: 0, approvalDecision: 0, ...params };
  return rest;
}

function isApproved(
  argv: readonly string[],
  raw: string | null | undefined,
  redeem: (form: string) => boolean,
): boolean {
  const forms = commandForms(argv);
  // A node may show or run the raw text: one that says something else than the list was not what a person read.
  if (typeof raw === "string" && raw !== "" && !forms.includes(raw) && !isDeepStrictEqual(splitCommand(raw), argv)) {
    return false;
  }
  return forms.some(redeem);
}
