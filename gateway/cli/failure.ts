/** Turns failures of the protocol into a sentence, a next step and an exit code. */
import { type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { CallError, DeadlineError, LostError, RefusedError } from "./client.ts";
import { detailCode } from "./credentials.ts";
import { CliError, type Exit } from "./exit.ts";
import { duration } from "./format.ts";
import { clean } from "./output.ts";
import type { Target } from "./target.ts";
import type { WireError } from "./wire.ts";

const Details = Type.Object({
  code: Type.Optional(Type.String()),
  requestId: Type.Optional(Type.String()),
  remediationHint: Type.Optional(Type.String()),
  recommendedNextStep: Type.Optional(Type.String()),
});
type Details = Static<typeof Details>;
const checkDetails = checker(Details);
/** The form that clients accept (handshake facts, section 6.2): it goes into a command line that people copy. */
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/u;

/** Any error as a CliError; one that is a CliError already stays as it is. */
export function toCliError(error: unknown, target: Target): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof RefusedError) return refused(error.error, target);
  if (error instanceof CallError) return callFailed(error);
  if (error instanceof LostError) return lost(error, target);
  if (error instanceof DeadlineError) return late(error, target);
  return new CliError("failed", error instanceof Error ? error.message : String(error));
}

function refused(error: WireError, target: Target): CliError {
  const details = readDetails(error.details);
  const sentence = `The gateway at ${target.url} refused the connection: ${clean(error.message)}`;
  if (error.code === "NOT_PAIRED") return notPaired(error, details);
  if (error.code === "PROTOCOL") {
    return new CliError(
      "unreachable",
      `Cannot use ${target.url}: ${clean(error.message)}`,
      hintsUnreachable(target),
      error,
    );
  }
  const wait = error.retryAfterMs;
  const exit: Exit = wait !== undefined || error.retryable === true
    ? "temporary"
    : isAuth(error)
    ? "refused"
    : "failed";
  return new CliError(exit, sentence, hintsRefused(error, details, target), error);
}

const isAuth = (error: WireError): boolean => {
  const code = detailCode(error.details) ?? "";
  return code.startsWith("AUTH_") || code.startsWith("DEVICE_") || error.message.startsWith("unauthorized") ||
    error.message.startsWith("device ");
};

function notPaired(error: WireError, details: Details): CliError {
  const id = details.requestId !== undefined && REQUEST_ID.test(details.requestId) ? details.requestId : undefined;
  const hints = id === undefined ? ["Pass the gateway's token: --token, or OPENCLAW_GATEWAY_TOKEN"] : [
    `Approve it on the gateway's host: openclaw devices approve ${id}`,
    "Then run this command again",
  ];
  const request = id === undefined ? "" : ` (request ${id})`;
  return new CliError("notPaired", `This device is not approved yet${request}: ${clean(error.message)}`, hints, error);
}

/** What to do for each `details.recommendedNextStep` (handshake facts, section 6.2). */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  retry_with_device_token: "Run the command without --token: this device may have a token of its own",
  update_auth_configuration: "Set a secret on the gateway: gateway.auth.token in its configuration file",
  update_auth_credentials:
    "Pass the gateway's secret: --token, OPENCLAW_GATEWAY_TOKEN, or gateway.remote.token for a remote gateway. " +
    "It is gateway.auth.token in the gateway's configuration file",
  wait_then_retry: "Wait, then try again",
  review_auth_configuration: "Compare gateway.auth here and on the gateway",
};

function hintsRefused(error: WireError, details: Details, target: Target): string[] {
  const hints: string[] = [];
  if (error.retryAfterMs !== undefined) hints.push(`Try again in ${duration(error.retryAfterMs)}`);
  const step = NEXT_STEPS[details.recommendedNextStep ?? ""];
  if (step !== undefined && error.retryAfterMs === undefined) hints.push(step);
  else if (isAuth(error) && hints.length === 0) hints.push(NEXT_STEPS["update_auth_credentials"] ?? "");
  if (details.remediationHint !== undefined) hints.push(clean(details.remediationHint));
  if (details.code === "PROTOCOL_MISMATCH") hints.push(`Update this program or the gateway at ${target.url}`);
  return hints.filter((hint) => hint !== "");
}

function callFailed({ method, error, payload }: CallError): CliError {
  const wire = payload === undefined ? error : { ...error, payload };
  const details = readDetails(error.details);
  const message = clean(error.message);
  if (error.code === "FORBIDDEN" || message.startsWith("missing scope") || message.startsWith("unauthorized role")) {
    return new CliError("refused", `Cannot call ${method}: ${message}`, [
      "This device lacks the right; see what it holds with: openclaw devices list",
    ], wire);
  }
  if (error.code === "NOT_PAIRED") return notPaired(error, details);
  const temporary = error.retryAfterMs !== undefined || (error.retryable ?? error.code === "UNAVAILABLE");
  const hints = error.retryAfterMs === undefined ? [] : [`Try again in ${duration(error.retryAfterMs)}`];
  if (message.startsWith("unknown method")) hints.push("The gateway's methods: openclaw status --json");
  return new CliError(temporary ? "temporary" : "failed", `${method} failed: ${message}`, hints, wire);
}

function lost({ end, stage }: LostError, target: Target): CliError {
  if (end.denied) {
    return new CliError("unreachable", `Cannot reach ${target.url}: this process may not connect there`, [
      `Start it with the right: --allow-net=${new URL(target.url).host}`,
    ]);
  }
  if (end.code === 1012 || end.code === 1013 || end.code === 4001) {
    return new CliError("temporary", `The gateway closed the connection: ${clean(end.reason) || end.code}`, [
      "Run the command again in a moment",
    ]);
  }
  if (stage === "connected") {
    const reason = clean(end.reason) || end.failure || `code ${end.code}`;
    return new CliError("unreachable", `The connection to ${target.url} was lost: ${reason}`, [
      "See whether the gateway still runs: openclaw health",
    ]);
  }
  if (end.code === 1008) {
    return new CliError("refused", `The gateway at ${target.url} closed the handshake: ${clean(end.reason)}`);
  }
  const reason = end.failure ?? (clean(end.reason) || `closed with code ${end.code}`);
  return new CliError("unreachable", `Cannot reach a gateway at ${target.url}: ${reason}`, hintsUnreachable(target));
}

function late(error: DeadlineError, target: Target): CliError {
  const wait = duration(error.ms);
  if (error.what === "connect") {
    return new CliError("unreachable", `Cannot reach a gateway at ${target.url}: no answer within ${wait}`, [
      ...hintsUnreachable(target),
    ]);
  }
  return new CliError("temporary", `No answer to ${error.what} from ${target.url} within ${wait}`, [
    "Wait longer with --timeout 60s, or see whether the gateway is well: openclaw health",
  ]);
}

function hintsUnreachable(target: Target): string[] {
  if (target.source === "default" && target.loopback) {
    return [
      "Start the gateway: openclaw gateway (in a checkout: deno task gateway)",
      "Or name another one: --url ws://<host>:18789 --token <token>",
    ];
  }
  if (target.loopback) {
    return [`Check the address, which comes from ${target.source}, and that the gateway or tunnel runs`];
  }
  return [
    `Check the address, which comes from ${target.source}, and that the gateway listens there (gateway.bind)`,
    "Through SSH: ssh -N -L 18789:127.0.0.1:18789 <host>, then --url ws://127.0.0.1:18789",
  ];
}

function readDetails(details: unknown): Details {
  const checked = checkDetails(details);
  return checked.ok ? checked.value : {};
}
