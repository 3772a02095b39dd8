/** All that `openclaw` prints goes through here: text, tables, JSON, colours. Nothing else in the CLI writes to the terminal. */

/** Where bytes go. `columns` is undefined when the stream is no terminal. */
export interface Sink {
  write(text: string): void;
  readonly isTty: boolean;
  columns(): number | undefined;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Control characters but newline and tab, and the marks that reverse the reading direction. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text of another party, safe for a terminal: without control characters, which could move the cursor, change the
 * window title or put text on the clipboard. Carriage returns go too, since they would hide what stands before them.
 */
export const clean = (text: string): string => text.replaceAll(UNSAFE, "");

/** `clean`, on one line of at most `max` characters. */
export function oneLine(text: string, max = 80): string {
  const line = clean(text).replaceAll(/\s+/gu, " ").trim();
  const characters = [...line];
  return characters.length <= max ? line : `${characters.slice(0, max - 1).join("")}…`;
}

/** JSON text in which the control characters 0x7f to 0x9f are escaped too: some terminals obey them. */
export function jsonText(value: unknown, indent = 2): string {
  const text = JSON.stringify(value, null, indent) ?? "null";
  return text.replaceAll(
    /[\u007f-\u009f]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Columns of a table: a title, or a title with `right` alignment; cells of `whole` are to be copied, so never cut. */
export type Column = string | { readonly title: string; readonly right?: true; readonly whole?: true };

export class Output {
  readonly #colour: boolean;
  constructor(private readonly out: Sink, private readonly err: Sink, options: { readonly noColor: boolean }) {
    this.#colour = !options.noColor && out.isTty;
  }

  get isTty(): boolean {
    return this.out.isTty;
  }
  get columns(): number | undefined {
    return this.out.columns();
  }

  /** `text` in a style, when standard output is a terminal and NO_COLOR is not set. */
  style(style: Style, text: string): string {
    if (!this.#colour || text === "") return text;
    const [on, off] = CODES[style];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  }

  /** As it is, without a newline: for streams. */
  write(text: string): void {
    this.out.write(text);
  }
  line(text = ""): void {
    this.out.write(`${text}\n`);
  }
  json(value: unknown): void {
    this.line(jsonText(value));
  }
  /** On one line, for streams of JSON. */
  jsonLine(value: unknown): void {
    this.line(jsonText(value, 0));
  }

  /** `name   value` lines under each other. Rows without a value are left out. */
  fields(rows: readonly (readonly [string, string | undefined])[]): void {
    const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== "");
    const width = Math.max(0, ...shown.map(([name]) => name.length));
    for (const [name, value] of shown) this.line(`${this.style("bold", name.padEnd(width))}  ${value}`);
  }

  /** An aligned table; a cell that holds several lines is shown on one. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    const titles = columns.map((column) => typeof column === "string" ? column : column.title);
    const cells = rows.map((row) =>
      titles.map((_, index) => oneLine(row[index] ?? "", isWhole(columns[index]) ? 400 : 60))
    );
    const widths = titles.map((title, index) => Math.max(width(title), ...cells.map((row) => width(row[index] ?? ""))));
    const render = (row: readonly string[]) =>
      row.map((cell, index) => {
        const gap = " ".repeat((widths[index] ?? 0) - width(cell));
        return isRight(columns[index]) ? gap + cell : cell + gap;
      }).join("  ").trimEnd();
    this.line(this.style("bold", render(titles)));
    for (const row of cells) this.line(render(row));
  }

  /** To standard error, so that piped output stays clean. */
  note(text: string): void {
    this.err.write(`${text}\n`);
  }
  warn(text: string): void {
    this.err.write(`${this.#errStyle("yellow", "Warning:")} ${text}\n`);
  }
  error(text: string): void {
    this.err.write(`${this.#errStyle("red", "Error:")} ${text}\n`);
  }

  #errStyle(style: Style, text: string): string {
    return this.err.isTty ? this.style(style, text) : text;
  }
}

const isRight = (column: Column | undefined): boolean => typeof column === "object" && column.right === true;
const isWhole = (column: Column | undefined): boolean => typeof column === "object" && column.whole === true;

/** Columns that a text takes: wide characters of East Asian scripts and emoji count two. */
export function width(text: string): number {
  let total = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character) || character === "\u200d") continue;
    total += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        character,
      ) || /\p{Emoji_Presentation}/u.test(character)
      ? 2
      : 1;
  }
  return total;
}

/** A sink on a stream of this process. A reader that went away (`| head`) ends the process quietly. */
export function streamSink(stream: typeof Deno.stdout | typeof Deno.stderr): Sink {
  const encoder = new TextEncoder();
  const isTty = stream.isTerminal();
  return {
    isTty,
    columns: () => isTty ? Deno.consoleSize().columns : undefined,
    write(text) {
      let bytes = encoder.encode(text);
      try {
        while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
        throw error;
      }
    },
  };
}
