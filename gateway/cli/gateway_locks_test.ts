/** Tests of one gateway a host. */
import assert from "node:assert/strict";
import { configFromText } from "../config/load.ts";
import { pathsOf } from "../config/paths.ts";
import { envOf } from "../observe/env_capture.ts";
import { CliError } from "./exit.ts";
import { takeGatewayLocks } from "./gateway_locks.ts";

interface Start {
  readonly state: string;
  readonly multi?: string;
  readonly port?: string;
}

async function inTempDir(
  action: (take: (start: Start, pid: number) => ReturnType<typeof takeGatewayLocks>, dir: string) => Promise<void>,
) {
  const dir = await Deno.makeTempDir();
  const take = async ({ state, multi, port }: Start, pid: number) => {
    const stateDir = `${dir}/${state}`;
    await Deno.mkdir(stateDir, { recursive: true });
    const env = envOf({
      OPENCLAW_STATE_DIR: stateDir,
      OPENCLAW_ALLOW_MULTI_GATEWAY: multi,
      OPENCLAW_GATEWAY_PORT: port,
    });
    const loaded = await configFromText(undefined, { env, paths: { ...pathsOf(env), hostLockDir: `${dir}/host` } });
    return await takeGatewayLocks(loaded, env, { pid, port: loaded.config.gateway.port, stateDir, startedAt: 1 });
  };
  try {
    await action(take, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const refused = (pid: number) => (error: unknown) => {
  assert.ok(error instanceof CliError);
  assert.equal(error.exit, "temporary");
  assert.match(error.message, new RegExp(`already running on this host \\(pid ${pid}, port 18789`, "u"));
  return true;
};

Deno.test("a second gateway with a state directory of its own is refused, and its own lock is given back", () =>
  inTempDir(async (take) => {
    const first = await take({ state: "a" }, 11);
    await assert.rejects(take({ state: "b" }, 12), refused(11));
    await assert.rejects(take({ state: "b", multi: "1" }, 13), refused(11), "an explicit port is needed too");
    await assert.rejects(take({ state: "b", port: "18800" }, 14), refused(11), "the variable is needed too");
    first.release();
    const second = await take({ state: "b" }, 15);
    second.release();
  }));

Deno.test("with a state directory, an explicit port and the variable a second one starts", () =>
  inTempDir(async (take) => {
    const first = await take({ state: "a" }, 11);
    const second = await take({ state: "b", multi: "1", port: "18800" }, 12);
    assert.equal(second.warning, undefined);
    second.release();
    first.release();
  }));

Deno.test("the state directory stays exclusive whatever is allowed", () =>
  inTempDir(async (take) => {
    const first = await take({ state: "a" }, 11);
    await assert.rejects(take({ state: "a", multi: "1", port: "18800" }, 12), refused(11));
    first.release();
  }));

Deno.test("a host lock folder that others can write to is left out with a warning", () =>
  inTempDir(async (take, dir) => {
    await Deno.mkdir(`${dir}/host`);
    await Deno.chmod(`${dir}/host`, 0o777);
    const locks = await take({ state: "a" }, 11);
    assert.match(locks.warning ?? "", /other users may enter it/u);
    locks.release();
  }));
