/** Exec approvals as the rest of the gateway uses them: asking a person before a command runs. */
import type { ExecApprovalSubject, ExecDecision, OpenExecApproval } from "../../schemas/event/approval.ts";
import type { Host } from "./allowlist.ts";
import type { ExecApprovalsFile, ExecApprovalsSnapshot } from "../../schemas/method/approvals.ts";

export interface ExecAsk {
  /** Default: a new one. */
  readonly id?: string | undefined;
  readonly request: ExecApprovalSubject;
  /** The words of the command, when they are known: `request.command` is then `commandText` of them. */
  readonly argv?: readonly string[] | undefined;
  /** Default two minutes, one hour at most. */
  readonly timeoutMs?: number | undefined;
}

/** Why an ask ended without a decision. */
export type EndReason = "decided" | "timeout" | "cancelled" | "stopped";

export interface EndedAsk {
  readonly id: string;
  readonly decision: ExecDecision | null;
  /** Who decided. */
  readonly by: string | undefined;
  readonly reason: EndReason;
}

export interface OpenedAsk extends OpenExecApproval {
  /** What `allow-always` would allow from now on; undefined: it allows this one command only. */
  readonly pattern: string | undefined;
  /** Null: nobody decided in time, or the gateway stopped. Never rejects. */
  readonly decision: Promise<ExecDecision | null>;
}

/** Where the approved command is about to run. */
export interface RedeemPlace {
  readonly nodeId?: string | undefined;
  readonly cwd?: string | null | undefined;
  /**
   * The caller says "allow-always": the agent for which the host would then remember the program. Counts only when the
   * person said so, and for that agent.
   */
  readonly alwaysFor?: string | undefined;
}

export interface ExecApprovals {
  /** Tells operators and chats. Throws INVALID_REQUEST `approval id already pending`, UNAVAILABLE when too many wait. */
  ask(wish: ExecAsk): OpenedAsk;
  /**
   * Throws INVALID_REQUEST `unknown approval id`; and when `allow-always` cannot be written down, the ask then stays open.
   * `by`: a display name for the event.
   */
  resolve(id: string, decision: ExecDecision, by: string | undefined): void;
  /** Waits for the decision; also for one that fell within the last ten minutes. Throws APPROVAL_NOT_FOUND. */
  wait(
    id: string,
    signal: AbortSignal,
  ): Promise<{ readonly ask: OpenExecApproval; readonly decision: ExecDecision | null }>;
  list(): readonly OpenExecApproval[];
  /** Ends an ask that is of no use any more, without a decision. An unknown id is nothing. */
  cancel(id: string): void;
  /**
   * Uses up an allow decision for `command`: its words, or the text that was shown. True once; later again when the
   * decision was allow-always and the rules of the file allow the command. `where`, as far as the ask named it too, must be
   * the same. Without it a caller could claim an approval that nobody gave.
   */
  redeem(id: string, command: string | readonly string[], where?: RedeemPlace): boolean;
  /** Whether the file allows `argv` for the agent without asking. A file that cannot be read allows nothing. */
  allowed(agentId: string, argv: readonly string[], host?: Host): boolean;
  readonly file: ExecApprovalsStore;
  /** Hears of each ask and each end; for the cards in chats. A listener that throws disturbs nobody. */
  onAsk(listener: (ask: OpenedAsk) => void): void;
  onEnd(listener: (end: EndedAsk) => void): void;
  /** Ends every waiting ask with null. */
  stop(): void;
}

/** `exec-approvals.json` in the state directory; `socket.token` never leaves it. */
export interface ExecApprovalsStore {
  get(): Promise<ExecApprovalsSnapshot>;
  /** Throws INVALID_REQUEST when `baseHash` is missing or not that of the file. */
  set(file: ExecApprovalsFile, baseHash: string | undefined): Promise<ExecApprovalsSnapshot>;
}
