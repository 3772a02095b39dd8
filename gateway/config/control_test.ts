/** Tests of changes of the configuration while the gateway runs, on real files. */
import assert from "node:assert/strict";
import { GatewayError } from "../../schemas/error.ts";
import { createFakeManifest } from "../../tests/helpers/manifests.ts";
import { REDACTED } from "../observe/redact.ts";
import { envOf } from "../observe/env_capture.ts";
import { silentLog } from "../observe/log.ts";
import { type ConfigControl, createConfigControl, hashOf } from "./control.ts";
import { lastGoodPath } from "./last_good.ts";
import { configFromText, loadConfig } from "./load.ts";
import { pathsOf } from "./paths.ts";
import { NO_PERMISSIONS, type PermissionSet } from "./permissions.ts";
import { startAccounts } from "./plan.ts";
import type { Config } from "./types.ts";

const FILE = `// my gateway
{
  gateway: { port: 18789, auth: { token: "gateway-secret" } }, // keep
  channels: {
    fake: {
      url: "ws://127.0.0.1:1/", // where
      token: "fake-secret",
      accounts: { default: {}, b: { token: "b-secret" } },
    },
  },
}
`;

interface Lab extends AsyncDisposable {
  readonly control: ConfigControl;
  readonly path: string;
  readonly changes: [Config, Config][];
  text(): Promise<string>;
  hash(): Promise<string>;
  /** Hosts that the process does not hold. */
  readonly withheld: Set<string>;
}

async function lab(text: string | undefined = FILE): Promise<Lab> {
  const dir = await Deno.makeTempDir({ prefix: "occfg-" });
  const path = `${dir}/openclaw.json`;
  if (text !== undefined) await Deno.writeTextFile(path, text, { mode: 0o600 });
  const env = envOf({ HOME: dir, OPENCLAW_STATE_DIR: dir });
  const options = { env, paths: pathsOf(env), manifests: [createFakeManifest()] };
  const withheld = new Set<string>();
  const missing = (needed: PermissionSet): PermissionSet => ({
    ...NO_PERMISSIONS,
    net: needed.net.filter((host) => withheld.has(host)),
  });
  const held = { missing, readsVariable: () => false };
  const source = {
    path,
    held,
    read: () => loadConfig(options),
    parse: (raw: string) => configFromText(raw, options),
    missing: () => ({ ...NO_PERMISSIONS, net: [...withheld] }),
  };
  const file = await source.read();
  const started = { ...file.config, channels: { ...file.config.channels, accounts: startAccounts(file, held) } };
  const control = createConfigControl({ started, source, log: silentLog });
  const changes: [Config, Config][] = [];
  control.onChange((now, before) => void changes.push([now, before]));
  return {
    control,
    path,
    changes,
    withheld,
    text: () => Deno.readTextFile(path),
    hash: async () => hashOf(await Deno.readTextFile(path)),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

const refused = (message: string | RegExp) => (error: unknown) =>
  error instanceof GatewayError && error.code === "INVALID_REQUEST" &&
  (typeof message === "string" ? error.message === message : message.test(error.message));

Deno.test("a patch keeps comments, puts secrets back and leaves a copy of what was", async () => {
  await using it = await lab();
  const raw = JSON.stringify({
    gateway: { auth: { token: REDACTED } },
    channels: { fake: { token: REDACTED, dmPolicy: "open", allowFrom: ["*"] } },
  });
  const { plan, file } = await it.control.patch({ raw, baseHash: await it.hash() });
  const text = await it.text();
  assert.match(text, /\/\/ my gateway/u);
  assert.match(text, /\/\/ keep/u);
  assert.match(text, /token: "gateway-secret"/u);
  assert.match(text, /token: "fake-secret"/u);
  assert.match(text, /dmPolicy: "open"/u);
  assert.equal(file.config.raw, text);
  assert.equal(await Deno.readTextFile(lastGoodPath(it.path)), FILE);
  assert.equal((await Deno.stat(it.path)).mode! & 0o777, 0o600);
  assert.deepEqual(plan.accounts.map(({ accountId, action }) => `${accountId} ${action}`), [
    "default update",
    "b update",
  ]);
  assert.deepEqual(plan.restart, []);
  assert.equal(it.control.current().channels.accounts[0]?.config["dmPolicy"], "open");
  const left: string[] = [];
  for await (const { name } of Deno.readDir(it.path.replace(/\/[^/]+$/u, ""))) left.push(name);
  assert.deepEqual(left.toSorted(), ["openclaw.json", "openclaw.json.last-good"]);
});

Deno.test("the guard speaks the protocol's words", async () => {
  await using it = await lab();
  const raw = "{ session: { mainKey: 'x' } }";
  await assert.rejects(it.control.patch({ raw }), refused("config base hash required; re-run config.get and retry"));
  await assert.rejects(
    it.control.patch({ raw, baseHash: "0".repeat(64) }),
    refused("config changed since last load; re-run config.get and retry"),
  );
  assert.equal(await it.text(), FILE);
});

Deno.test("a new file needs no hash", async () => {
  await using it = await lab("{}");
  await Deno.remove(it.path);
  await it.control.patch({ raw: "{ channels: { fake: { url: 'ws://127.0.0.1:1/' } } }" });
  assert.deepEqual(JSON.parse(await it.text()), { channels: { fake: { url: "ws://127.0.0.1:1/" } } });
});

Deno.test("a change that would break something is refused with its issues, and an old problem stops nobody", async () => {
  await using it = await lab(FILE.replace("port: 18789", `port: "many"`));
  const baseHash = await it.hash();
  await assert.rejects(
    it.control.patch({ raw: "{ channels: { fake: { dmPolicy: 'opne' } } }", baseHash }),
    (error: unknown) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.message, "invalid config");
      assert.match(JSON.stringify(error.options.details), /channels\.fake/u);
      return true;
    },
  );
  await it.control.patch({ raw: "{ channels: { fake: { name: 'Mine' } } }", baseHash });
  assert.match(await it.text(), /name: "Mine"/u);
});

Deno.test("a file that cannot be parsed is not patched", async () => {
  await using it = await lab("{ gateway: ");
  await assert.rejects(
    it.control.patch({ raw: "{}", baseHash: await it.hash() }),
    refused("invalid config; fix before patching"),
  );
});

Deno.test("a plan writes nothing and says which account restarts", async () => {
  await using it = await lab();
  const change = { raw: `{ channels: { fake: { accounts: { b: { retryMs: 5 } } } } }`, baseHash: await it.hash() };
  const plan = await it.control.plan(change);
  assert.deepEqual(plan.accounts, [{ channel: "fake", accountId: "b", action: "restart" }]);
  assert.deepEqual(plan.changed, ["channels.fake.accounts.b.retryMs"]);
  assert.equal(await it.text(), FILE);
  assert.equal(it.changes.length, 0);
  const removal = await it.control.plan({ ...change, raw: "{ channels: { fake: { accounts: { b: null } } } }" });
  assert.deepEqual(removal.accounts, [{ channel: "fake", accountId: "b", action: "stop" }]);
});

Deno.test("a change that needs a right waits: the old account goes on and the flags are named", async () => {
  await using it = await lab();
  it.withheld.add("127.0.0.1:2");
  const { plan } = await it.control.patch({
    raw: `{ channels: { fake: { accounts: { b: { url: "ws://127.0.0.1:2/" } } } } }`,
    baseHash: await it.hash(),
  });
  assert.deepEqual(plan.accounts, [
    { channel: "fake", accountId: "b", action: "wait", missing: "--allow-net=127.0.0.1:2" },
  ]);
  assert.match(plan.restart[0] ?? "", /^restart required: .*account "b".* needs --allow-net=127\.0\.0\.1:2/u);
  const b = it.control.current().channels.accounts.find(({ accountId }) => accountId === "b");
  assert.equal(b?.config["url"], "ws://127.0.0.1:1/", "what ran goes on");
  assert.deepEqual(it.control.restartReasons(), plan.restart);
  const added = await it.control.patch({
    raw: `{ channels: { fake: { accounts: { c: { url: "ws://127.0.0.1:2/", token: "c" } } } } }`,
    baseHash: await it.hash(),
  });
  const c = added.plan.next.channels.accounts.find(({ accountId }) => accountId === "c");
  assert.equal(c?.problem?.userAction, "restart_gateway");
  assert.equal(c?.problem?.state, "unconfigured");
});

Deno.test("which commands of nodes are on changes at once, though the rest of its part does not", async () => {
  await using it = await lab();
  const raw = JSON.stringify({ gateway: { nodes: { denyCommands: ["system.run"] } } });
  const { plan } = await it.control.patch({ raw, baseHash: await it.hash() });
  assert.deepEqual([plan.live, plan.restart], [["gateway.nodes"], []]);
  assert.deepEqual(it.control.current().gateway.nodes.denyCommands, ["system.run"]);
  const port = await it.control.patch({ raw: "{ gateway: { port: 19999 } }", baseHash: await it.hash() });
  assert.equal(port.plan.restart.length > 0, true);
  assert.deepEqual(
    [it.control.current().gateway.port, it.control.current().gateway.nodes.denyCommands],
    [18789, ["system.run"]],
  );
});

Deno.test("a part that cannot change while it runs is left and told of", async () => {
  await using it = await lab();
  const { plan } = await it.control.patch({ raw: "{ gateway: { port: 18790 } }", baseHash: await it.hash() });
  assert.match(plan.restart[0] ?? "", /^restart required: gateway changed in /u);
  assert.equal(it.control.current().gateway.port, 18789);
  const back = await it.control.patch({ raw: "{ gateway: { port: 18789 } }", baseHash: await it.hash() });
  assert.deepEqual(back.plan.restart, []);
});

Deno.test("where a person is asked about commands follows the file", async () => {
  await using it = await lab();
  const raw = '{ approvals: { exec: { mode: "targets", targets: [{ channel: "fake", to: "boss" }] } } }';
  const { plan } = await it.control.patch({ raw, baseHash: await it.hash() });
  assert.deepEqual([plan.live, plan.restart], [["approvals"], []]);
  assert.deepEqual(it.control.current().approvals, {
    enabled: true,
    mode: "targets",
    targets: [{ channel: "fake", to: "boss" }],
  });
});

Deno.test("an edit by hand is applied the same way, a broken one changes nothing", async () => {
  await using it = await lab();
  await Deno.writeTextFile(it.path, FILE.replace(`url: "ws://127.0.0.1:1/"`, `retryMs: 9, url: "ws://127.0.0.1:1/"`));
  await it.control.fileChanged();
  assert.equal(it.changes.length, 1);
  assert.equal(it.control.current().channels.accounts[0]?.config["retryMs"], 9);
  await Deno.writeTextFile(it.path, "{ oh: ");
  await it.control.fileChanged();
  assert.equal(it.changes.length, 1);
  assert.equal(it.control.current().channels.accounts[0]?.config["retryMs"], 9);
  assert.match(it.control.restartReasons()[0] ?? "", /cannot be used, what ran before goes on/u);
});

Deno.test("bindings that do not match their schema do not send messages to another agent", async () => {
  await using it = await lab(
    FILE.replace("channels:", `bindings: [{ agentId: "x", match: { channel: "fake" } }], channels:`),
  );
  await Deno.writeTextFile(it.path, (await it.text()).replace(`agentId: "x"`, `agentId: 7`));
  await it.control.fileChanged();
  assert.equal(it.control.current().bindings[0]?.agentId, "x");
  assert.ok(it.control.current().issues.some(({ path }) => path === "bindings"));
});

Deno.test("two changes at once are made one after the other, and the second one sees the first", async () => {
  await using it = await lab();
  const baseHash = await it.hash();
  const results = await Promise.allSettled([
    it.control.patch({ raw: "{ channels: { fake: { name: 'one' } } }", baseHash }),
    it.control.patch({ raw: "{ channels: { fake: { name: 'two' } } }", baseHash }),
  ]);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected"]);
  assert.match(await it.text(), /name: "one"/u);
});
