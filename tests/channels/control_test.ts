/** Channels of a running gateway: status, start, stop, logout, login, changes of the configuration, webhooks. */
import assert from "node:assert/strict";
import { gatewayCommand } from "../../gateway/cli/gateway.ts";
import { REDACTED } from "../../gateway/observe/redact.ts";
import { CallFailed, type Json } from "../helpers/client.ts";
import { ROOT, runCli, TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { startLab } from "./lab.ts";

const failsWith = (pattern: RegExp) => (error: unknown) => error instanceof CallFailed && pattern.test(error.message);

Deno.test("accounts are shown with state, rights and the protocol's keys, and start and stop on their own", async (t) => {
  await using lab = await startLab();
  const { client, gateway } = lab;
  await lab.waitState("a", "connected");
  await lab.waitState("b", "connected");

  await t.step("channels.status has what the protocol and a page need", async () => {
    const status = await client.request("channels.status", { probe: true });
    assert.deepEqual(
      status["channelOrder"],
      ["telegram", "slack", "discord", "whatsapp", "signal", "imessage", "bluebubbles", "fake", "other"].filter((id) =>
        (status["channelOrder"] as string[]).includes(id)
      ),
    );
    assert.equal((status["channelDefaultAccountId"] as Json)["fake"], "a");
    const row = await lab.account("a");
    assert.equal(row["connected"], true);
    assert.equal(row["running"], true);
    assert.equal(row["linked"], true);
    assert.equal(row["dmPolicy"], "open");
    const { host } = new URL(lab.a.url);
    assert.deepEqual((row["permissions"] as string[])[0], `--allow-net=${host}`);
    assert.ok((row["permissions"] as string[]).includes("--deny-env"));
    assert.deepEqual(row["foreignAddresses"], [lab.a.url]);
    const probed = (status["channelAccounts"] as Record<string, Json[]>)["fake"]?.map((each) =>
      (each["probe"] as Json)["ok"]
    );
    assert.deepEqual(probed, [true, true]);
    assert.match(gateway.output, /Fake \(tests only\) \(a\) talks to ws:\/\/.*not the platform's own/u);
    assert.match(gateway.output, new RegExp(`Channel +Fake \\(tests only\\) \\(a\\), worker: net ${host}`, "u"));
  });

  await t.step("health and status read the same states", async () => {
    const health = await client.request("health", { probe: true });
    const fake = (health["channels"] as Record<string, Json>)["fake"];
    assert.equal(fake?.["connected"], true);
    assert.deepEqual(Object.keys(fake?.["accounts"] as Json), ["a", "b"]);
    const status = await client.request("status", {});
    assert.ok((status["channelSummary"] as string[]).some((line) => /Fake.*\(b\): connected/u.test(line)));
  });

  await t.step("stopping one leaves the other one's worker alone", async () => {
    const stopped = await client.request("channels.stop", { channel: "fake", accountId: "b" });
    assert.equal((stopped["account"] as Json)["state"], "stopped");
    assert.equal((await lab.account("a"))["generation"], 1);
    await client.request("channels.start", { channel: "fake", accountId: "b" });
    assert.equal((await lab.waitState("b", "connected"))["generation"], 2);
    assert.equal((await lab.account("a"))["generation"], 1);
    await client.waitEvent((event) => event.event === "health");
  });

  await t.step("logging out clears the account, and errors are the protocol's", async () => {
    const out = await client.request("channels.logout", { channel: "fake", accountId: "b" });
    assert.deepEqual(out, { channel: "fake", accountId: "b", cleared: true, loggedOut: true });
    await lab.waitState("b", "logged_out");
    assert.equal((await lab.account("a"))["state"], "connected");
    await assert.rejects(
      client.request("channels.logout", { channel: "nope" }),
      failsWith(/invalid channels\.logout channel/u),
    );
    await assert.rejects(
      client.request("channels.start", { channel: "fake", accountId: "zz" }),
      failsWith(/"fake:zz"/u),
    );
  });
});

Deno.test("a change of the configuration restarts only the account that it concerns", async (t) => {
  await using lab = await startLab();
  await lab.waitState("a", "connected");
  await lab.waitState("b", "connected");

  await t.step("a setting of the worker restarts its account alone", async () => {
    const done = await lab.patch({ channels: { fake: { accounts: { b: { retryMs: 50 } } } } });
    assert.deepEqual(done["accounts"], [{ channel: "fake", accountId: "b", action: "restart" }]);
    assert.deepEqual((done["restart"] as Json)["required"], false);
    await eventually("the new worker of b", async () => (await lab.account("b"))["generation"] === 2);
    await lab.waitState("b", "connected");
    assert.equal((await lab.account("a"))["generation"], 1);
  });

  await t.step("access rules apply without a restart of anything", async () => {
    await lab.patch({ channels: { fake: { accounts: { a: { dmPolicy: "disabled" } } } } });
    assert.equal((await lab.account("a"))["dmPolicy"], "disabled");
    lab.a.say("is anybody there?");
    await eventually("the refusal", async () => ((await lab.account("a"))["refusals"] as Json[]).length > 0);
    assert.deepEqual(lab.a.sent(), []);
    await lab.patch({ channels: { fake: { accounts: { a: { dmPolicy: null } } } } });
    lab.a.say("and now?");
    await eventually("an answer", () => lab.a.sent().length > 0);
    assert.equal((await lab.account("a"))["generation"], 1);
  });

  await t.step("an edit by hand does the same", async () => {
    const text = await Deno.readTextFile(lab.gateway.configPath);
    await Deno.writeTextFile(lab.gateway.configPath, text.replace(`"retryMs": 50`, `"retryMs": 60`));
    await eventually("the third worker of b", async () => (await lab.account("b"))["generation"] === 3);
    assert.equal((await lab.account("a"))["generation"], 1);
  });

  await t.step("an account that goes away is stopped, and one that comes back is started", async () => {
    const before = await Deno.readTextFile(lab.gateway.configPath);
    await lab.patch({ channels: { fake: { accounts: { b: null } } } });
    await eventually("the end of b", async () => (await lab.account("b"))["state"] === undefined);
    assert.match(JSON.stringify(lab.b.calls.at(-1)), /bye/u);
    await Deno.writeTextFile(lab.gateway.configPath, before);
    await lab.waitState("b", "connected");
    assert.equal((await lab.account("a"))["generation"], 1);
  });

  await t.step("a right that the process does not hold leaves the old state running and names the flag", async () => {
    const done = await lab.patch({ channels: { fake: { accounts: { b: { url: "ws://192.0.2.7:99/" } } } } });
    const restart = done["restart"] as Json;
    assert.equal(restart["required"], true);
    assert.match(String(restart["flags"]), /--allow-net=192\.0\.2\.7:99/u);
    assert.match(String((restart["reasons"] as string[])[0]), /account "b".*--allow-net=192\.0\.2\.7:99/u);
    assert.equal((await lab.account("b"))["state"], "connected");
    assert.deepEqual((await lab.account("b"))["foreignAddresses"], [lab.b.url]);
    const status = await lab.client.request("status", {});
    assert.match(JSON.stringify((status["gateway"] as Json)["restartRequired"]), /192\.0\.2\.7:99/u);
  });
});

Deno.test("config.get, plan and patch agree on the file, secrets stay in it, and the guard holds", async () => {
  await using lab = await startLab({ accountA: { token: "a-secret-token" } });
  const { client, gateway } = lab;
  const before = await Deno.readTextFile(gateway.configPath);
  await Deno.writeTextFile(gateway.configPath, `// mine\n${before}`);
  const got = await client.request("config.get", {});
  assert.doesNotMatch(JSON.stringify(got), /a-secret-token/u);
  const raw = JSON.stringify({ channels: { fake: { accounts: { a: { token: REDACTED, name: "First" } } } } });
  const planned = await client.request("config.plan", { raw, baseHash: got["hash"] });
  assert.deepEqual(planned["changed"], ["channels.fake.accounts.a.name"]);
  assert.deepEqual(planned["accounts"], [{ channel: "fake", accountId: "a", action: "update" }]);
  await assert.rejects(client.request("config.patch", { raw }), failsWith(/config base hash required/u));
  const done = await client.request("config.patch", { raw, baseHash: got["hash"] });
  assert.doesNotMatch(JSON.stringify(done), /a-secret-token/u);
  const text = await Deno.readTextFile(gateway.configPath);
  assert.match(text, /^\/\/ mine\n/u);
  assert.match(text, /a-secret-token/u);
  assert.equal((await client.request("config.get", {}))["hash"], done["hash"]);
  await assert.rejects(
    client.request("config.patch", { raw, baseHash: got["hash"] }),
    failsWith(/config changed since last load; re-run config\.get and retry/u),
  );
  await assert.rejects(
    client.request("config.patch", {
      raw: `{ channels: { imessage: { cliPath: "/bin/sh" } } }`,
      baseHash: done["hash"],
    }),
    failsWith(/Cannot set "channels\.imessage\.cliPath"/u),
  );
  assert.match(await Deno.readTextFile(`${gateway.configPath}.last-good`), /a-secret-token/u);
  assert.equal(((await Deno.stat(`${gateway.configPath}.last-good`)).mode ?? 0) & 0o777, 0o600);
  assert.equal((await lab.account("a"))["name"], "First");
  assert.equal((await lab.account("a"))["tokenSource"], "config");
});

Deno.test("a login goes step by step, its code is a picture, and the end is seen by whoever waits", async () => {
  await using lab = await startLab({ accountA: { loginFirst: true } });
  const { client } = lab;
  await lab.waitState("a", "login_required");
  const starting = client.request("web.login.start", { channel: "fake", accountId: "a" });
  await lab.a.waitCall("login");
  lab.a.order({ do: "login.step", step: { kind: "show", what: "qr", value: "code-1", text: "Scan it" } });
  const first = await starting;
  assert.match(String(first["qrDataUrl"]), /^data:image\/png;base64,iVBOR/u);
  assert.equal(first["message"], "Scan it");
  const renewed = client.request("web.login.wait", { accountId: "a", seen: first["count"] });
  lab.a.order({ do: "login.step", step: { kind: "show", what: "qr", value: "code-2", text: "Scan the new one" } });
  const second = await renewed;
  assert.notEqual(second["qrDataUrl"], first["qrDataUrl"]);
  const end = client.request("web.login.wait", { channel: "fake", accountId: "a", timeoutMs: 20_000 });
  lab.a.order({ do: "login.step", step: { kind: "done", text: "Logged in", account: "me" } });
  const done = await end;
  assert.equal(done["connected"], true);
  // The account's own word, or that it is connected by now: both may be first.
  assert.match(String(done["message"]), /^(Logged in|Connected)$/u);
  await lab.waitState("a", "connected");
  const again = await client.request("web.login.start", { channel: "fake", accountId: "a" });
  assert.equal(again["connected"], true);
  assert.match(String(again["message"]), /Already logged in/u);
  assert.equal((await client.request("web.login.cancel", { channel: "fake", accountId: "a" }))["cancelled"], false);
  await assert.rejects(
    client.request("web.login.start", { channel: "zzz" }),
    failsWith(/channel zzz does not support login/u),
  );
});

Deno.test("a claimed webhook path reaches its worker under any Host, and nothing else does", async () => {
  await using lab = await startLab({
    accountA: { webhookPath: "/fake-webhook" },
    platform: { answer: (call) => call.at === "webhook" ? { value: { status: 202, body: "taken" } } : { value: {} } },
  });
  await lab.waitState("a", "connected");
  const url = `${lab.gateway.httpUrl}/fake-webhook?password=hush-hush`;
  const taken = await fetch(url, { method: "POST", body: "hello", headers: { "X-Hook": "1" } });
  assert.equal(taken.status, 202);
  assert.equal(await taken.text(), "taken");
  const call = await lab.a.waitCall("webhook");
  assert.equal(call.body["path"], "/fake-webhook");
  assert.equal(call.body["body"], "hello");
  assert.deepEqual(call.body["query"], { password: "hush-hush" });
  assert.equal((call.body["headers"] as Json)["x-hook"], "1");
  const foreign = await rawPost(lab.gateway.port, "/fake-webhook", "hooks.example.net");
  assert.match(foreign, /^HTTP\/1\.1 202 /u, "the platform may call by any name");
  assert.match(await rawPost(lab.gateway.port, "/", "hooks.example.net"), /^HTTP\/1\.1 403 /u, "nothing else may be");
  const other = await fetch(`${lab.gateway.httpUrl}/other-webhook`, { method: "POST", body: "x" });
  assert.ok([404, 405].includes(other.status), `status ${other.status}`);
  await other.text();
  await lab.client.request("channels.stop", { channel: "fake", accountId: "a" });
  const gone = await fetch(url, { method: "POST", body: "hello" });
  assert.equal(gone.status, 503);
  await gone.text();
  assert.doesNotMatch(lab.gateway.output, /hush-hush/u);
});

/** A request under a Host of its own, which `fetch` does not allow. */
async function rawPost(port: number, path: string, host: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = [`POST ${path} HTTP/1.1`, `Host: ${host}`, "Content-Length: 2", "Connection: close"];
  await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n{}`));
  return await new Response(connection.readable).text();
}

Deno.test("an account in a process of its own gets the one right more that this takes, and answers", async () => {
  await using lab = await startLab({ accountA: { isolation: "process" } });
  const row = await lab.waitState("a", "connected");
  assert.equal(row["isolation"], "process");
  assert.match(lab.gateway.output, new RegExp(`run ${Deno.execPath()}`, "u"));
  lab.a.say("hello from far away");
  await eventually("an answer", () => lab.a.sent().length > 0, 20_000);
  assert.equal((await lab.account("b"))["isolation"], "worker");
});

Deno.test("a wedged worker ends the process in order with 75 where something starts it again", async () => {
  await using lab = await startLab({ gateway: { env: { OPENCLAW_SUPERVISED: "1" } } });
  await lab.waitState("a", "connected");
  const { gateway } = lab;
  lab.a.order({ do: "spin" });
  const status = await eventually("the end of the process", () => gateway.exitCode, 60_000);
  assert.equal(status, 75);
  assert.match(gateway.output, /gateway\.stopped/u);
  await gateway.startAgain();
  await eventually("b after the restart", () => lab.b.connected(), 20_000);
});

Deno.test("no option, variable or file of the executable can bring in a worker entry", async () => {
  assert.ok(gatewayCommand.length === 1, "the table is a member of the options, given by code");
  const main = await Deno.readTextFile(`${ROOT}main.ts`);
  assert.doesNotMatch(main, /workerEntries/u);
  await assert.rejects(
    TestGateway.start({ args: ["--worker-entries", "file:///tmp/evil.ts"] }),
    /unknown option|exit code/iu,
  );
  await using gateway = await TestGateway.start({
    config: { workerEntries: [{ entry: "file:///tmp/evil.ts" }], channels: { fake: { url: "ws://127.0.0.1:1/" } } },
    env: { OPENCLAW_WORKER_ENTRIES: "file:///tmp/evil.ts" },
  });
  const client = await gateway.connect();
  const status = await client.request("channels.status", {});
  assert.ok(!(status["channelOrder"] as string[]).includes("fake"), "the fake provider is not shipped");
  await client.close();
  const { stdout } = await runCli(["gateway", "--help"], { flags: ["--allow-env", "--allow-read"] });
  assert.doesNotMatch(stdout, /entr/iu);
});

Deno.test("the owner hears in the main session and in status of what was given up and of a channel that broke", async () => {
  await using lab = await startLab({
    platform: {
      answer: (call) =>
        call.at === "send"
          ? { error: { code: "forbidden", message: "the bot was blocked", retryable: false, outcome: "not_sent" } }
          : { value: {} },
    },
  });
  const { client } = lab;
  await lab.waitState("a", "connected");
  lab.a.say("hello?");
  const lines = async (): Promise<string[]> => {
    const history = await client.request("chat.history", { sessionKey: "main", limit: 50 });
    return (history["messages"] as Json[]).filter((message) => message["role"] === "system").map((message) =>
      JSON.stringify(message["content"])
    );
  };
  await eventually(
    "the note about the message",
    async () => (await lines()).some((line) => /the bot was blocked/u.test(line)),
  );
  const status = await client.request("status", {});
  assert.match(JSON.stringify(status["channelSummary"]), /1 failed\. See: openclaw outbox list/u);
  lab.b.order({
    do: "state",
    report: { state: "bad_credentials", sentence: "The token was revoked", userAction: "set_token" },
  });
  await eventually(
    "the note about the channel",
    async () => (await lines()).some((line) => /fake \(account b\) stopped working: The token was revoked/u.test(line)),
  );
  assert.equal((await lab.account("b"))["userAction"], "set_token");
});
