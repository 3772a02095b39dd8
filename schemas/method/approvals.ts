/** Parameters and results of exec.approval.* and exec.approvals.* (methods facts, section 13). */
import { ExecDecision, OpenExecApproval } from "../event/approval.ts";
import { Closed, Int0, NonEmpty, noted, Nullable, OneOf, Open, type Static, Timestamp, Type } from "../primitives.ts";

const Opt = Type.Optional;
const Text = Opt(Nullable(Type.String()));

export const ExecApprovalRequestParams = Open({
  id: Opt(noted(NonEmpty, "Absent: a new one")),
  command: Opt(noted(Type.String({ minLength: 1, maxLength: 16_384 }), "The text; needed without commandArgv")),
  commandArgv: Opt(noted(
    Type.Array(Type.String(), { maxItems: 256 }),
    "The words of the command; the text that people read is then made of them",
  )),
  cwd: Text,
  host: Text,
  security: Text,
  ask: Text,
  agentId: Text,
  resolvedPath: Text,
  sessionKey: Text,
  nodeId: noted(Text, "Where it would run; absent: the gateway's host"),
  timeoutMs: Opt(noted(Type.Integer({ minimum: 1 }), "Default 120000")),
  twoPhase: Opt(noted(Type.Boolean(), "Answer at once; the decision comes by exec.approval.waitDecision")),
});
export type ExecApprovalRequestParams = Static<typeof ExecApprovalRequestParams>;

export const ExecApprovalDecisionResult = Closed({
  id: NonEmpty,
  decision: noted(Nullable(ExecDecision), "null: nobody decided in time"),
  createdAtMs: Timestamp,
  expiresAtMs: Timestamp,
});
export const ExecApprovalAcceptedResult = Closed({
  status: Type.Literal("accepted"),
  id: NonEmpty,
  createdAtMs: Timestamp,
  expiresAtMs: Timestamp,
});
export const ExecApprovalRequestResult = Type.Union([ExecApprovalDecisionResult, ExecApprovalAcceptedResult]);

export const ExecApprovalIdParams = Open({ id: NonEmpty });
export const ExecApprovalResolveParams = Open({
  id: NonEmpty,
  decision: noted(Type.String(), "`allow-once`, `allow-always` or `deny`"),
});
export const ExecApprovalResolveResult = Closed({ ok: Type.Literal(true) });
export const ExecApprovalListResult = Type.Array(OpenExecApproval);

export const SECURITY_LEVELS = ["deny", "allowlist", "full"] as const;
export const ASK_LEVELS = ["off", "on-miss", "always"] as const;

const Rules = {
  security: Opt(OneOf(SECURITY_LEVELS)),
  ask: Opt(OneOf(ASK_LEVELS)),
  /** What holds when nobody can be asked. */
  askFallback: Opt(OneOf(SECURITY_LEVELS)),
  autoAllowSkills: Opt(Type.Boolean()),
};
export const AllowlistEntry = Open({
  id: Opt(Type.String()),
  pattern: NonEmpty,
  lastUsedAt: Opt(Int0),
  lastUsedCommand: Opt(Type.String()),
  lastResolvedPath: Opt(Type.String()),
});
export const ExecApprovalsFile = Open({
  version: Type.Literal(1),
  socket: Opt(Open({ path: Opt(Type.String()), token: Opt(Type.String()) })),
  defaults: Opt(Open(Rules)),
  agents: Opt(
    Type.Record(Type.String(), Open({ ...Rules, allowlist: Opt(Type.Array(AllowlistEntry, { maxItems: 2_000 })) })),
  ),
});
export type ExecApprovalsFile = Static<typeof ExecApprovalsFile>;

export const ExecApprovalsSnapshot = Closed({
  path: NonEmpty,
  exists: Type.Boolean(),
  hash: noted(Type.String(), "To send back as baseHash of a set"),
  file: ExecApprovalsFile,
});
export type ExecApprovalsSnapshot = Static<typeof ExecApprovalsSnapshot>;
export const ExecApprovalsGetParams = Open({});
export const ExecApprovalsSetParams = Open({
  file: ExecApprovalsFile,
  baseHash: Opt(noted(Type.String(), "Of the last get; needed once the file exists")),
});
export const ExecApprovalsNodeGetParams = Open({ nodeId: NonEmpty });
export const ExecApprovalsNodeSetParams = Open({
  nodeId: NonEmpty,
  file: Opt(ExecApprovalsFile),
  baseHash: Opt(Type.String()),
});
/** What the node answers, as it answers it. */
export const ExecApprovalsNodeResult = Type.Unknown();
