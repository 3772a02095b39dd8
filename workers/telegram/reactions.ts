/** The reactions that a bot may set; Telegram takes no other emoji. */
import { invalid } from "./target.ts";

// deno-fmt-ignore
const EMOJI = [
  "👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩", "🤮", "💩", "🙏", "👌", "🕊", "🤡",
  "🥱", "🥴", "😍", "🐳", "❤‍🔥", "🌚", "🌭", "💯", "🤣", "⚡", "🍌", "🏆", "💔", "🤨", "😐", "🍓", "🍾", "💋", "🖕", "😈",
  "😴", "😭", "🤓", "👻", "👨‍💻", "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅", "🎄", "☃", "💅", "🤪", "🗿",
  "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷‍♂", "🤷", "🤷‍♀", "😡",
] as const;
export type ReactionEmoji = (typeof EMOJI)[number];

/** The emoji as Telegram writes it: without the mark that asks for a coloured picture. Throws for any other. */
export function reactionEmoji(emoji: string): ReactionEmoji {
  const bare = emoji.trim().replaceAll("\uFE0F", "");
  const known = EMOJI.find((each) => each === bare);
  if (known !== undefined) return known;
  throw invalid(`Cannot react with "${emoji}": Telegram allows bots a fixed set of reactions only, such as 👍 ❤ 👀 🎉`);
}
