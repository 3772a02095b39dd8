/** The `gateway` part: port, bind, origins. A broken part falls back to loopback and still asks for a secret. */
import { checker } from "../../schemas/validate.ts";
import { GatewayConfig, SecretInput } from "../../schemas/config.ts";
import { resolveAuth, type SecretFlags, type SecretSource } from "./gateway_auth.ts";
import type { Notes, Reading } from "./reading.ts";
import { absolute } from "../observe/home.ts";
import type { Config } from "./types.ts";

export const DEFAULT_PORT = 18789;

/** What the command line says; each wins over the environment, which wins over the file. */
export interface GatewayFlags extends SecretFlags {
  readonly port?: number | undefined;
  readonly bind?: Config["gateway"]["bind"] | undefined;
}

export interface GatewayPart {
  readonly gateway: Config["gateway"];
  readonly secretSource: SecretSource;
  /** Whether somebody named the port; a second gateway on the host needs that. */
  readonly explicitPort: boolean;
}

/**
 * `part` is undefined when the file has none. `broken`: it has one that cannot be used; then nothing of it may widen
 * who can reach the gateway, so bind is loopback and mode is never `none`.
 */
export function gatewayPart(
  part: GatewayConfig | undefined,
  broken: boolean,
  written: unknown,
  flags: GatewayFlags,
  reading: Reading,
): GatewayPart {
  const { notes } = reading;
  const file = part ?? (broken ? salvage(written) : {});
  const envPort = portOfEnv(reading);
  const auth = resolveAuth(file.auth ?? {}, broken, flags, reading);
  return {
    gateway: {
      port: flags.port ?? envPort ?? file.port ?? DEFAULT_PORT,
      bind: flags.bind ?? file.bind ?? "loopback",
      customBindHost: file.customBindHost,
      publicUrl: publicUrl(file.publicUrl, notes),
      auth: auth.auth,
      trustedProxies: file.trustedProxies ?? [],
      allowedOrigins: origins(file.controlUi?.allowedOrigins ?? [], notes),
      localRoles: file.pairing?.localRoles ?? "silent",
      tls: tlsOf(file.tls, reading),
      nodes: { allowCommands: file.nodes?.allowCommands ?? [], denyCommands: file.nodes?.denyCommands ?? [] },
    },
    secretSource: auth.source,
    explicitPort: (flags.port ?? envPort ?? file.port) !== undefined,
  };
}

/** From a part with mistakes only what cannot weaken it: the port, and secrets that are texts. */
function salvage(written: unknown): GatewayConfig {
  const take = (value: unknown, key: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  const auth = take(written, "auth");
  const secret = checker(SecretInput);
  const port = take(written, "port");
  const [mode, token, password] = [take(auth, "mode"), take(auth, "token"), take(auth, "password")];
  return {
    ...(checker(GatewayConfig.properties.port).is(port) && port !== undefined ? { port } : {}),
    auth: {
      ...(mode === "password" ? { mode } : {}),
      ...(secret.is(token) ? { token } : {}),
      ...(secret.is(password) ? { password } : {}),
    },
  };
}

/** On by `enabled` alone. Half a pair of paths cannot be used: HTTPS stays on with a certificate of our own. */
function tlsOf(part: GatewayConfig["tls"], { env, notes }: Reading): Config["gateway"]["tls"] {
  if (part?.enabled !== true) return undefined;
  const own = { certPath: undefined, keyPath: undefined };
  const { certPath, keyPath } = part;
  if (certPath === undefined && keyPath === undefined) return own;
  if (certPath === undefined || keyPath === undefined) {
    notes.issue("gateway.tls", "Cannot use gateway.tls: certPath and keyPath are needed together");
    return own;
  }
  try {
    return {
      certPath: absolute(env, "gateway.tls.certPath", certPath),
      keyPath: absolute(env, "gateway.tls.keyPath", keyPath),
    };
  } catch (error) {
    notes.issue("gateway.tls", error instanceof Error ? error.message : String(error));
    return own;
  }
}

function portOfEnv({ env, notes }: Reading): number | undefined {
  const text = env.get("OPENCLAW_GATEWAY_PORT");
  if (text === undefined) return undefined;
  const port = parsePort(text);
  if (port === undefined) {
    notes.issue(
      "OPENCLAW_GATEWAY_PORT",
      `Cannot use OPENCLAW_GATEWAY_PORT="${text}": a number from 1 to 65535 is needed`,
    );
  }
  return port;
}

/** A port number, or undefined when `text` is none. */
export function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/u.test(text) && port >= 1 && port <= 65535 ? port : undefined;
}

function publicUrl(text: string | undefined, notes: Notes): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "https:" || url.protocol === "http:")) return url;
  notes.issue("gateway.publicUrl", `Cannot use gateway.publicUrl="${text}": an http or https address is needed`);
  return undefined;
}

/** Exact origins in the form that browsers send, and `*`, which works and is warned about at every start. */
function origins(entries: readonly string[], notes: Notes): string[] {
  const path = "gateway.controlUi.allowedOrigins";
  return entries.flatMap((entry) => {
    if (entry === "*") {
      notes.warn(
        path,
        `"*" in ${path} lets every web page reach this gateway from a browser: name the origins instead`,
      );
      return ["*"];
    }
    const url = URL.parse(entry);
    const bare = url !== null && url.origin !== "null" && url.pathname === "/" && url.search === "" && url.hash === "";
    if (bare) return [url.origin];
    notes.warn(path, `Cannot use the origin "${entry}" in ${path}: scheme, host and port are needed, without a path`);
    return [];
  });
}
