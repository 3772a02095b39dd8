/** Whether a session may answer at all: its own setting, then any rule that denies, then any that allows, then the default. */
import type { Config, SendRule } from "../config/types.ts";
import type { Route } from "./routing.ts";
import type { SessionEntry } from "./types.ts";

export function sendAllowed(
  { rules, default: otherwise }: Config["session"]["sendPolicy"],
  { channel, sessionKey }: Pick<Route, "channel" | "sessionKey">,
  chatType: string,
  entry: SessionEntry | undefined,
): boolean {
  if (entry?.sendPolicy !== undefined) return entry.sendPolicy === "allow";
  const matching = rules.filter(({ match }) => fits(match, channel, chatType, sessionKey));
  if (matching.some(({ action }) => action === "deny")) return false;
  return matching.length > 0 || otherwise === "allow";
}

const fits = (match: SendRule["match"], channel: string, chatType: string, key: string): boolean =>
  (match.channel === undefined || match.channel.toLowerCase() === channel) &&
  (match.chatType === undefined || match.chatType === chatType) &&
  (match.keyPrefix === undefined || key.startsWith(match.keyPrefix.toLowerCase()) ||
    rest(key).startsWith(match.keyPrefix));

/** `agent:main:x:group:1` is also found under `x:`. */
const rest = (key: string): string => key.replace(/^agent:[^:]+:/u, "");
