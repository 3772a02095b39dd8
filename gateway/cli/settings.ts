/** The few facts of the configuration file that a client needs: where the gateway is and what opens it. */
import { readConfigFile } from "../config/read_file.ts";
import { configPathOf, type Env, stateDirOf } from "../observe/home.ts";
import { resolveSecret } from "../secrets/resolve.ts";
import type { Secret } from "../secrets/secret.ts";
import { CliError } from "./exit.ts";

/** A shared secret in one of its two forms. */
export interface SharedSecret {
  readonly token: Secret | undefined;
  readonly password: Secret | undefined;
}

export interface Settings {
  readonly stateDir: string;
  readonly configPath: string;
  /** Port of the gateway on this host. */
  readonly port: number;
  /** The gateway on this host speaks HTTPS. */
  readonly tls: boolean;
  /** Set when gateway.mode is `remote`: this machine is a client only. */
  readonly remoteUrl: string | undefined;
  readonly remote: SharedSecret;
  readonly local: SharedSecret;
  /** Why the file, or a secret in it, was not used; one sentence each. */
  readonly problems: readonly string[];
}

const DEFAULT_PORT = 18_789;

/** Reads the settings. A missing file is no problem, a broken one costs a warning: `--url` and `--token` still work. */
export async function loadSettings(env: Env): Promise<Settings> {
  const { stateDir, configPath } = places(env);
  const { parts, issues } = await readConfigFile(configPath);
  const problems = issues.filter(({ path }) => path === "" || path === "gateway").map(({ message }) => message);
  const shared = (part: { token?: string; password?: string } | undefined, name: string): SharedSecret => ({
    token: secretOf(part?.token, `${name}.token`, env, problems),
    password: secretOf(part?.password, `${name}.password`, env, problems),
  });
  const { gateway } = parts;
  return {
    stateDir,
    configPath,
    port: portOf(env, gateway?.port),
    tls: gateway?.tls?.enabled === true,
    remoteUrl: gateway?.mode === "remote" ? gateway.remote?.url : undefined,
    remote: shared(gateway?.remote, "gateway.remote"),
    local: shared(gateway?.auth, "gateway.auth"),
    problems,
  };
}

/** The state directory and the configuration file. Throws a CliError when the environment names neither. */
export function places(env: Env): { readonly stateDir: string; readonly configPath: string } {
  try {
    return { stateDir: stateDirOf(env), configPath: configPathOf(env) };
  } catch (error) {
    throw new CliError("usage", error instanceof Error ? error.message : String(error), [
      "Set OPENCLAW_STATE_DIR to the folder in which the gateway keeps its state",
    ]);
  }
}

/** OPENCLAW_GATEWAY_PORT, gateway.port, 18789. A variable that is no port is passed over. */
function portOf(env: Env, fromFile: number | undefined): number {
  const text = env.get("OPENCLAW_GATEWAY_PORT") ?? "";
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : fromFile ?? DEFAULT_PORT;
}

function secretOf(value: string | undefined, name: string, env: Env, problems: string[]): Secret | undefined {
  if (value === undefined) return undefined;
  const resolved = resolveSecret(value, env);
  if (resolved.ok) return resolved.secret;
  problems.push(`${name}: ${resolved.error}`);
  return undefined;
}
