/** Commands that wait for a person, and what became of the last ones. */
import type { ExecDecision } from "../../../schemas/event/approval.ts";
import type { Failure } from "./channels_model.ts";

export type { ExecDecision };

export interface Approval {
  readonly id: string;
  readonly command: string;
  readonly cwd: string | undefined;
  readonly host: string | undefined;
  readonly nodeId: string | undefined;
  readonly agentId: string | undefined;
  readonly sessionKey: string | undefined;
  /** The program that the command means on its host. */
  readonly resolvedPath: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** What became of a request, for a line that goes away by itself. `expired`: nobody decided. */
export interface Ending {
  readonly id: string;
  readonly command: string;
  readonly end: ExecDecision | "expired" | "gone";
  /** Undefined: this page. */
  readonly by: string | undefined;
  readonly own: boolean;
}

export interface ApprovalsState {
  /** The oldest first. */
  readonly open: readonly Approval[];
  readonly busy: readonly string[];
  readonly failures: Readonly<Record<string, Failure>>;
  readonly endings: readonly Ending[];
}

export const emptyApprovals: ApprovalsState = { open: [], busy: [], failures: {}, endings: [] };

/** Cards in front of the person at once; the rest is a number. */
export const MAX_CARDS = 3;

/**
 * A command as it is, with the characters made visible that are not: they could turn the order of what one reads, or hide
 * a part of it.
 */
export const visibly = (command: string): string =>
  command.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => char === "\n" || char === "\t" ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );

/** Whether it is so long that its end may be out of sight. */
export const isLong = (command: string): boolean => command.length > 400 || command.split("\n").length > 7;

/** One line of a command for places without room. */
export const briefly = (command: string): string => {
  const line = visibly(command).replace(/\s+/g, " ").trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
};
