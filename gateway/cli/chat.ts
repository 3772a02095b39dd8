/** `openclaw chat`: a conversation in the terminal; without one, a message per line of standard input. */
import { ChatSession } from "./chat_session.ts";
import type { RunEnd } from "./chat_run.ts";
import { CallError, DeadlineError } from "./client.ts";
import { prepare } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { EXITS } from "./exit.ts";
import { toCliError } from "./failure.ts";
import type { Options } from "./options.ts";
import { clean } from "./output.ts";

const RUN_TIMEOUT_MS = 600_000;
const PROMPT = "› ";
const LEAVE = new Set(["/exit", "/quit"]);

export const chatCommand: Command = async (context, options) => {
  const opener = await prepare(context, options, ["tool-events"]);
  const { isTty } = context.input;
  const json = options.flag("json");
  const chat = new ChatSession(context, opener, {
    sessionKey: options.text("session") ?? "main",
    thinking: options.text("thinking"),
    runTimeoutMs: options.duration("timeout", "s") ?? RUN_TIMEOUT_MS,
    historyLimit: options.whole("history", 0) ?? (isTty && !json ? 20 : 0),
    json,
  });
  try {
    const { client, target } = await chat.open();
    if (isTty && !json) greet(context, options, `${target.url}, version ${clean(client.hello.server.version)}`);
    return await converse(context, chat);
  } catch (error) {
    throw toCliError(error, opener.target);
  } finally {
    await chat.close();
  }
};

function greet({ out }: CliContext, options: Options, gateway: string): void {
  const session = clean(options.text("session") ?? "main");
  out.line(out.style("dim", `· session ${session} at ${gateway}`));
  out.line(out.style("dim", "· /help lists the commands, Ctrl-C stops an answer, /exit leaves"));
}

/** One line after the other; the last failure decides the exit code when there is no terminal. */
async function converse(context: CliContext, chat: ChatSession): Promise<number> {
  const leave = Promise.withResolvers<"interrupt">();
  let presses = 0;
  const onInterrupt = () => {
    presses += 1;
    if (chat.running && presses === 1) chat.stop();
    else leave.resolve("interrupt");
  };
  const reader = context.input.lines({ onInterrupt });
  const dispose = context.onInterrupt(onInterrupt);
  chat.onPrinted = () => reader.prompt(PROMPT);
  let code: number = EXITS.ok.code;
  try {
    const lines = reader[Symbol.asyncIterator]();
    while (true) {
      presses = 0;
      reader.prompt(PROMPT);
      const next = await Promise.race([lines.next(), leave.promise, chat.gone]);
      if (next === "interrupt") return EXITS.interrupted.code;
      if (next.done === true) return code;
      const line = next.value.trim();
      if (LEAVE.has(line)) return code;
      if (line === "") continue;
      const end = await Promise.race([answered(chat, line), leave.promise]);
      if (end === "interrupt") return EXITS.interrupted.code;
      if (report(context, end) && !context.input.isTty) code = EXITS.failed.code;
    }
  } finally {
    dispose();
    reader.close();
    if (context.input.isTty) context.out.line();
  }
}

/** Sends a line. What the gateway refuses is the end of this line, not of the conversation. */
async function answered(chat: ChatSession, line: string): Promise<RunEnd> {
  try {
    return await chat.send(line);
  } catch (error) {
    if (error instanceof CallError) return { state: "error", reason: clean(error.error.message) };
    if (error instanceof DeadlineError) return { state: "error", reason: "the gateway did not answer in time" };
    throw error;
  }
}

/** Says how a run ended when it did not end well. True for a failure. */
function report({ out }: CliContext, end: RunEnd): boolean {
  if (end.state === "aborted") out.note("The answer was stopped.");
  if (end.state === "error") out.error(`The run failed: ${end.reason ?? "no reason was given"}`);
  if (end.state === "lost") out.error("The run could not be found again after the connection was lost");
  return end.state === "error" || end.state === "lost";
}
