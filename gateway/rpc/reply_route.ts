/** Where the answer of `agent` is delivered to: a named chat, or the one that the session was last used in. */
import { invalid, unavailable } from "../../schemas/error.ts";
import type { AgentParams } from "../../schemas/method/agent.ts";
import type { ReplyRoute } from "../agent/ledger.ts";
import { LAST_CHANNEL, OWN_CHANNEL } from "../session/channel_ids.ts";
import type { SessionEntry } from "../session/types.ts";
import type { Services } from "./services.ts";

/**
 * Undefined: the answer stays in the session. Throws before anything runs when it could not be delivered, so that no
 * answer is made for nobody: UNAVAILABLE for a channel that is not there, INVALID_REQUEST without a target.
 */
export function replyRoute(
  params: AgentParams,
  entry: SessionEntry,
  channels: Pick<Services["channels"], "account" | "defaultAccountId">,
): ReplyRoute | undefined {
  if (params.deliver !== true) return undefined;
  const wanted = first(params.replyChannel, params.channel)?.toLowerCase() ?? LAST_CHANNEL;
  const channel = wanted === LAST_CHANNEL ? entry.lastChannel : wanted;
  if (channel === OWN_CHANNEL) return undefined;
  if (channel === undefined) {
    throw unavailable("Cannot deliver the reply: this session was not used through a channel yet", {
      retryable: false,
    });
  }
  const isLast = channel === entry.lastChannel;
  const accountId = first(params.replyAccountId, params.accountId) ?? (isLast ? entry.lastAccountId : undefined) ??
    channels.defaultAccountId(channel);
  if (accountId === undefined || !channels.account(channel, accountId)) {
    throw unavailable(`Cannot deliver the reply: channel "${channel}" is not set up on this gateway`, {
      retryable: false,
    });
  }
  return { channel, accountId, target: targetOf(params, channel, isLast ? entry : {}) };
}

function targetOf(params: AgentParams, channel: string, last: SessionEntry): ReplyRoute["target"] {
  const named = first(params.replyTo, params.to);
  const chatId = named === undefined ? last.lastTo : withoutChannel(named, channel);
  if (chatId === undefined) {
    throw invalid(`Cannot deliver the reply: no target is named and none is known for "${channel}"`);
  }
  const threadId = first(params.threadId) ?? (chatId === last.lastTo ? last.lastThreadId : undefined);
  return { chatId, ...(threadId === undefined ? {} : { threadId }) };
}

/** `<channel>:<id>` names the same chat as `<id>`. */
const withoutChannel = (to: string, channel: string): string =>
  to.toLowerCase().startsWith(`${channel}:`) && to.length > channel.length + 1 ? to.slice(channel.length + 1) : to;

const first = (...values: (string | undefined)[]): string | undefined =>
  values.map((value) => value?.trim()).find((value) => value !== undefined && value !== "");
