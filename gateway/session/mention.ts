/**
 * Mention patterns: the owner's own regular expressions, matched against what strangers write. Patterns that can take
 * exponential time are refused and the text is matched in small windows, because one message must not stop the gateway.
 */

/** What one agent may have. */
const MAX_PATTERNS = 32;
const MAX_PATTERN_CHARS = 200;
/** Quantifiers without an end in one pattern: the time grows with the window to this power and one. */
const MAX_UNBOUNDED = 2;
const WINDOW = 400;
const OVERLAP = 100;
/** Characters of a message in which a mention is looked for. */
const MAX_TEXT = 4_000;

export interface MentionPatterns {
  readonly patterns: readonly RegExp[];
  /** What was not used, and why. */
  readonly refused: readonly { readonly pattern: string; readonly reason: string }[];
}

/** Compiles what the configuration holds; a bad pattern costs only itself. */
export function compilePatterns(written: readonly string[]): MentionPatterns {
  const patterns: RegExp[] = [];
  const refused: { pattern: string; reason: string }[] = [];
  for (const pattern of written.slice(0, MAX_PATTERNS)) {
    const reason = whyRefused(pattern);
    if (reason !== undefined) refused.push({ pattern: pattern.slice(0, MAX_PATTERN_CHARS), reason });
    else patterns.push(new RegExp(pattern, "iu"));
  }
  for (const pattern of written.slice(MAX_PATTERNS)) refused.push({ pattern, reason: `more than ${MAX_PATTERNS}` });
  return { patterns, refused };
}

function whyRefused(pattern: string): string | undefined {
  if (pattern.trim() === "") return "value is empty";
  if (pattern.length > MAX_PATTERN_CHARS) return `longer than ${MAX_PATTERN_CHARS} characters`;
  try {
    new RegExp(pattern, "iu");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  // Escapes and classes are one character of input; taking them out leaves groups and quantifiers.
  const shape = pattern.replaceAll(/\\s[+*]\??/gu, " ").replaceAll(/\\[1-9k]/gu, "\u0001").replaceAll(/\\./gu, "c")
    .replaceAll(/\[[^\]]*\]/gu, "c");
  if (shape.includes("\u0001")) return "it refers back to a group";
  if (/\([^()]*[+*{|][^()]*\)[+*{]|\)\)+[+*{]/u.test(shape)) return "a repeated group holds a repetition or a choice";
  const unbounded = shape.match(/[+*]|\{\d+,\}|\{\d*,?\d{2,}\}/gu)?.length ?? 0;
  return unbounded > MAX_UNBOUNDED ? `more than ${MAX_UNBOUNDED} open repetitions` : undefined;
}

/** Whether any pattern matches. White space counts as one blank, as the patterns' check assumes. */
export function matchesAny(patterns: readonly RegExp[], text: string): boolean {
  if (patterns.length === 0) return false;
  const flat = text.slice(0, MAX_TEXT).replaceAll(/\s+/gu, " ").trim();
  for (let from = 0; from === 0 || from < flat.length; from += WINDOW - OVERLAP) {
    const window = flat.slice(from, from + WINDOW);
    if (patterns.some((pattern) => pattern.test(window))) return true;
  }
  return false;
}

/** The text without the mentions that stand at its start, so that `@bot /status` is read as a command. */
export function withoutLeadingMentions(text: string): string {
  const rest = text.replace(/^(?:\s*(?:<@[!&]?\w+>|@[^\s/]+)[\s,:]*)+/u, "");
  return rest === "" ? text : rest;
}
