/** One run inside `openclaw chat`: prints its events and knows when it has ended. */
import { clean, type Output } from "./output.ts";
import { type AgentEventPayload, type ChatEventPayload, messageText } from "./payloads.ts";
import { RunPrinter } from "./run_printer.ts";

export interface RunEnd {
  /** `lost`: the connection broke and the run could not be found again. */
  readonly state: "final" | "aborted" | "error" | "lost";
  /** Why, for `error`. */
  readonly reason?: string;
}

export class ChatRun {
  readonly #printer: RunPrinter;
  /** The gateway has answered `chat.send`; from then on the run exists there. */
  accepted = false;
  #over = false;
  readonly #end = Promise.withResolvers<RunEnd>();

  /** `json`: every `chat` event of the run is printed as it came, one a line, and nothing else. */
  constructor(readonly runId: string, private readonly out: Output, private readonly json: boolean) {
    this.#printer = new RunPrinter(out);
  }

  get ended(): Promise<RunEnd> {
    return this.#end.promise;
  }

  agent(payload: AgentEventPayload): void {
    if (!this.json) this.#printer.event(payload);
  }

  /** `final`, `aborted` and `error` end the run; the final text is printed when nothing of it came as a stream. */
  chat(payload: ChatEventPayload): void {
    const { state, message, errorMessage } = payload;
    if (this.json) this.out.jsonLine(payload);
    if (state === "final") {
      if (!this.#printer.wroteText && !this.json) this.#all(messageText(message));
      this.finish({ state });
    } else if (state === "aborted") {
      this.finish({ state });
    } else if (state === "error") {
      this.finish({ state, reason: clean(errorMessage ?? "no reason was given") });
    }
  }

  /** What the run has said by now, after a new connection. Its end may have come before this answer. */
  resume(text: string): void {
    if (!this.json && !this.#over) this.#printer.text(text, "");
  }

  /** The line was a command that was answered at once and starts no run. */
  command(text: string): void {
    this.note(text);
    this.finish({ state: "final" });
  }

  note(text: string): void {
    if (!this.json) this.#printer.note(text);
  }

  finish(end: RunEnd): void {
    this.#over = true;
    this.#printer.end();
    this.#end.resolve(end);
  }

  #all(text: string): void {
    if (text.trim() !== "") this.out.line(clean(text));
  }
}
