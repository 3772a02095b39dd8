/** Chats and senders in the contract's form. */
import type { Chat, Sender } from "../../schemas/worker/content.ts";
import type { TelegramChat, User } from "./wire.ts";

/** The topic that every forum has; Telegram never writes its id. */
export const GENERAL_TOPIC = "1";

export const fullName = (person: Pick<User, "first_name" | "last_name" | "username">): string | undefined =>
  [person.first_name ?? "", person.last_name ?? ""].join(" ").trim() || person.username;

/** What a message says of its place. */
interface Placed {
  readonly chat: TelegramChat;
  readonly message_thread_id?: number | undefined;
  readonly is_topic_message?: boolean | undefined;
}

export function chatOf({ chat, message_thread_id, is_topic_message }: Placed): Chat {
  const threadId = threadOf(chat, message_thread_id, is_topic_message);
  const title = chat.title ?? fullName(chat);
  return {
    id: String(chat.id),
    kind: chat.type === "private" ? "direct" : chat.type === "channel" ? "channel" : "group",
    ...(title === undefined ? {} : { title }),
    ...(threadId === undefined ? {} : { threadId }),
  };
}

/** Answers in a group that is no forum carry a thread id as well; that one is no topic. */
function threadOf(chat: TelegramChat, id: number | undefined, isTopic: boolean | undefined): string | undefined {
  if (chat.type === "private") return id === undefined ? undefined : String(id);
  if (chat.is_forum !== true) return isTopic === true && id !== undefined ? String(id) : undefined;
  return isTopic === true && id !== undefined ? String(id) : GENERAL_TOPIC;
}

/** Whoever spoke: a person, or a chat that a person spoke for. */
export function senderOf(from: User | undefined, spokeFor: TelegramChat | undefined, meId: number): Sender | undefined {
  if (spokeFor) {
    return {
      id: String(spokeFor.id),
      ...(spokeFor.username === undefined ? {} : { aliases: [spokeFor.username] }),
      ...(spokeFor.title === undefined ? {} : { name: spokeFor.title }),
    };
  }
  if (!from) return undefined;
  const name = fullName(from);
  return {
    id: String(from.id),
    // Configurations of OpenClaw write `tg:<id>` and `@name` beside the bare id.
    aliases: [
      `tg:${from.id}`,
      ...(from.username === undefined ? [] : [from.username, `tg:${from.username}`, `tg:@${from.username}`]),
    ],
    ...(name === undefined ? {} : { name }),
    ...(from.is_bot === true ? { isBot: true } : {}),
    ...(from.id === meId ? { isSelf: true } : {}),
  };
}
