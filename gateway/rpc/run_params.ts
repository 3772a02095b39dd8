/** Parameters that `agent` and `chat.send` share. */
import { invalid } from "../../schemas/error.ts";
import { THINKING_LEVELS, type ThinkingLevel } from "../../schemas/worker/agent.ts";

/** Further spellings that official clients send. */
const ALIASES: Readonly<Record<string, ThinkingLevel>> = { on: "low", adaptive: "medium", max: "xhigh" };

/** Throws INVALID_REQUEST for a level that does not exist; empty counts as not given. */
export function thinkingLevel(method: string, value: string | undefined): ThinkingLevel | undefined {
  const word = value?.trim().toLowerCase() ?? "";
  if (word === "") return undefined;
  const level = THINKING_LEVELS.find((each) => each === word) ??
    (Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined);
  if (level === undefined) throw invalid(`invalid ${method} params: unknown thinking level "${value}"`);
  return level;
}
