/** What imsg refused or failed at, in the contract's words, and which of it a person has to repair. */
import type { ChannelError } from "../../schemas/worker/channel.ts";
import { ProviderError } from "../runtime/provider.ts";

/** imsg answered with an error. */
export class ImsgRefusal extends Error {
  constructor(readonly code: number | undefined, message: string) {
    super(message);
    this.name = "ImsgRefusal";
  }
}

/** imsg did not answer. `asked`: the request had left, so that nobody knows what became of it. */
export class ImsgTrouble extends Error {
  constructor(readonly kind: "gone" | "busy" | "timeout" | "stopped", message: string, readonly asked: boolean) {
    super(message);
    this.name = "ImsgTrouble";
  }
}

/** macOS lets the program not read the message store, or not speak to the Messages app. */
export const isDenied = (text: string): boolean =>
  /full disk access|permission\s?denied|operation not permitted|authorization denied|unable to open database|not auth?ori[sz]ed|-1743\b/iu
    .test(text);

export const DISK_SENTENCE =
  "macOS does not let imsg read the messages: give Full Disk Access and Automation of Messages to the program that starts " +
  "the gateway (System Settings, Privacy & Security), then start the gateway again";

const clip = (text: string): string => text.length > 300 ? `${text.slice(0, 300)}…` : text;

export function invalid(message: string): ProviderError {
  return new ProviderError({ code: "invalid", message, retryable: false, outcome: "not_sent" });
}

/** The contract's form of whatever a call threw. */
export function toProviderError(error: unknown): ProviderError {
  return error instanceof ProviderError ? error : new ProviderError(toChannelError(error));
}

function toChannelError(error: unknown): ChannelError {
  if (error instanceof ImsgRefusal) return refused(error);
  if (error instanceof ImsgTrouble) {
    const code = error.kind === "timeout" ? "timeout" : "unreachable";
    return { code, message: error.message, retryable: true, outcome: error.asked ? "unknown" : "not_sent" };
  }
  return { code: "internal", message: clip(String(error)), retryable: false, outcome: "unknown" };
}

/** Refused parameters have done nothing; of a fault inside, such as a script that took too long, nobody knows. */
function refused({ code, message }: ImsgRefusal): ChannelError {
  const base = {
    message: `imsg refused: ${clip(message)}`,
    retryable: false,
    ...(code === undefined ? {} : { platformCode: String(code) }),
  };
  if (isDenied(message)) return { ...base, message: DISK_SENTENCE, code: "forbidden", outcome: "not_sent" };
  if (/timed? ?out|-1712\b/iu.test(message)) return { ...base, code: "timeout", outcome: "unknown" };
  if (/not found|unknown (?:chat|recipient)|can.t get (?:chat|buddy|participant)/iu.test(message)) {
    return { ...base, code: "not_found", outcome: "not_sent" };
  }
  if (code === -32600 || code === -32601 || code === -32602) return { ...base, code: "invalid", outcome: "not_sent" };
  return { ...base, code: "platform", outcome: "unknown" };
}
