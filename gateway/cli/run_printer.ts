/** Writes a run to the terminal as it streams: text as it comes, thinking and tools dimmed, each on lines of their own. */
import { clean, oneLine, type Output } from "./output.ts";
import type { AgentEventPayload } from "./payloads.ts";

export class RunPrinter {
  /** Text of the current assistant message that was written. */
  #shown = "";
  #atLineStart = true;
  #thinking = false;
  /** Whether any text of the answer was written. */
  wroteText = false;

  constructor(private readonly out: Output) {}

  /** One `agent` event of the run. Streams and phases that are not known are passed over. */
  event({ stream, data }: AgentEventPayload): void {
    if (stream === "assistant") this.text(data.text ?? "", data.delta ?? "");
    else if (stream === "thinking") this.#think(data.delta ?? "");
    else if (stream === "tool" && data.phase === "start") {
      this.note(`tool ${data.name ?? "?"}${argsText(data.args)}`);
    } else if (stream === "tool" && data.phase === "result" && data.isError === true) {
      this.note(`tool ${data.name ?? "?"} failed${data.meta === undefined ? "" : `: ${data.meta}`}`);
    }
  }

  /**
   * `text` is the current message so far, `delta` its new part. A first part has both the same: then a new message
   * began. The whole text is compared, not the parts added up, so that a skipped event leaves no hole and one that
   * comes late, after a new connection, prints nothing twice.
   */
  text(text: string, delta: string): void {
    const begins = text === delta && text !== this.#shown;
    if (!begins && this.#shown.startsWith(text)) return;
    if (this.#thinking) this.#endThinking();
    if (this.#shown !== "" && (begins || !text.startsWith(this.#shown))) {
      this.#newLine();
      this.#shown = "";
    }
    const part = text.slice(this.#shown.length);
    this.#shown = text;
    this.#write(clean(part));
    if (part !== "") this.wroteText = true;
  }

  /** A dimmed line between the text. */
  note(text: string): void {
    if (this.#thinking) this.#endThinking();
    this.#newLine();
    this.out.line(this.out.style("dim", `· ${oneLine(text, 160)}`));
    this.#shown = "";
  }

  /** Ends the current line. */
  end(): void {
    if (this.#thinking) this.#endThinking();
    this.#newLine();
    this.#shown = "";
  }

  #think(delta: string): void {
    if (!this.#thinking) this.#newLine();
    this.#thinking = true;
    this.#write(delta === "" ? "" : this.out.style("dim", clean(delta)), delta);
  }
  #endThinking(): void {
    this.#thinking = false;
    this.#newLine();
  }
  #write(text: string, plain = text): void {
    if (text === "") return;
    this.out.write(text);
    this.#atLineStart = plain.endsWith("\n");
  }
  #newLine(): void {
    if (!this.#atLineStart) this.out.line();
    this.#atLineStart = true;
  }
}

function argsText(args: unknown): string {
  if (typeof args !== "object" || args === null || Object.keys(args).length === 0) return "";
  return ` ${JSON.stringify(args)}`;
}
