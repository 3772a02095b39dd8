/** Which secret the gateway asks for: flag before environment before file, and never none by mistake. */
import type { GatewayConfig } from "../../schemas/config.ts";
import { randomToken } from "../observe/clock.ts";
import { Secret } from "../secrets/secret.ts";
import type { Reading } from "./reading.ts";
import type { Config } from "./types.ts";

export interface SecretFlags {
  readonly token?: string | undefined;
  readonly password?: string | undefined;
}

/**
 * `absent`: nobody set one, so the boot generates one and writes it down. `temporary`: one was meant but cannot be
 * had, so a random one of this process stands in for it and nothing is written.
 */
export type SecretSource = "flag" | "environment" | "configuration" | "absent" | "temporary" | "none";
export type Auth = Config["gateway"]["auth"];
type Mode = Auth["mode"];

const RANDOM_BYTES = 32;
/** A secret of 256 random bits, base64url. */
export const newToken = (): Secret => new Secret(randomToken(RANDOM_BYTES));

interface Found {
  readonly secret: Secret | undefined;
  readonly source: "flag" | "environment" | "configuration";
}

/** `broken`: the part could not be checked, so a missing secret must not be written into it. */
export function resolveAuth(
  file: NonNullable<GatewayConfig["auth"]>,
  broken: boolean,
  flags: SecretFlags,
  reading: Reading,
): { readonly auth: Auth; readonly source: SecretSource } {
  const { env, notes } = reading;
  const token = find("token", flags.token, env.get("OPENCLAW_GATEWAY_TOKEN"), file.token, reading);
  const password = find("password", flags.password, env.get("OPENCLAW_GATEWAY_PASSWORD"), file.password, reading);
  const mode = chooseMode(file.mode, token, password);
  if (mode === "none") {
    if (token ?? password) {
      notes.warn(
        "gateway.auth.mode",
        `gateway.auth.mode is "none": the ${token ? "token" : "password"} is not asked for`,
      );
    }
    return { auth: { mode, token: undefined, password: undefined }, source: "none" };
  }
  const used = mode === "token" ? token : password;
  const auth: Auth = { mode, token: token?.secret, password: password?.secret };
  if (used?.secret) return { auth, source: used.source };
  const absent = mode === "token" && used === undefined && !broken;
  if (!absent && used === undefined && mode === "password") {
    notes.issue(
      "gateway.auth.password",
      'gateway.auth.mode is "password" and no password is set, so nobody can give the right one: set ' +
        "gateway.auth.password, OPENCLAW_GATEWAY_PASSWORD or --password",
    );
  }
  // Nobody can guess the stand-in: the gateway is reachable by one-use code and by devices that hold a token.
  const standIn = newToken();
  return {
    auth: mode === "token" ? { ...auth, token: standIn } : { ...auth, password: standIn },
    source: absent ? "absent" : "temporary",
  };
}

/** A flag decides, then the mode as written, then the kind of secret there is; a password before a token. */
function chooseMode(written: Mode | undefined, token: Found | undefined, password: Found | undefined): Mode {
  const flagged = [token, password].find((found) => found?.source === "flag");
  if (flagged !== undefined && (written === undefined || written === "none")) {
    return flagged === password ? "password" : "token";
  }
  return written ?? (password === undefined ? "token" : "password");
}

function find(
  kind: "token" | "password",
  flag: string | undefined,
  variable: string | undefined,
  written: string | undefined,
  { resolve, notes }: Reading,
): Found | undefined {
  if (flag !== undefined) return { secret: new Secret(flag), source: "flag" };
  if (variable !== undefined) return { secret: new Secret(variable), source: "environment" };
  if (written === undefined) return undefined;
  const resolved = resolve(written);
  if (!resolved.ok) {
    notes.issue(`gateway.auth.${kind}`, resolved.error);
    return { secret: undefined, source: "configuration" };
  }
  if (resolved.warning !== undefined) notes.warn(`gateway.auth.${kind}`, resolved.warning);
  return { secret: resolved.secret, source: "configuration" };
}
