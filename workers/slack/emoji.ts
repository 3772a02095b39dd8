/** Names that Slack has for emoji, both ways; other names are passed on as they are. */
import { invalid } from "./errors.ts";

// deno-fmt-ignore
const NAMES: Readonly<Record<string, string>> = {
  "👍": "+1", "👎": "-1", "❤": "heart", "🔥": "fire", "👏": "clap", "😁": "grin", "😀": "grinning", "😄": "smile",
  "😂": "joy", "🤣": "rolling_on_the_floor_laughing", "🙂": "slightly_smiling_face", "😉": "wink", "😍": "heart_eyes",
  "🤔": "thinking_face", "🤯": "exploding_head", "😱": "scream", "😢": "cry", "😭": "sob", "🎉": "tada", "🤩": "star-struck",
  "🙏": "pray", "👌": "ok_hand", "💯": "100", "⚡": "zap", "👀": "eyes", "✅": "white_check_mark", "❌": "x", "⚠": "warning",
  "🚀": "rocket", "⏳": "hourglass_flowing_sand", "⌛": "hourglass", "🤖": "robot_face", "🦞": "lobster", "💡": "bulb",
  "📌": "pushpin", "📎": "paperclip", "🐛": "bug", "🔒": "lock", "🔑": "key", "⭐": "star", "✨": "sparkles", "👋": "wave",
  "🤝": "handshake", "💪": "muscle", "🙌": "raised_hands", "🤷": "shrug", "🤦": "face_palm", "😎": "sunglasses", "😅": "sweat_smile",
  "😴": "sleeping", "☕": "coffee", "🍕": "pizza", "🎂": "birthday", "📝": "memo", "📅": "date", "🔍": "mag", "🛑": "octagonal_sign",
  "❓": "question", "❗": "exclamation", "➕": "heavy_plus_sign", "✔": "heavy_check_mark", "🟢": "large_green_circle", "🔴": "red_circle",
  "🟡": "large_yellow_circle", "💬": "speech_balloon", "🫡": "saluting_face", "👻": "ghost", "🏆": "trophy", "🥳": "partying_face",
};
const EMOJI = new Map(Object.entries(NAMES).map(([emoji, name]) => [name, emoji]));
EMOJI.set("thumbsup", "👍").set("thumbsdown", "👎");

/** Slack's name of an emoji, with or without colons. Throws for one whose name is not known here. */
export function emojiName(emoji: string): string {
  const bare = emoji.trim().replaceAll("\uFE0F", "");
  const name = NAMES[bare] ?? /^:?([a-z0-9_+'-]{1,100}(?:::skin-tone-[2-6])?):?$/u.exec(bare)?.[1];
  if (name !== undefined) return name;
  throw invalid(`Cannot react with "${emoji}": write Slack's name of it, such as thumbsup`);
}

/** The emoji of Slack's name; `:name:` for the workspace's own. */
export const emojiOf = (name: string): string => EMOJI.get(name.replace(/::skin-tone-\d$/u, "")) ?? `:${name}:`;
