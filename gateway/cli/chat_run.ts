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
  readonly #end = Promise.withResolvers<RunEnd>();

  constructor(readonly runId: string, private readonly out: Output) {
    this.#printer = new RunPrinter(out);
  }

  get ended(): Promise<RunEnd> {
    return this.#end.promise;
  }

  agent(payload: AgentEventPayload): void {
    this.#printer.event(payload);
  }

  /** `final`, `aborted` and `error` end the run; the final text is printed when nothing of it came as a stream. */
  chat({ state, message, errorMessage }: ChatEventPayload): void {
    if (state === "final") {
      if (!this.#printer.wroteText) this.#all(messageText(message));
      this.finish({ state });
    } else if (state === "aborted") {
      this.finish({ state });
    } else if (state === "error") {
      this.finish({ state, reason: clean(errorMessage ?? "no reason was given") });
    }
  }

  /** What the run has said by now, after a new connection. */
  resume(text: string): void {
    this.#printer.text(text, "");
  }

  /** The line was a command that was answered at once and starts no run. */
  command(text: string): void {
    this.#printer.note(text);
    this.finish({ state: "final" });
  }

  note(text: string): void {
    this.#printer.note(text);
  }

  finish(end: RunEnd): void {
    this.#printer.end();
    this.#end.resolve(end);
  }

  #all(text: string): void {
    if (text.trim() !== "") this.out.line(clean(text));
  }
}
