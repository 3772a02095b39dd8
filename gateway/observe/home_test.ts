/** Tests of the places of state and configuration. */
import assert from "node:assert/strict";
import { envOf } from "./env_capture.ts";
import { configPathOf, stateDirOf } from "./home.ts";

Deno.test("state and configuration are in the home folder by default", () => {
  const env = envOf({ HOME: "/home/a" });
  assert.equal(stateDirOf(env), "/home/a/.openclaw");
  assert.equal(configPathOf(env), "/home/a/.openclaw/openclaw.json");
});

Deno.test("the environment moves both, and ~ is the home folder", () => {
  const env = envOf({ HOME: "/home/a", OPENCLAW_STATE_DIR: "~/s/", OPENCLAW_CONFIG_PATH: "/etc/../etc/oc.json" });
  assert.equal(stateDirOf(env), "/home/a/s");
  assert.equal(configPathOf(env), "/etc/oc.json");
});

Deno.test("a relative path is refused with a sentence, since the working directory must not matter", () => {
  assert.throws(
    () => stateDirOf(envOf({ OPENCLAW_STATE_DIR: "state" })),
    /Cannot use OPENCLAW_STATE_DIR="state": .*relative/u,
  );
  assert.throws(() => configPathOf(envOf({ HOME: "/h", OPENCLAW_CONFIG_PATH: "./c.json" })), /relative/u);
});

Deno.test("without a home folder the sentence names what to set", () => {
  assert.throws(() => stateDirOf(envOf({})), /neither OPENCLAW_STATE_DIR nor HOME is set/u);
});
