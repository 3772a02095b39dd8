/** Every place the program reads or writes. None of them depends on the working directory. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { absolute, configPathOf, type Env, stateDirOf } from "../observe/home.ts";
import { hostLockDir } from "../storage/lock.ts";

export interface Paths {
  readonly stateDir: string;
  readonly configPath: string;
  readonly configDir: string;
  /** The folder of main.ts; inside a compiled executable a virtual one. */
  readonly projectDir: string;
  /** Built web files. */
  readonly staticDir: string;
  /** `/tmp/openclaw-<uid>`; undefined where the host has none. */
  readonly hostLockDir: string | undefined;
}

export const PROJECT_DIR = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Throws a sentence when a path of the environment is relative or cannot be known. */
export function pathsOf(env: Env): Paths {
  const configPath = configPathOf(env);
  return {
    stateDir: stateDirOf(env),
    configPath,
    configDir: dirname(configPath),
    projectDir: PROJECT_DIR,
    staticDir: join(PROJECT_DIR, "static", "dist"),
    hostLockDir: hostLockDir(userId()),
  };
}

/** `canvasHost.root`, default `<state>/canvas`. Throws a sentence when it is relative. */
export const canvasRootOf = (env: Env, stateDir: string, configured: string | undefined): string =>
  configured === undefined ? join(stateDir, "canvas") : absolute(env, "canvasHost.root", configured);

/** Where a certificate of the gateway's own is; the CLI on this host trusts what is there. */
export const ownCertificatePath = (stateDir: string): string => join(stateDir, "tls", "cert.pem");

function userId(): number | null {
  try {
    return Deno.uid();
  } catch {
    // Without the sys permission the host lock is left out; the start lines say so.
    return null;
  }
}
