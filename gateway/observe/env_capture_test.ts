/** Tests of the captured environment. */
import assert from "node:assert/strict";
import { captureEnv, envOf, namesInConfig } from "./env_capture.ts";

function source(variables: Record<string, string>, granted = (_: string) => true) {
  const calls: string[] = [];
  let inert: Record<string, string> | undefined;
  return {
    calls,
    inert: () => inert,
    read(name: string) {
      calls.push(`read ${name}`);
      if (!granted(name)) throw new Deno.errors.NotCapable("Requires env access");
      return variables[name];
    },
    replace(given: Record<string, string>) {
      calls.push("replace");
      inert = given;
    },
    revoke: () => void calls.push("revoke"),
  };
}

Deno.test("variables that the configuration names are captured, others are not", () => {
  const from = source({ HOME: "/h", MY_KEY: "k", OTHER: "o" });
  const env = captureEnv(from, () => 'apiKey: "${MY_KEY}", text: "$${OTHER}"');
  assert.equal(env.get("HOME"), "/h");
  assert.equal(env.get("MY_KEY"), "k");
  assert.equal(env.get("OTHER"), undefined);
});

Deno.test("the configuration is looked for with what was captured before it", () => {
  let seen: string | undefined;
  captureEnv(source({ OPENCLAW_CONFIG_PATH: "/c/openclaw.json" }), (env) => {
    seen = env.get("OPENCLAW_CONFIG_PATH");
    return undefined;
  });
  assert.equal(seen, "/c/openclaw.json");
});

Deno.test("libraries see an object without a prototype and without secrets", () => {
  const from = source({ HOME: "/h", OPENAI_API_KEY: "sk", OPENCLAW_GATEWAY_TOKEN: "t", MY_KEY: "k" });
  captureEnv(from, () => "${MY_KEY}");
  assert.deepEqual(Object.entries(from.inert() ?? {}), [["HOME", "/h"]]);
  assert.equal(Object.getPrototypeOf(from.inert()), null);
});

Deno.test("the permission is given back last", () => {
  const from = source({});
  captureEnv(from, () => "${LATE}");
  assert.deepEqual(from.calls.slice(-3), ["read LATE", "replace", "revoke"]);
});

Deno.test("variables that are not granted and a configuration that cannot be read count as absent", () => {
  const env = captureEnv(source({ HOME: "/h", TERM: "x" }, (name) => name === "TERM"), () => {
    throw new Deno.errors.NotCapable("Requires read access");
  });
  assert.equal(env.get("HOME"), undefined);
  assert.equal(env.get("TERM"), "x");
});

Deno.test("names in a configuration are found once, escaped ones are not", () => {
  assert.deepEqual(namesInConfig('"${A}" "Bearer ${B_1}" "$${C}" "${A}" "${}" "$D"'), ["A", "B_1"]);
});

Deno.test("an empty variable counts as absent", () => {
  assert.equal(captureEnv(source({ HOME: "" }), () => undefined).get("HOME"), undefined);
  assert.equal(envOf({ HOME: "" }).get("HOME"), undefined);
});
