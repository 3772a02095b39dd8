/** `/approve <id> allow-once|allow-always|deny`: the owner's decision as text, for chats without buttons. */
import type { ExecDecision } from "../../schemas/event/approval.ts";

export const APPROVE_USAGE = "Decide with /approve <id> allow-once, allow-always or deny";

const WORDS: Readonly<Record<string, ExecDecision>> = {
  "allow-once": "allow-once",
  once: "allow-once",
  allow: "allow-once",
  "allow-always": "allow-always",
  always: "allow-always",
  deny: "deny",
};

export interface ApproveCommand {
  readonly id: string;
  /** Undefined: another word stands there, or none. */
  readonly decision: ExecDecision | undefined;
}

/** Undefined for any other text. */
export function parseApprove(text: string): ApproveCommand | undefined {
  const match = /^\/approve(?:@\S+)?(?:\s+(\S+))?(?:\s+(\S+))?\s*$/iu.exec(text.trim());
  if (!match) return undefined;
  const word = match[2]?.toLowerCase() ?? "";
  return { id: match[1] ?? "", decision: Object.hasOwn(WORDS, word) ? WORDS[word] : undefined };
}
