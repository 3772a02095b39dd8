/** From a message's place to agent and session key (sessions facts, sections 1 and 2). */
import type { Chat, Sender } from "../../schemas/worker/content.ts";
import type { Config } from "../config/types.ts";
import { matchBinding, type MatchedBy, type Place } from "./bindings.ts";
import { channelKey, directKey, groupKey, keyRules, mainSessionKey, threadKey, topicKey } from "./key.ts";

export interface Route {
  readonly agentId: string;
  readonly channel: string;
  readonly accountId: string;
  readonly sessionKey: string;
  readonly mainSessionKey: string;
  readonly matchedBy: MatchedBy;
}

export interface RouteInput {
  readonly channel: string;
  readonly accountId: string;
  readonly defaultAccountId: string | undefined;
  readonly chat: Chat;
  readonly sender: Sender;
}

/** Never throws: a place that no binding names belongs to the default agent. */
export function routeMessage(
  input: RouteInput,
  config: Pick<Config, "agents" | "session" | "bindings">,
): Route {
  const { agentId, matchedBy } = matchBinding(placeOf(input), config);
  const main = mainSessionKey(agentId, keyRules(config));
  const { channel, accountId } = input;
  return { agentId, channel, accountId, sessionKey: keyOf(input, agentId, config), mainSessionKey: main, matchedBy };
}

function placeOf({ channel, accountId, defaultAccountId, chat, sender }: RouteInput): Place {
  return {
    channel,
    accountId,
    defaultAccountId,
    peer: { kind: chat.kind, id: chat.kind === "direct" ? sender.id : chat.id },
    // A thread that has no id of its own hangs on its chat.
    parentId: chat.parentId ?? (chat.threadId === undefined ? undefined : chat.id),
    guildId: chat.guildId,
    teamId: chat.teamId,
  };
}

/**
 * The key of the chat. A thread with an id of its own (`parentId` set) already has a chat id that nobody shares; a thread
 * or topic inside a chat is a suffix. `session.scope: "global"` means one session for everything.
 */
function keyOf(
  { channel, accountId, chat, sender }: RouteInput,
  agentId: string,
  config: Pick<Config, "agents" | "session">,
): string {
  if (config.session.scope === "global") return "global";
  if (chat.kind === "direct") {
    const base = directKey({ agentId, channel, accountId, peer: peerOf(chat, sender) }, config);
    return chat.threadId === undefined ? base : threadKey(base, part(chat.threadId));
  }
  if (chat.kind === "group") {
    const group = groupKey(agentId, channel, part(chat.id));
    return chat.threadId === undefined ? group : topicKey(group, part(chat.threadId));
  }
  const room = channelKey(agentId, channel, part(chat.parentId ?? chat.id));
  const thread = chat.threadId ?? (chat.parentId === undefined ? undefined : chat.id);
  return thread === undefined ? room : threadKey(room, part(thread));
}

/** A message that the owner wrote to somebody belongs to that somebody's session. */
const peerOf = (chat: Chat, sender: Sender): string => part(sender.isSelf === true ? chat.id : sender.id);

/** Control characters would make two keys look the same, and a long id would not fit the index. */
const part = (id: string): string => id.replaceAll(/[\p{Cc}\s]+/gu, "_").slice(0, 200);
