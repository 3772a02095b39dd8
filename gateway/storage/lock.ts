/**
 * One gateway a host and user, one a state directory. A lock is a file held with `flock`: the kernel gives it back when
 * its process dies, so a lock left by a dead process is free by itself and no process table has to be read.
 */
import { checker } from "../../schemas/validate.ts";
import { Int0, Open, type Static, Type } from "../../schemas/primitives.ts";

/** Who holds a lock. Written into the file for the sentence that a second gateway prints. */
export const LockOwner = Open({ pid: Int0, port: Int0, stateDir: Type.String(), startedAt: Int0 });
export type LockOwner = Static<typeof LockOwner>;

export interface Lock {
  release(): void;
}

/** Another live process holds the lock. `owner` is undefined while that one is still writing its name. */
export class LockedError extends Error {
  constructor(readonly path: string, readonly owner: LockOwner | undefined) {
    super(`Cannot lock "${path}": it is held by ${owner === undefined ? "another process" : `pid ${owner.pid}`}`);
    this.name = "LockedError";
  }
}

const isOwner = checker(LockOwner);

/** Takes the lock without waiting. Throws `LockedError`, or what the file system says. */
export async function takeLock(path: string, owner: LockOwner): Promise<Lock> {
  const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
  try {
    if (!await file.tryLock(true)) throw new LockedError(path, await readOwner(path));
    await file.truncate(0);
    await file.write(new TextEncoder().encode(JSON.stringify(owner)));
  } catch (error) {
    file.close();
    throw error;
  }
  return { release: () => file.close() };
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    const owner: unknown = JSON.parse(await Deno.readTextFile(path));
    return isOwner.is(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The folder of the host's lock, `/tmp/openclaw-<uid>`: the same for a shell and a service of one user, whatever their
 * HOME and state directories are. Undefined where there is no such place (Windows).
 */
export function hostLockDir(uid: number | null): string | undefined {
  return uid === null || Deno.build.os === "windows" ? undefined : `/tmp/openclaw-${uid}`;
}

/**
 * Makes the folder 0700. In /tmp another user may have made it first, as a trap: then it must not be used.
 * Returns the reason, or undefined when it is ours.
 */
export async function prepareHostLockDir(dir: string, uid: number): Promise<string | undefined> {
  try {
    await Deno.mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) return error instanceof Error ? error.message : String(error);
  }
  const info = await Deno.lstat(dir);
  if (!info.isDirectory) return "it is not a folder";
  if (info.uid !== uid) return "it belongs to another user";
  if (info.mode !== null && (info.mode & 0o077) !== 0) return "other users may enter it";
  return undefined;
}
