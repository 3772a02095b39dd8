/** Tests of the locks and of the state directory. */
import assert from "node:assert/strict";
import { LockedError, prepareHostLockDir, takeLock } from "./lock.ts";
import { prepareStateDir } from "./state_dir.ts";

const owner = { pid: 4711, port: 1, stateDir: "/s", startedAt: 2 };

async function inTempDir(action: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a held lock is refused and names its owner; a released one is free", () =>
  inTempDir(async (dir) => {
    const lock = await takeLock(`${dir}/l`, owner);
    await assert.rejects(takeLock(`${dir}/l`, { ...owner, pid: 1 }), (error) => {
      assert.ok(error instanceof LockedError);
      assert.deepEqual(error.owner, owner);
      return true;
    });
    lock.release();
    (await takeLock(`${dir}/l`, { ...owner, pid: 2 })).release();
    assert.equal((await Deno.stat(`${dir}/l`)).mode! & 0o777, 0o600);
  }));

Deno.test("a lock file that a dead process left behind does not hold anybody up", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(
      `${dir}/l`,
      JSON.stringify({ ...owner, pid: 999_999, stateDir: "/a/longer/one/than/ours" }),
    );
    const lock = await takeLock(`${dir}/l`, owner);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(`${dir}/l`)), owner);
    lock.release();
  }));

Deno.test("a lock whose owner cannot be read is still a lock", () =>
  inTempDir(async (dir) => {
    const lock = await takeLock(`${dir}/l`, owner);
    await Deno.writeTextFile(`${dir}/l`, "not json");
    await assert.rejects(takeLock(`${dir}/l`, owner), (error) => error instanceof LockedError && !error.owner);
    lock.release();
  }));

Deno.test("the host lock's folder is closed to others, and one that is open or foreign is refused", () =>
  inTempDir(async (dir) => {
    const uid = Deno.uid() ?? 0;
    assert.equal(await prepareHostLockDir(`${dir}/h`, uid), undefined);
    assert.equal((await Deno.stat(`${dir}/h`)).mode! & 0o777, 0o700);
    assert.equal(await prepareHostLockDir(`${dir}/h`, uid + 1), "it belongs to another user");
    await Deno.chmod(`${dir}/h`, 0o777);
    assert.equal(await prepareHostLockDir(`${dir}/h`, uid), "other users may enter it");
    await Deno.symlink(`${dir}/h`, `${dir}/link`);
    assert.equal(await prepareHostLockDir(`${dir}/link`, uid), "it is not a folder");
  }));

Deno.test("the state directory is made 0700, and an open one is closed", () =>
  inTempDir(async (dir) => {
    await prepareStateDir(`${dir}/a/b`);
    assert.equal((await Deno.stat(`${dir}/a/b`)).mode! & 0o777, 0o700);
    await Deno.chmod(`${dir}/a/b`, 0o755);
    await prepareStateDir(`${dir}/a/b`);
    assert.equal((await Deno.stat(`${dir}/a/b`)).mode! & 0o777, 0o700);
  }));

Deno.test("a folder that everybody shares and a file are refused as state directory", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/shared`);
    await Deno.chmod(`${dir}/shared`, 0o1777);
    await assert.rejects(prepareStateDir(`${dir}/shared`), /everybody shares that folder/u);
    assert.equal((await Deno.stat(`${dir}/shared`)).mode! & 0o1777, 0o1777);
    await Deno.writeTextFile(`${dir}/file`, "");
    await assert.rejects(prepareStateDir(`${dir}/file`), /Cannot use the state directory/u);
  }));
