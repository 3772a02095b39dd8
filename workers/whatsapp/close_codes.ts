/** What an ended connection means, by the code that WhatsApp or the library gave it. */
import type { ProviderState, UserAction } from "../../schemas/worker/channel.ts";

export type Fate =
  /** Normal after linking: connect again at once. */
  | { readonly kind: "restart" }
  | { readonly kind: "retry"; readonly sentence: string }
  | {
    readonly kind: "stop";
    readonly state: Extract<ProviderState, "logged_out" | "bad_credentials" | "conflict">;
    readonly sentence: string;
    readonly userAction: UserAction;
  };

const KEPT = "The keys are kept until you link again or log out";

/** `version`: what this client says it is. `text`: the library's own words, for codes without a known meaning. */
export function fateOf(code: number, text: string, version: string): Fate {
  switch (code) {
    case 515:
      return { kind: "restart" };
    case 401:
    case 406:
      return stop("logged_out", `WhatsApp has logged this device out. ${KEPT}`, "login");
    case 402:
      return stop("bad_credentials", `WhatsApp has banned this number for a time. ${KEPT}`, "wait");
    case 403:
      return stop("bad_credentials", `WhatsApp refuses this number: it may be banned or restricted. ${KEPT}`, "login");
    case 411:
      return stop(
        "bad_credentials",
        `This number does not work with several devices as it is set up. ${KEPT}`,
        "login",
      );
    case 405:
    case 409:
      return stop(
        "bad_credentials",
        `WhatsApp refuses version ${version} of its web client as outdated: update the gateway, ` +
          "or set channels.whatsapp.version",
        "fix_config",
      );
    case 440:
      return stop(
        "conflict",
        "Another program uses the same linked device. This one has stopped, because the two would cut each other off",
        "stop_other_session",
      );
    case 400:
      return { kind: "retry", sentence: `The server could not prove that it is WhatsApp: ${text}` };
    case 408:
      return { kind: "retry", sentence: "WhatsApp does not answer" };
    case 428:
      return { kind: "retry", sentence: "WhatsApp closed the connection" };
    case 503:
      return { kind: "retry", sentence: "WhatsApp is not available at the moment" };
    default:
      return { kind: "retry", sentence: `The connection to WhatsApp failed: ${text}` };
  }
}

const stop = (
  state: Extract<Fate, { kind: "stop" }>["state"],
  sentence: string,
  userAction: UserAction,
): Fate => ({ kind: "stop", state, sentence, userAction });

/** The code that the library put into an error, 428 when it gave none. */
export function codeOf(error: unknown): number {
  const output = isRecord(error) ? error["output"] : undefined;
  const status = isRecord(output) ? output["statusCode"] : undefined;
  return typeof status === "number" ? status : 428;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
