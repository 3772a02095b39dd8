/** Options that several commands share. */
import type { OptionSpec } from "./program.ts";

/** Every command that prints an answer. */
export const JSON_OPTION: OptionSpec = { flags: "--json", help: "Print the answer as it came, as JSON" };
export const YES: OptionSpec = { flags: "-y, --yes", help: "Do not ask" };
export const SESSION: OptionSpec = { flags: "-s, --session <key>", help: "Session key (default: main)" };
/** Every command that connects. */
export const CONNECTION: readonly OptionSpec[] = [
  JSON_OPTION,
  { flags: "--url <url>", help: "Gateway address (default: this host's gateway)" },
  { flags: "--token <token>", help: "Shared token of the gateway" },
  { flags: "--password <password>", help: "Shared password of the gateway" },
  { flags: "--timeout <time>", help: "Longest wait for an answer: 500ms, 10s, 2m (default: 10s)" },
];
/** `agent` and `chat`: the time of a run. A bare number counts seconds, as in the official client. */
export const RUN: readonly OptionSpec[] = [
  ...CONNECTION.filter(({ flags }) => !flags.startsWith("--timeout")),
  { flags: "--timeout <time>", help: "Longest time of a run: 90s, 5m (default: 10m)" },
  { flags: "--thinking <level>", help: "off, minimal, low, medium, high or xhigh" },
];
/** Where and how the gateway listens. */
export const LISTEN: readonly OptionSpec[] = [
  { flags: "--port <port>", help: "Port (default: gateway.port, 18789)" },
  { flags: "--bind <mode>", help: "loopback, lan, tailnet, auto or custom" },
  { flags: "--token <token>", help: "Shared token, instead of gateway.auth.token" },
  { flags: "--password <password>", help: "Shared password, instead of gateway.auth.password" },
  { flags: "-v, --verbose", help: "Log at level debug" },
];
