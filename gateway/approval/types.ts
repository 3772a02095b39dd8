/** Exec approvals as the rest of the gateway uses them: asking a person before a command runs. */
import type { ExecApprovalSubject, ExecDecision, OpenExecApproval } from "../../schemas/event/approval.ts";
import type { ExecApprovalsFile, ExecApprovalsSnapshot } from "../../schemas/method/approvals.ts";

export interface ExecAsk {
  /** Default: a new one. */
  readonly id?: string | undefined;
  readonly request: ExecApprovalSubject;
  /** Default two minutes, one hour at most. */
  readonly timeoutMs?: number | undefined;
}

export interface OpenedAsk extends OpenExecApproval {
  /** Null: nobody decided in time, or the gateway stopped. Never rejects. */
  readonly decision: Promise<ExecDecision | null>;
}

export interface ExecApprovals {
  /** Tells operators and chats. Throws INVALID_REQUEST `approval id already pending`, UNAVAILABLE when too many wait. */
  ask(wish: ExecAsk): OpenedAsk;
  /** Throws INVALID_REQUEST `unknown approval id`. `by`: a display name for the event. */
  resolve(id: string, decision: ExecDecision, by: string | undefined): void;
  /** Waits for the decision; also for one that fell within the last ten minutes. Throws APPROVAL_NOT_FOUND. */
  wait(
    id: string,
    signal: AbortSignal,
  ): Promise<{ readonly ask: OpenExecApproval; readonly decision: ExecDecision | null }>;
  list(): readonly OpenExecApproval[];
  /**
   * Uses up an allow decision for `command` (the text that was shown): true once for allow-once, and when the rules of the
   * file allow it. Without it a caller could claim an approval that nobody gave.
   */
  redeem(id: string, command: string): boolean;
  /** Whether the file allows `argv` for the agent without asking. */
  allowed(agentId: string, argv: readonly string[]): boolean;
  readonly file: ExecApprovalsStore;
  /** Hears of each ask and each end; for the cards in chats. */
  onAsk(listener: (ask: OpenedAsk) => void): void;
  onEnd(listener: (id: string, decision: ExecDecision | null, by: string | undefined) => void): void;
  /** Ends every waiting ask with null. */
  stop(): void;
}

/** `exec-approvals.json` in the state directory; `socket.token` never leaves it. */
export interface ExecApprovalsStore {
  get(): Promise<ExecApprovalsSnapshot>;
  /** Throws INVALID_REQUEST when `baseHash` is missing or not that of the file. */
  set(file: ExecApprovalsFile, baseHash: string | undefined): Promise<ExecApprovalsSnapshot>;
}
