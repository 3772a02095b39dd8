/** Messages in which nobody says anything: joins, leaves, titles, topics, the move to a supergroup. */
import { fullName } from "./people.ts";
import type { TelegramBody, User } from "./wire.ts";

export interface Note {
  readonly text: string;
  readonly migratedTo?: string;
}

const nameOf = (user: User): string => fullName(user) ?? String(user.id);

/** What the service message tells, or undefined for a message that somebody wrote. */
export function serviceNote(message: TelegramBody, meId: number): Note | undefined {
  const { new_chat_members: joined, left_chat_member: left, new_chat_title: title } = message;
  if (message.migrate_to_chat_id !== undefined) {
    const id = String(message.migrate_to_chat_id);
    return { text: `The group became a supergroup; its id is now ${id}`, migratedTo: id };
  }
  if (message.migrate_from_chat_id !== undefined) {
    return { text: `This supergroup was the group ${message.migrate_from_chat_id}` };
  }
  if (joined && joined.length > 0) {
    return { text: `${joined.map((user) => user.id === meId ? "The bot" : nameOf(user)).join(", ")} joined` };
  }
  if (left) return { text: `${left.id === meId ? "The bot" : nameOf(left)} left` };
  if (title !== undefined) return { text: `The chat is now called "${title}"` };
  if (message.pinned_message !== undefined) return { text: "A message was pinned" };
  return topicNote(message);
}

function topicNote(message: TelegramBody): Note | undefined {
  if (message.forum_topic_created) return { text: `The topic "${message.forum_topic_created.name}" was opened` };
  if (message.forum_topic_edited?.name !== undefined) {
    return { text: `The topic is now called "${message.forum_topic_edited.name}"` };
  }
  if (message.forum_topic_closed !== undefined) return { text: "The topic was closed" };
  if (message.forum_topic_reopened !== undefined) return { text: "The topic was opened again" };
  return undefined;
}
