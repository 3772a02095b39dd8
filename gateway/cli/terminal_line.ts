/** One line of a terminal in raw mode, shown as it is typed or not at all. */

const ENTER = /[\r\n]/u;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const BACKSPACE = ["\b", "\u007f"];
/** Longest line; a longer paste is no answer. */
const MAX_CHARS = 64 * 1024;

/** What the reader needs of the terminal; tests give their own. */
export interface RawTerminal {
  /** The next bytes; null at the end of the input. */
  read(): Promise<Uint8Array | null>;
  setRaw(on: boolean): void;
  write(text: string): void;
}

export type TypedLine =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "interrupted" }
  | { readonly kind: "end" };

/** Reads one line. `hidden`: nothing of it is shown. What was pasted behind the line is kept for the next one. */
export function createTerminalLines(terminal: RawTerminal): (prompt: string, hidden: boolean) => Promise<TypedLine> {
  const decoder = new TextDecoder();
  let waiting = "";
  let rest = "";
  return async (prompt, hidden) => {
    terminal.write(prompt);
    terminal.setRaw(true);
    let line = "";
    try {
      while (true) {
        for (const character of withoutEscapes(take())) {
          if (ENTER.test(character)) return keepRest(character, { kind: "line", text: line });
          if (character === CTRL_C) return { kind: "interrupted" };
          if (character === CTRL_D && line === "") return { kind: "end" };
          line = edit(line, character, hidden);
        }
        const bytes = await terminal.read();
        if (bytes === null) return line === "" ? { kind: "end" } : { kind: "line", text: line };
        waiting = decoder.decode(bytes, { stream: true });
      }
    } finally {
      terminal.setRaw(false);
      terminal.write("\r\n");
    }
  };

  function take(): string {
    const text = waiting;
    waiting = "";
    rest = text;
    return text;
  }

  function keepRest(end: string, line: TypedLine): TypedLine {
    const at = rest.indexOf(end);
    waiting = rest.slice(at + 1).replace(/^\n/u, "");
    return line;
  }

  function edit(line: string, character: string, hidden: boolean): string {
    if (BACKSPACE.includes(character)) {
      if (line !== "" && !hidden) terminal.write("\b \b");
      return [...line].slice(0, -1).join("");
    }
    if (character < " " || line.length >= MAX_CHARS) return line;
    if (!hidden) terminal.write(character);
    return line + character;
  }
}

/** Arrow keys and the like are sequences that start with escape; they are no part of an answer. */
// deno-lint-ignore no-control-regex
const withoutEscapes = (text: string): string => text.replaceAll(/\u001b(?:\[[0-9;?]*[A-Za-z~]|O.|.)?/gu, "");
