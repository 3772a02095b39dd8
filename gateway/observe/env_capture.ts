/** Captures the environment once, leaves libraries an inert copy without secrets, and gives the permission back. */
import type { Env } from "./home.ts";

export type { Env } from "./home.ts";

/** Variables the program knows that hold no secret. Libraries may see them. */
export const PLAIN_ENV = [
  "HOME",
  "USERPROFILE",
  "OPENCLAW_STATE_DIR",
  "OPENCLAW_CONFIG_PATH",
  "OPENCLAW_GATEWAY_PORT",
  "OPENCLAW_GATEWAY_URL",
  "OPENCLAW_ALLOW_MULTI_GATEWAY",
  "OPENCLAW_SUPERVISED",
  "OPENCLAW_SKIP_CANVAS_HOST",
  "NO_COLOR",
  "TERM",
] as const;

/** Variables the program knows that hold a secret: only the gateway's own code sees them. */
export const SECRET_ENV = [
  "OPENCLAW_GATEWAY_TOKEN",
  "OPENCLAW_GATEWAY_PASSWORD",
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "GEMINI_API_KEY",
  "GOOGLE_API_KEY",
  // Tokens of messaging channels, for their default accounts.
  "TELEGRAM_BOT_TOKEN",
  "SLACK_BOT_TOKEN",
  "SLACK_APP_TOKEN",
  "DISCORD_BOT_TOKEN",
] as const;

/** What programs that a node runs need to find themselves at home. Asked for by `openclaw node` alone. */
export const HOST_ENV = [
  "PATH",
  "PATHEXT",
  "SYSTEMROOT",
  "LANG",
  "LC_ALL",
  "TMPDIR",
  "TMP",
  "TEMP",
  // How notify-send finds the desktop.
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XDG_RUNTIME_DIR",
  "DBUS_SESSION_BUS_ADDRESS",
] as const;

export const KNOWN_ENV: readonly string[] = [...PLAIN_ENV, ...SECRET_ENV];

/** `${NAME}` in a configuration value; `$${NAME}` stands for the text itself. */
const REFERENCE = /(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/gu;
/** Names of environment variables at most, so that a hostile file cannot make the permission list endless. */
const MAX_REFERENCES = 200;

/** The environment variables that the text of a configuration file names, in order, each once. */
export function namesInConfig(text: string): string[] {
  const names = new Set<string>();
  for (const match of text.matchAll(REFERENCE)) {
    if (match[1] !== undefined && names.size < MAX_REFERENCES) names.add(match[1]);
  }
  return [...names];
}

/** What of the process `captureEnv` touches; tests give their own. */
export interface EnvSource {
  /** May throw when the variable is not granted. */
  read(name: string): string | undefined;
  /** Puts `variables` in the place of `process.env`. */
  replace(variables: Record<string, string>): void;
  /** Gives the env permission back. */
  revoke(): void;
}

/**
 * Order matters: what is known first, then what the configuration names (its place depends on the former), then the
 * inert object, then the permission goes back. A variable that is not granted counts as absent.
 */
export function captureEnv(source: EnvSource, configText: (env: Env) => string | undefined): Env {
  const values = new Map<string, string>();
  const env: Env = { get: (name) => values.get(name) };
  const take = (names: Iterable<string>) => {
    for (const name of names) {
      const value = attempt(() => source.read(name));
      if (value !== undefined && value !== "") values.set(name, value);
    }
  };
  take(KNOWN_ENV);
  take(HOST_ENV);
  take(namesInConfig(attempt(() => configText(env)) ?? ""));
  const inert: Record<string, string> = Object.create(null);
  for (const name of PLAIN_ENV) {
    const value = values.get(name);
    if (value !== undefined) inert[name] = value;
  }
  source.replace(inert);
  source.revoke();
  return env;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** An environment made of a plain object, for tests and nested lookups. */
export const envOf = (values: Readonly<Record<string, string | undefined>>): Env => ({
  get: (name) => Object.hasOwn(values, name) && values[name] !== "" ? values[name] : undefined,
});
