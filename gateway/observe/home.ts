/** Where the state directory and the configuration file are. Nothing here depends on the working directory. */
import { dirname, isAbsolute, join, normalize } from "node:path";

/** Reads an environment variable that was captured at start. An empty one counts as absent. */
export interface Env {
  get(name: string): string | undefined;
}

/** The user's home folder, or undefined in a service without one. */
export const homeOf = (env: Env): string | undefined => env.get("HOME") ?? env.get("USERPROFILE");

/**
 * The state directory: `OPENCLAW_STATE_DIR`, else `~/.openclaw`.
 * Throws a sentence when it is relative, or when neither variable is readable.
 */
export function stateDirOf(env: Env): string {
  const named = env.get("OPENCLAW_STATE_DIR");
  if (named !== undefined) return absolute(env, "OPENCLAW_STATE_DIR", named);
  const home = homeOf(env);
  if (home === undefined) {
    throw new Error(
      "Cannot find the state directory: neither OPENCLAW_STATE_DIR nor HOME is set, or this process may not read them " +
        '(start it with the flags that "openclaw permissions --flags" prints)',
    );
  }
  return join(absolute(env, "HOME", home), ".openclaw");
}

/** The configuration file: `OPENCLAW_CONFIG_PATH`, else `<state>/openclaw.json`. */
export function configPathOf(env: Env): string {
  const named = env.get("OPENCLAW_CONFIG_PATH");
  return named === undefined ? join(stateDirOf(env), "openclaw.json") : absolute(env, "OPENCLAW_CONFIG_PATH", named);
}

export const configDirOf = (env: Env): string => dirname(configPathOf(env));

/** `path` normalised, with a leading `~/` taken as the home folder. Throws a sentence when it is relative. */
export function absolute(env: Env, name: string, path: string): string {
  const home = homeOf(env);
  const full = home !== undefined && (path === "~" || path.startsWith("~/")) ? join(home, path.slice(1)) : path;
  if (!isAbsolute(full)) {
    throw new Error(`Cannot use ${name}="${path}": the path is relative; give one that starts at the root or with ~/`);
  }
  const clean = normalize(full);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}
