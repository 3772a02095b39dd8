/** `openclaw channels login`: the steps of a login as the gateway gives them, a code to scan drawn in the terminal. */
import type { LoginStep } from "../../schemas/worker/channel.ts";
import { qrBlocks } from "../rpc/qr.ts";
import { type Questions, questions } from "./ask.ts";
import { LoginProgress } from "./channel_payloads.ts";
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { clean } from "./output.ts";
import { read } from "./payloads.ts";

/** One call waits for one step; a person may take long for each. */
const STEP_MS = 60_000;
const GRACE_MS = 10_000;
/** Longest login in all: codes are renewed until then. */
const LOGIN_MS = 10 * 60_000;

export const loginCommand: Command = (context, options, [channel = "", accountId]) =>
  withGateway(context, options, async (session) => {
    using asked = questions(context);
    await login(context, session, asked, {
      channel,
      ...(accountId === undefined ? {} : { accountId }),
      ...(options.text("flow") === undefined ? {} : { flow: options.text("flow") }),
      ...(options.flag("force") ? { force: true } : {}),
    });
  });

/** Runs the login to its end. Throws a CliError when it fails. */
export async function login(
  context: CliContext,
  session: Session,
  asked: Questions,
  params: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { channel, accountId } = params;
  const until = context.clock.now() + LOGIN_MS;
  let progress = await call(session, "web.login.start", { ...params, timeoutMs: STEP_MS });
  let shown = 0;
  while (context.clock.now() < until) {
    const { step, count = 0 } = progress;
    if (step !== undefined && count > shown) {
      shown = count;
      if (step.kind === "failed") throw failed(step);
      await show(context, step);
      if (step.kind === "done") return;
    }
    if (step === undefined && progress.connected) return context.out.line(clean(progress.message));
    if (step?.kind === "input" && count === shown) {
      const input = await answersTo(step, asked);
      progress = await call(session, "web.login.start", { ...params, force: false, input, timeoutMs: STEP_MS });
      // A new login counts its steps anew.
      shown = Math.min(shown, (progress.count ?? 0) - 1);
    } else {
      progress = await call(session, "web.login.wait", {
        channel,
        ...(accountId === undefined ? {} : { accountId }),
        seen: shown,
        timeoutMs: STEP_MS,
      });
    }
  }
  throw new CliError("temporary", "The login took too long", ["Try again: openclaw channels login <id>"]);
}

async function call({ client }: Session, method: string, params: unknown): Promise<LoginProgress> {
  return read(method, LoginProgress, await client.request(method, params, { timeoutMs: STEP_MS + GRACE_MS }));
}

const failed = (step: Extract<LoginStep, { kind: "failed" }>): CliError =>
  new CliError(step.retryable ? "temporary" : "failed", `The login failed: ${clean(step.text)}`);

async function show({ out }: CliContext, step: LoginStep): Promise<void> {
  if (step.kind === "show" && step.what === "qr") {
    out.line(await qrBlocks(step.value, out.isTty && out.style("bold", "x") !== "x"));
  } else if (step.kind === "show") out.line(`  ${out.style("bold", clean(step.value))}`);
  out.line(clean(step.text));
}

async function answersTo(
  step: Extract<LoginStep, { kind: "input" }>,
  asked: Questions,
): Promise<Record<string, string>> {
  const input: Record<string, string> = {};
  for (const { name, label, secret } of step.fields) {
    input[name] = await (secret ? asked.askSecret : asked.ask)(`${clean(label)}: `);
  }
  return input;
}
