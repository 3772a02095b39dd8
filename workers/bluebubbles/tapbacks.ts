/** Apple's six reactions as emoji and back. */

const TAPBACKS = [
  ["love", "❤️"],
  ["like", "👍"],
  ["dislike", "👎"],
  ["laugh", "😂"],
  ["emphasize", "‼️"],
  ["question", "❓"],
] as const;
const ALIASES: Readonly<Record<string, string>> = {
  "♥": "love",
  "😍": "love",
  "👌": "like",
  "✅": "like",
  "😆": "laugh",
  "🤣": "laugh",
  "❗": "emphasize",
  "!!": "emphasize",
  "?": "question",
};

const bare = (emoji: string): string => emoji.replaceAll("\uFE0F", "").replaceAll(/[\u{1F3FB}-\u{1F3FF}]/gu, "").trim();

/** Undefined when Apple has no such reaction. */
export function tapbackOf(emoji: string): string | undefined {
  const sign = bare(emoji);
  return TAPBACKS.find(([name, own]) => name === sign.toLowerCase() || bare(own) === sign)?.[0] ?? ALIASES[sign];
}

/** `love`, `-love`, 2000, 3000: which emoji, and whether it was added. Undefined for what is no reaction. */
export function readTapback(
  type: string | number,
  emoji: string | undefined,
): { readonly emoji: string; readonly added: boolean } | undefined {
  const number = Number(type);
  if (Number.isInteger(number)) {
    const added = number < 3000;
    const own = number % 1000 === 6 ? emoji : TAPBACKS[number % 1000]?.[1];
    return number >= 2000 && number < 4000 && own !== undefined ? { emoji: own, added } : undefined;
  }
  const added = !String(type).startsWith("-");
  const name = String(type).replace(/^-/u, "");
  const own = name === "emoji" ? emoji : TAPBACKS.find(([known]) => known === name)?.[1];
  return own === undefined ? undefined : { emoji: own, added };
}
