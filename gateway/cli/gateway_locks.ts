/** Takes the locks of a gateway: its state directory, and the host unless several were asked for. */
import { join } from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import type { Env } from "../observe/home.ts";
import { type Lock, LockedError, type LockOwner, prepareHostLockDir, takeLock } from "../storage/lock.ts";
import { CliError } from "./exit.ts";

const LOCK_FILE = "gateway.lock";

export interface Locks {
  release(): void;
  /** Why the host lock was left out, for the start lines. */
  readonly warning?: string;
}

/** Throws `CliError` that names the gateway that runs already. */
export async function takeGatewayLocks(loaded: LoadedConfig, env: Env, owner: LockOwner): Promise<Locks> {
  const { paths, explicitPort } = loaded;
  const state = await lock(join(paths.stateDir, LOCK_FILE), owner, [
    "A second gateway needs a state directory of its own (OPENCLAW_STATE_DIR)",
  ]);
  if (env.get("OPENCLAW_ALLOW_MULTI_GATEWAY") === "1" && explicitPort) return state;
  try {
    return await hostLock(paths.hostLockDir, owner, state);
  } catch (error) {
    state.release();
    throw error;
  }
}

async function hostLock(dir: string | undefined, owner: LockOwner, state: Lock): Promise<Locks> {
  const left = "the host lock is left out, so a second gateway of this user is only noticed by its port";
  if (dir === undefined) return { release: () => state.release(), warning: `No place for a host lock: ${left}` };
  const reason = await prepareHostLockDir(dir, Deno.uid() ?? -1).catch((error: unknown) => String(error));
  if (reason !== undefined) {
    return { release: () => state.release(), warning: `Cannot use "${dir}" (${reason}): ${left}` };
  }
  const host = await lock(join(dir, LOCK_FILE), owner, [
    "Several gateways on one host need different state directories (OPENCLAW_STATE_DIR), an explicit port " +
    "(OPENCLAW_GATEWAY_PORT) and OPENCLAW_ALLOW_MULTI_GATEWAY=1",
  ]);
  return {
    release() {
      host.release();
      state.release();
    },
  };
}

async function lock(path: string, owner: LockOwner, hints: readonly string[]): Promise<Lock> {
  try {
    return await takeLock(path, owner);
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    const { owner: other } = error;
    const who = other === undefined
      ? "another process"
      : `pid ${other.pid}, port ${other.port}, state directory "${other.stateDir}"`;
    throw new CliError("temporary", `Cannot start: a gateway is already running on this host (${who})`, [
      ...(other === undefined ? [] : [`Stop it with: kill ${other.pid}`]),
      ...hints,
    ]);
  }
}
