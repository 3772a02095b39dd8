/** Tests of the derived permissions. */
import assert from "node:assert/strict";
import { envOf } from "../observe/env_capture.ts";
import { netHost } from "./endpoint.ts";
import { planListen } from "./listen.ts";
import { configFromText } from "./load.ts";
import { pathsOf } from "./paths.ts";
import { cliPermissions, gatewayPermissions, outermost, permissionFlags } from "./permissions.ts";

async function needed(file: unknown, variables: Record<string, string> = {}) {
  const env = envOf({ HOME: "/h", ...variables });
  const loaded = await configFromText(JSON.stringify(file), {
    env,
    paths: { ...pathsOf(env), hostLockDir: "/tmp/openclaw-7" },
  });
  return { loaded, set: gatewayPermissions(loaded, planListen(loaded.config.gateway, () => []).addresses) };
}

Deno.test("the canvas port is asked for at the same names, and not at all when the canvas host is off", async () => {
  const own = await needed({ canvasHost: { port: 5000 } });
  assert.deepEqual(own.set.net.filter((each) => each.endsWith(":5000")), ["127.0.0.1:5000", "[::1]:5000"]);
  const off = await needed({ canvasHost: { enabled: false } });
  assert.deepEqual(off.set.net.filter((each) => each.endsWith(":18793")), []);
});

Deno.test("a fresh host needs its two addresses and those of the canvas, a look for Ollama, and its own folders", async () => {
  const { set, loaded } = await needed({});
  const project = loaded.paths.projectDir;
  assert.deepEqual(set.net, ["127.0.0.1:18789", "[::1]:18789", "127.0.0.1:18793", "[::1]:18793", "127.0.0.1:11434"]);
  assert.deepEqual(set.write, ["/h/.openclaw", "/tmp/openclaw-7"]);
  assert.deepEqual(set.read, [
    "/h/.openclaw",
    "/tmp/openclaw-7",
    `${project}/static/dist`,
    `${project}/workers`,
    `${project}/schemas`,
  ]);
  assert.deepEqual(set.sys, ["hostname", "osRelease", "networkInterfaces", "uid"]);
  assert.equal(
    permissionFlags(set).filter((flag) => /^--allow-(run|ffi|import)|=$|^--allow-\w+$/u.test(flag)).length,
    0,
  );
});

Deno.test("endpoints, files, variables and folders that the configuration names are added, and no more", async () => {
  const { set } = await needed({
    gateway: { port: 4000, auth: { token: "file:/run/secrets/token" } },
    canvasHost: { root: "/srv/canvas" },
    models: {
      providers: {
        a: { baseUrl: "https://llm.example/v1", apiKey: "x" },
        b: { baseUrl: "http://10.0.0.1:8080", headers: { h: "Bearer ${KEY_B}" } },
      },
    },
  }, { OPENCLAW_CONFIG_PATH: "/etc/oc/openclaw.json", KEY_B: "k", OPENAI_API_KEY: "unused" });
  assert.deepEqual(set.net, [
    "127.0.0.1:4000",
    "[::1]:4000",
    "127.0.0.1:4004",
    "[::1]:4004",
    "llm.example:443",
    "10.0.0.1:8080",
  ]);
  assert.deepEqual(set.write, ["/h/.openclaw", "/etc/oc", "/srv/canvas", "/tmp/openclaw-7"]);
  assert.ok(set.read.includes("/run/secrets/token"));
  assert.ok(set.env.includes("KEY_B"));
});

Deno.test("a path with a space or comma is refused with a sentence", () => {
  const set = { net: [], read: ["/my files"], write: [], env: [], sys: [], run: [] };
  assert.throws(() => permissionFlags(set), /Cannot write "\/my files" into --allow-read: a space or comma splits/u);
  assert.throws(() => permissionFlags({ ...set, read: ["/a,/etc"] }), /splits/u);
});

Deno.test("ports are those of the scheme unless written, IPv6 keeps its brackets", () => {
  assert.equal(netHost("https://a.b/v1"), "a.b:443");
  assert.equal(netHost("http://a.b"), "a.b:80");
  assert.equal(netHost("http://[::1]:11434/v1"), "[::1]:11434");
});

Deno.test("a folder inside another one of the list is not listed", () => {
  assert.deepEqual(outermost(["/a/b", "/a", "/ab", "/a", "/c/d"]), ["/a", "/ab", "/c/d"]);
  assert.deepEqual(outermost(["/", "/a"]), ["/"]);
});

Deno.test("the other commands get the state directory and the folder of the configuration", async () => {
  const { loaded } = await needed({}, { OPENCLAW_CONFIG_PATH: "/etc/oc/openclaw.json" });
  const set = cliPermissions(loaded);
  assert.deepEqual(set.read, ["/h/.openclaw", "/etc/oc"]);
  assert.deepEqual(set.write, ["/h/.openclaw", "/etc/oc"]);
});
