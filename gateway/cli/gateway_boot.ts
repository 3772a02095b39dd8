/** The steps from the environment to a running gateway, each with the sentence for its failure. */
import { describe, hostPort, type InterfaceAddress, type ListenPlan, planListen } from "../config/listen.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { findOllama } from "../config/ollama.ts";
import { pathsOf } from "../config/paths.ts";
import {
  describePermissions,
  gatewayPermissions,
  type HeldPermissions,
  heldPermissions,
  NO_PERMISSIONS,
  secretFilesOf,
} from "../config/permissions.ts";
import { writeToken } from "../config/write_token.ts";
import { type GatewayFlags, parsePort } from "../config/gateway_part.ts";
import type { ChannelEntry } from "../config/types.ts";
import type { Env } from "../observe/home.ts";
import { prepareStateDir } from "../storage/state_dir.ts";
import { CliError } from "./exit.ts";

export interface Prepared {
  readonly loaded: LoadedConfig;
  readonly plan: ListenPlan;
  readonly held: HeldPermissions;
}

const BINDS = ["loopback", "lan", "tailnet", "auto", "custom"] as const;

/** The options of the command line, checked. Throws `CliError`. */
export function gatewayFlags(options: {
  readonly port?: string | undefined;
  readonly bind?: string | undefined;
  readonly token?: string | undefined;
  readonly password?: string | undefined;
}): GatewayFlags {
  const { port, bind, token, password } = options;
  const number = port === undefined ? undefined : parsePort(port);
  if (port !== undefined && number === undefined) {
    throw new CliError("usage", `Cannot use --port "${port}": a number from 1 to 65535 is needed`);
  }
  const chosen = BINDS.find((name) => name === bind);
  if (bind !== undefined && chosen === undefined) {
    throw new CliError("usage", `Cannot use --bind "${bind}": one of ${BINDS.join(", ")} is needed`);
  }
  return { port: number, bind: chosen, token, password };
}

/** Reads the configuration and checks that this process may do what it asks for. Writes nothing yet. */
export async function prepare(
  env: Env,
  flags: GatewayFlags,
  entries: readonly ChannelEntry[] = [],
): Promise<Prepared> {
  const paths = configured(() => pathsOf(env));
  const manifests = entries.map(({ manifest }) => manifest);
  const loaded = await loadConfig({ env, paths, flags, manifests, ollama: findOllama });
  const plan = planFor(loaded);
  if (plan.refusal !== undefined) throw new CliError("config", plan.refusal);
  const held = heldPermissions(gatewayPermissions(loaded, plan.addresses));
  refuseWithout(held, loaded, plan);
  return { loaded, plan, held };
}

/** The addresses for the configuration; a process that may not look at the interfaces sees none. */
export const planFor = (loaded: LoadedConfig): ListenPlan => planListen(loaded.config.gateway, interfacesOfHost);

function interfacesOfHost(): readonly InterfaceAddress[] {
  try {
    return Deno.networkInterfaces();
  } catch {
    return [];
  }
}

/** `action`, whose failure means that the environment or the configuration is wrong. */
export function configured<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new CliError("config", error instanceof Error ? error.message : String(error));
  }
}

/** Without its addresses and folders the gateway is nothing; other rights that are missing only cost a warning. */
function refuseWithout({ missing }: HeldPermissions, { config }: LoadedConfig, plan: ListenPlan): void {
  const needed = plan.addresses.filter(({ optional }) => !optional);
  const closed = needed.filter(({ hostname, port }) => missing.net.includes(hostPort(hostname, port)));
  const secrets = secretFilesOf(config.parsed);
  const text = describePermissions({
    ...NO_PERMISSIONS,
    net: closed.map(({ hostname, port }) => hostPort(hostname, port)),
    read: missing.read.filter((path) => !secrets.includes(path)),
    write: missing.write,
  });
  if (text === "") return;
  const { port, bind } = config.gateway;
  const beyond = closed.some(({ kind }) => kind !== "loopback");
  throw new CliError("permission", `Cannot start: this process was started without ${text}`, [
    ...(beyond ? [`Set gateway.bind to "${bind}" in ${config.path}`] : []),
    `Run: ${closed.length > 0 ? `OPENCLAW_GATEWAY_PORT=${port} ` : ""}deno task gateway`,
    "The task derives its permissions from the environment and the configuration before it sees --port or --bind",
  ]);
}

/** Makes the state directory, as `CliError` when that fails. */
export async function makeStateDir({ loaded }: Prepared): Promise<void> {
  await prepareStateDir(loaded.config.stateDir).catch((error: Error) => {
    throw new CliError("config", error.message);
  });
}

/** Writes a generated token down when nobody set a secret. Returns what to tell about it. */
export async function keepGeneratedToken({ loaded }: Prepared): Promise<string | undefined> {
  const { config, secretSource } = loaded;
  const { token } = config.gateway.auth;
  if (secretSource !== "absent" || token === undefined) return undefined;
  try {
    await writeToken(config.path, config.raw, token);
    return `generated and written to ${config.path}`;
  } catch (error) {
    return `generated for this run only: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A port that somebody else has, as a sentence; other errors as they are. */
export function listenError(error: unknown, plan: ListenPlan): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (error instanceof Deno.errors.AddrInUse || code === "EADDRINUSE") {
    return new CliError("temporary", `Cannot listen on ${describe(plan.addresses)}: another program uses that port`, [
      "Is it another gateway? Ask with: openclaw health",
      "Or choose another port: OPENCLAW_GATEWAY_PORT=<port> deno task gateway",
    ]);
  }
  if (error instanceof Deno.errors.AddrNotAvailable || code === "EADDRNOTAVAIL") {
    return new CliError("config", `Cannot listen on ${describe(plan.addresses)}: this host has no such address`, [
      "Correct gateway.customBindHost, or set gateway.bind to another value",
    ]);
  }
  return error;
}
