/** Conversations and senders in the contract's form. */
import type { Chat, Sender } from "../../schemas/worker/content.ts";
import type { Conversation, Directory, Person } from "./directory.ts";

/** Who the bot is. */
export interface Self {
  readonly userId: string;
  readonly botId: string | undefined;
}

interface Placed {
  readonly channel: string;
  readonly channelType?: string | undefined;
  readonly threadTs?: string | undefined;
  readonly teamId?: string | undefined;
}

/** `person`: whom a direct chat is with. */
export function chatOf(placed: Placed, conversation: Conversation, person?: Person): Chat {
  const kind = kindOf(placed, conversation);
  const title = kind === "direct" ? person?.name : conversation.name;
  return {
    id: placed.channel,
    kind,
    ...(title ? { title } : {}),
    ...(placed.threadTs === undefined ? {} : { threadId: placed.threadTs }),
    ...(placed.teamId === undefined ? {} : { teamId: placed.teamId }),
  };
}

/** Mention events do not say what kind of conversation they come from, and only direct chats show it in their id. */
function kindOf({ channel, channelType }: Placed, { kind }: Conversation): Chat["kind"] {
  if (channelType === "im" || channel.startsWith("D")) return "direct";
  if (channelType === "mpim") return "group";
  return kind === "group" ? "group" : "channel";
}

/** What a payload says of its author. */
interface Author {
  readonly user?: string | undefined;
  readonly bot_id?: string | null | undefined;
  readonly username?: string | undefined;
}

/** Whoever spoke: a person, or a bot with or without a user of its own. */
export async function senderOf(
  { user, bot_id: botId, username }: Author,
  self: Self,
  directory: Directory,
): Promise<Sender | undefined> {
  const id = user ?? botId ?? undefined;
  if (id === undefined) return undefined;
  const isSelf = id === self.userId || (botId !== undefined && botId !== null && botId === self.botId);
  const person = user === undefined || isSelf ? undefined : await directory.person(user);
  const name = person?.name ?? username;
  const handle = person?.handle;
  return {
    id,
    aliases: [`slack:${id}`, `user:${id}`, ...(handle ? [handle, `@${handle}`] : [])],
    ...(name ? { name } : {}),
    ...(botId || person?.isBot ? { isBot: true } : {}),
    ...(isSelf ? { isSelf: true } : {}),
  };
}
