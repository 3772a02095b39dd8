/** `openclaw agent --message …`: one run of the agent, streamed to the terminal. */
import { CallError, LostError } from "./client.ts";
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError, EXITS } from "./exit.ts";
import { firstStopsThenLeaves } from "./interrupt.ts";
import type { Options } from "./options.ts";
import { clean } from "./output.ts";
import { AgentEventPayload, AgentFinal, read } from "./payloads.ts";
import { RunPrinter } from "./run_printer.ts";
import { checker } from "../../schemas/validate.ts";

/** A run may take ten minutes when `--timeout` says nothing; the answer may come this much after the run's own end. */
const RUN_TIMEOUT_MS = 600_000;
const GRACE_MS = 15_000;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const THINKING = ["off", "minimal", "low", "medium", "high", "xhigh"];
const checkAgentEvent = checker(AgentEventPayload);

export const agentCommand: Command = async (context, options, args) => {
  const request = await requestOf(context, options, args);
  return await withGateway(context, options, (session) => run(context, options, session, request), ["tool-events"]);
};

interface Request {
  readonly params: Readonly<Record<string, unknown>> & { readonly idempotencyKey: string };
  readonly timeoutMs: number;
}

/** The parameters of `agent`. `--timeout` counts in seconds when it has no unit, as in the official client. */
async function requestOf(context: CliContext, options: Options, args: readonly string[]): Promise<Request> {
  const given = options.text("message") ?? (args.length > 0 ? args.join(" ") : undefined);
  const message = given === "-" || (given === undefined && !context.input.isTty)
    ? (await context.input.text(MAX_MESSAGE_BYTES)).trimEnd()
    : given;
  if (message === undefined || message.trim() === "") {
    throw new CliError("usage", "Cannot start a run: there is no message", [
      'Example: openclaw agent --message "Hello"',
    ]);
  }
  const thinking = options.text("thinking");
  if (thinking !== undefined && !THINKING.includes(thinking)) {
    throw new CliError("usage", `Cannot use --thinking "${thinking}": it is none of ${THINKING.join(", ")}`);
  }
  const timeoutMs = options.duration("timeout", "s") ?? RUN_TIMEOUT_MS;
  const optional = {
    sessionKey: options.text("session"),
    agentId: options.text("agent"),
    thinking,
    channel: options.text("channel"),
    to: options.text("to"),
  };
  const params = {
    message,
    idempotencyKey: crypto.randomUUID(),
    timeout: Math.ceil(timeoutMs / 1000),
    deliver: options.flag("deliver"),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
  const named = optional.sessionKey !== undefined || optional.agentId !== undefined;
  return { params: named ? params : { ...params, sessionKey: "main" }, timeoutMs };
}

async function run(context: CliContext, options: Options, session: Session, request: Request): Promise<number> {
  const { out } = context;
  const json = options.flag("json");
  const printer = new RunPrinter(out);
  const runId = request.params.idempotencyKey;
  const state = { sessionKey: String(request.params["sessionKey"] ?? "main"), stopped: false };
  const stopListening = session.client.onEvent(({ event, payload }) => {
    if (event !== "agent") return;
    const checked = checkAgentEvent(payload);
    if (!checked.ok || checked.value.runId !== runId) return;
    state.sessionKey = checked.value.sessionKey ?? state.sessionKey;
    if (!json) printer.event(checked.value);
  });
  const interrupts = firstStopsThenLeaves(context, () => {
    state.stopped = true;
    if (!json) printer.note("stopping the run; Ctrl-C again to leave");
    session.call("chat.abort", { sessionKey: state.sessionKey, runId }).catch(() => {});
  });
  try {
    const answer = await Promise.race([
      session.client.request("agent", request.params, {
        timeoutMs: request.timeoutMs + GRACE_MS,
        expectFinal: true,
      }),
      interrupts.leave,
    ]);
    printer.end();
    if (answer === "leave") return EXITS.interrupted.code;
    return finish(context, json, answer, printer, state.stopped);
  } catch (error) {
    printer.end();
    throw runFailed(error, state.sessionKey);
  } finally {
    stopListening();
    interrupts.dispose();
  }
}

function finish(context: CliContext, json: boolean, answer: unknown, printer: RunPrinter, stopped: boolean): number {
  const { out } = context;
  const final = read("agent", AgentFinal, answer);
  if (json) out.json(answer);
  else if (!printer.wroteText) {
    for (const { text } of final.result?.payloads ?? []) if (text !== undefined) out.line(clean(text));
  }
  const aborted = stopped || final.result?.meta?.aborted === true;
  if (aborted && !json) out.note("The run was stopped.");
  return stopped ? EXITS.interrupted.code : final.status === "timeout" ? EXITS.temporary.code : EXITS.ok.code;
}

/**
 * A run that failed is a failure of the run, not of the gateway: exit code 1 unless the model says when to come back.
 * A lost connection does not end the run, so the way to its answer is named.
 */
function runFailed(error: unknown, sessionKey: string): unknown {
  if (error instanceof LostError) {
    return new CliError("unreachable", "The connection was lost before the run ended", [
      `The run goes on at the gateway; its answer: openclaw sessions show ${clean(sessionKey)}`,
    ]);
  }
  if (!(error instanceof CallError) || error.error.code !== "UNAVAILABLE" || error.payload === undefined) return error;
  const exit = error.error.retryAfterMs === undefined ? "failed" : "temporary";
  return new CliError(exit, `The run failed: ${clean(error.error.message)}`, [
    "The model in use and the state of the configuration: openclaw status",
  ], { ...error.error, payload: error.payload });
}
