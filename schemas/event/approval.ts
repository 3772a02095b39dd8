/** Approvals of commands that somebody wants to run on a host (events facts, section 7). */
import { Closed, NonEmpty, noted, Nullable, OneOf, type Static, Timestamp, Type } from "../primitives.ts";
import { defineEvent } from "./define.ts";

export const EXEC_DECISIONS = ["allow-once", "allow-always", "deny"] as const;
export const ExecDecision = OneOf(EXEC_DECISIONS);
export type ExecDecision = Static<typeof ExecDecision>;

const Text = Nullable(Type.String());
/** What is to be run, as the person who decides sees it. */
export const ExecApprovalSubject = Closed({
  command: NonEmpty,
  cwd: Text,
  host: Text,
  security: Text,
  ask: Text,
  agentId: Text,
  resolvedPath: Text,
  sessionKey: Text,
  nodeId: Type.Optional(noted(Text, "The node that would run it; absent: the gateway's host")),
});
export type ExecApprovalSubject = Static<typeof ExecApprovalSubject>;

export const OpenExecApproval = Closed({
  id: NonEmpty,
  request: ExecApprovalSubject,
  createdAtMs: Timestamp,
  expiresAtMs: Timestamp,
});
export type OpenExecApproval = Static<typeof OpenExecApproval>;

export const ExecApprovalRequestedEvent = defineEvent({
  name: "exec.approval.requested",
  access: "operator.approvals",
  payload: OpenExecApproval,
  delivery: "ordered",
  description: "A command waits for a person's decision",
});

export const ExecApprovalResolvedEvent = defineEvent({
  name: "exec.approval.resolved",
  access: "operator.approvals",
  payload: Closed({
    id: NonEmpty,
    decision: ExecDecision,
    resolvedBy: Type.Optional(noted(NonEmpty, "Who decided, by display name or client id")),
    ts: Timestamp,
  }),
  delivery: "ordered",
  description: "A person decided; a timeout has no event",
});
