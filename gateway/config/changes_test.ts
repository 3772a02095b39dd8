import assert from "node:assert/strict";
import { envOf } from "../observe/env_capture.ts";
import { restartReasons } from "./changes.ts";
import { configFromText } from "./load.ts";
import { pathsOf } from "./paths.ts";
import { NO_PERMISSIONS } from "./permissions.ts";
import type { Config } from "./types.ts";

const env = envOf({ HOME: "/home/ann" });
const read = async (text: string): Promise<Config> => (await configFromText(text, { env, paths: pathsOf(env) })).config;

Deno.test("a file that says the same needs no restart", async () => {
  const running = await read(`{ gateway: { port: 18789 } }`);
  assert.deepEqual(
    restartReasons(running, await read(`{\n  // same\n  gateway: { port: 18789 } }`), NO_PERMISSIONS),
    [],
  );
});

Deno.test("a changed part is named, and its value is not repeated", async () => {
  const running = await read(`{ gateway: { auth: { token: "old-secret" } } }`);
  const reasons = restartReasons(running, await read(`{ gateway: { auth: { token: "new-secret" } } }`), NO_PERMISSIONS);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0] ?? "", /^restart required: gateway changed in /u);
  assert.doesNotMatch(reasons.join(), /secret/u);
});

Deno.test("permissions that are missing are listed", async () => {
  const running = await read("{}");
  const file = await read(
    `{ models: { providers: { x: { baseUrl: "https://models.example/v1", apiKey: "k", models: [{ id: "m" }] } } } }`,
  );
  const reasons = restartReasons(running, file, { ...NO_PERMISSIONS, net: ["models.example:443"] });
  assert.match(reasons[1] ?? "", /does not hold: net models\.example:443$/u);
});

Deno.test("a problem in the changed file is told before the restart", async () => {
  const reasons = restartReasons(await read("{}"), await read(`{ gateway: { port: "many" } }`), NO_PERMISSIONS);
  assert.match(reasons.join("\n"), /the changed file has a problem: gateway/u);
});
