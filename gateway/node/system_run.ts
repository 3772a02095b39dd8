/** `system.run` with an approval: the word of the caller counts only when somebody really gave that approval. */
import { isDeepStrictEqual } from "node:util";
import type { ExecApprovals, RedeemPlace } from "../approval/types.ts";
import { commandForms, splitCommand } from "../approval/command_text.ts";
import { checker } from "../../schemas/validate.ts";
import { NonEmpty, Open, Type } from "../../schemas/primitives.ts";

const RunParams = Open({
  command: Type.Array(Type.String(), { minItems: 1, maxItems: 1_024 }),
  rawCommand: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  cwd: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  /** Variables change what a command does and stand in no text that a person read. */
  env: Type.Optional(Type.Union([Type.Null(), Type.Object({}, { additionalProperties: false })])),
  runId: NonEmpty,
  approvalDecision: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  agentId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
const isRun = checker(RunParams).is;

/**
 * The parameters to send. `approved` and `approvalDecision` stay only when `runId` names an approval of exactly this
 * command in this place, which is used up by it; otherwise they are removed and the node asks for itself. An
 * `allow-always` that nobody gave, or gave to another agent, goes out as `allow-once`: the node would write down a rule
 * for good. A plan that the caller wrote is left out of an approved run: hosts run what it says, and nobody read it.
 */
export function runParams(params: unknown, approvals: Pick<ExecApprovals, "redeem">, nodeId?: string): unknown {
  if (params === null || typeof params !== "object") return params;
  if (!("approved" in params) && !("approvalDecision" in params)) return params;
  if (isRun(params)) {
    const where = { nodeId, cwd: params.cwd ?? null };
    const redeemed = (place: RedeemPlace) =>
      isApproved(params.command, params.rawCommand, (form) => approvals.redeem(params.runId, form, place));
    const always = params.approvalDecision === "allow-always";
    if (redeemed(always ? { ...where, alwaysFor: params.agentId ?? "" } : where)) return withoutPlan(params);
    if (always && redeemed(where)) return withoutPlan({ ...params, approvalDecision: "allow-once" });
  }
  return withoutClaim(params);
}

function withoutClaim(params: object): unknown {
  const { approved: _approved, approvalDecision: _decision, ...rest } = { approved: 0, approvalDecision: 0, ...params };
  return rest;
}

function withoutPlan(params: object): unknown {
  if (!("systemRunPlan" in params)) return params;
  const { systemRunPlan: _, ...rest } = params;
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

/** Node hosts of protocol 4 take an approval only with their own plan of the run (observed of 2026.9.6). */
export const PREPARE = "system.run.prepare";

const Plan = Open({
  plan: Open({
    argv: Type.Array(Type.String(), { minItems: 1 }),
    commandText: NonEmpty,
    cwd: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
});
const isPlan = checker(Plan).is;

/** What the node is asked to plan; undefined when no approval is claimed, so that there is nothing to bind. */
export function planParams(params: unknown): unknown {
  if (params === null || typeof params !== "object") return undefined;
  return "approved" in params || "approvalDecision" in params ? withoutClaim(params) : undefined;
}

/**
 * The run as its node planned it. Without a plan of these arguments the claim is left out, and the node decides by its own
 * rules: a claim that it cannot bind it would refuse.
 */
export function withPlan(params: unknown, answer: unknown): unknown {
  if (params === null || typeof params !== "object") return params;
  const argv = "command" in params ? params.command : undefined;
  if (!isPlan(answer) || !Array.isArray(argv)) return withoutClaim(params);
  const { plan } = answer;
  // The node writes the program's full path; its arguments are those that a person allowed.
  if (!isDeepStrictEqual(plan.argv.slice(1), argv.slice(1))) return withoutClaim(params);
  const cwd = plan.cwd ?? ("cwd" in params ? params.cwd : null);
  return {
    ...params,
    command: plan.argv,
    rawCommand: plan.commandText,
    ...(cwd === null ? {} : { cwd }),
    systemRunPlan: plan,
  };
}
