/**
 * The one text of a command: what a person reads, what is kept, what is compared. `commandText` quotes as a POSIX shell
 * reads it, so that two different argument lists never have the same text. Pure; the headless node uses it too.
 */

/** Words of these characters mean themselves in every shell. */
const BARE = /^[A-Za-z0-9_@%+=:,./-]+$/u;
/** Control, format (bidi marks, zero width) and other characters that show as nothing or change how text is shown. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0]/u;
const ALL_HIDDEN = new RegExp(HIDDEN.source, "gu");
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

/**
 * Bare words stay as they are, `''` is the empty word, everything else stands in single quotes (`'` as `'\''`), and in
 * `$'…'` with escapes when it holds control or invisible characters. Words are joined by one space.
 */
export const commandText = (argv: readonly string[]): string => argv.map(word).join(" ");

function word(text: string): string {
  if (BARE.test(text)) return text;
  if (!HIDDEN.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${text.replaceAll(/[\\']/gu, "\\$&").replaceAll(ALL_HIDDEN, escaped)}'`;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return SHORT_ESCAPES[character] ??
    (code <= 0xff
      ? `\\x${hex.padStart(2, "0")}`
      : code <= 0xffff
      ? `\\u${hex.padStart(4, "0")}`
      : `\\U${hex.padStart(8, "0")}`);
}

/** A text of another party for the eyes of who decides: nothing in it is invisible or moves other text. */
export const visible = (text: string): string =>
  text.replaceAll(ALL_HIDDEN, (character) => character === "\n" ? "\n" : escaped(character));

/** What may stand before a script without changing what is run: the host's own shell by its usual names. */
const POSIX_SHELL = /^(?:(?:\/usr)?\/bin\/)?(?:sh|bash|dash|zsh|ksh)$/u;
const CMD_SHELL = /^(?:[a-z]:\\windows\\system32\\)?cmd(?:\.exe)?$/iu;

/** The script that a shell is asked to run by `sh -c <script>` or `cmd /d /s /c <script>`; undefined for anything else. */
export function shellScript(argv: readonly string[]): string | undefined {
  const [shell = "", ...rest] = argv;
  const script = rest.at(-1);
  const flags = rest.slice(0, -1).map((flag) => flag.toLowerCase());
  if (script === undefined) return undefined;
  if (POSIX_SHELL.test(shell) && flags.length === 1 && (flags[0] === "-c" || flags[0] === "-lc")) return script;
  const isCmd = CMD_SHELL.test(shell) && flags.at(-1) === "/c" &&
    flags.slice(0, -1).every((flag) => flag === "/d" || flag === "/s");
  return isCmd ? script : undefined;
}

/** Every text that means exactly this argument list: its own, and for a shell that runs a script the script. */
export function commandForms(argv: readonly string[]): readonly string[] {
  const script = shellScript(argv);
  return script === undefined ? [commandText(argv)] : [commandText(argv), script];
}

/** One word of a plain command: bare, quoted without expansions, or escaped. */
const PIECE = /[A-Za-z0-9_@%+=:,./-]+|'([^'\n]*)'|"([^"$`\\!\n]*)"|\\([^\n])|\$'((?:[^'\\\n]|\\[^\n])*)'/uy;

/**
 * The words of a plain command, the inverse of `commandText`. Undefined for whatever a shell would do more with: chains,
 * pipes, redirections, substitutions, patterns, variables, comments, assignments before the command, several lines.
 */
export function splitCommand(text: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  let open: string | undefined;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === " " || character === "\t") {
      if (open !== undefined) words.push(open);
      open = undefined;
      at++;
      continue;
    }
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text);
    const value = piece === null ? undefined : pieceValue(piece);
    if (value === undefined) return undefined;
    open = (open ?? "") + value;
    at = PIECE.lastIndex;
  }
  if (open !== undefined) words.push(open);
  const [first] = words;
  return first === undefined || first === "" || /^[A-Za-z_]\w*\+?=/u.test(first) ? undefined : words;
}

function pieceValue([all, single, double, backslashed, ansi]: RegExpExecArray): string | undefined {
  return ansi === undefined ? single ?? double ?? backslashed ?? all : unescaped(ansi);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'" };
const ESCAPE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gu;

/** The text of `$'…'`; undefined when it holds an escape that `commandText` does not write. */
function unescaped(text: string): string | undefined {
  let known = true;
  const plain = text.replaceAll(ESCAPE, (_all, x?: string, u?: string, long?: string, other?: string) => {
    const hex = x ?? u ?? long;
    const code = hex === undefined ? undefined : Number.parseInt(hex, 16);
    if (code !== undefined && code <= 0x10ffff) return String.fromCodePoint(code);
    const character = ESCAPES[other ?? ""];
    known &&= character !== undefined;
    return character ?? "";
  });
  return known ? plain : undefined;
}
