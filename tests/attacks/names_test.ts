/** Names that deceive: what a node calls itself, seen in lists, in a terminal, in the log, in WebChat and by the model. */
import assert from "node:assert/strict";
import { ChatPage } from "../browser/chat_page.ts";
import { Visitor } from "../browser/chromium.ts";
import { browserTest } from "../browser/steps.ts";
import { type Json, TestClient } from "../helpers/client.ts";
import { denoDir, runCli, type TestGateway } from "../helpers/gateway.ts";
import { makeIdentity } from "../helpers/identity.ts";
import { gatewayFlags } from "../helpers/permissions.ts";

/** A line of its own, a colour, a title of the window, a text that runs backwards, and markup. */
const EVIL =
  'Cam\u001b[31m\u001b]0;owned\u0007\n\u202egnp.exe\u2066<img src=x onerror="globalThis.owned=1">\u2028Approved';
const SHOWN = 'Cam [31m ]0;owned gnp.exe <img src=x onerror="globalThis.owned=1"> Approved';
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const STEERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function evilNode(gateway: TestGateway): Promise<TestClient> {
  return TestClient.connect(gateway.url, {
    token: gateway.token,
    role: "node",
    protocol: 4,
    device: makeIdentity(),
    caps: ["canvas", "cap\u202e\n"],
    commands: ["canvas.present", "camera.snap", "evil\u001b[2J", "line\nbreak", "<b>bold</b>", "\ud800"],
    client: { id: "node-host", mode: "node", platform: EVIL, deviceFamily: EVIL, displayName: EVIL },
  });
}

async function openclaw(gateway: TestGateway, ...args: string[]): Promise<string> {
  const env = {
    HOME: gateway.stateDir,
    OPENCLAW_STATE_DIR: gateway.stateDir,
    OPENCLAW_GATEWAY_PORT: String(gateway.port),
  };
  const base = { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const { code, stdout, stderr } = await runCli(args, {
    env,
    flags: await gatewayFlags({ ...base, ...env }, ["--for", "cli"]),
  });
  assert.equal(code, 0, stdout + stderr);
  return stdout + stderr;
}

browserTest("a node whose name deceives", {}, {
  "is a plain line in lists and in a terminal": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using node = await evilNode(gateway);
    const { nodes } = await owner.request("node.list", {});
    const [view] = nodes as Json[];
    assert.deepEqual([view?.["displayName"], view?.["platform"], view?.["deviceFamily"]], [SHOWN, SHOWN, SHOWN]);
    const { pending } = await owner.request("node.pair.list", {});
    const [request] = pending as Json[];
    assert.deepEqual(
      request?.["commands"],
      ["<b>bold</b>", "camera.snap", "canvas.present"],
      "names that steer are dropped",
    );
    assert.deepEqual(request?.["caps"], ["canvas"]);
    assert.doesNotMatch(JSON.stringify([view, request]), /\\u|\\n/u);
    const text = await openclaw(gateway, "nodes", "list");
    assert.doesNotMatch(text, STEERS);
    const own = text.split("\n").filter((line) => line.startsWith(String(view?.["nodeId"]).slice(0, 12)));
    assert.equal(own.length, 1, text);
    assert.match(own[0] ?? "", /connected, waits for approval/u);
    assert.doesNotMatch(text, /^\s*(?:Approved|gnp)/mu);
    const id = String(view?.["nodeId"]);
    for (const args of [["nodes", "describe", id], ["devices", "list"]]) {
      assert.doesNotMatch(await openclaw(gateway, ...args), STEERS, args.join(" "));
    }
    await node.close();
    assert.doesNotMatch(gateway.output, STEERS, "the log");
  },

  "is words for the model": async ({ gateway, model }) => {
    await using owner = await gateway.connect();
    await using _node = await evilNode(gateway);
    model.script({ kind: "tool", name: "nodes_list", args: {} }, { kind: "text", pieces: ["Seen."] });
    const wish = { sessionKey: "main", message: "Which nodes?", idempotencyKey: crypto.randomUUID() };
    await owner.request("chat.send", wish);
    await owner.waitEvent(({ event, payload }) => event === "chat" && payload["state"] === "final");
    const messages = model.requests.at(-1)?.body["messages"];
    const told = Array.isArray(messages) ? String(messages.findLast(({ role }) => role === "tool")?.content) : "";
    assert.ok(told.includes("Cam [31m"), told);
    assert.doesNotMatch(told, STEERS);
    assert.ok(!told.includes("\n"), "no line of its own");
  },

  "is words on the page": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    await using node = await evilNode(gateway);
    await page.locator(".nodes-button").click();
    const panel = page.getByRole("dialog", { name: "Nodes" });
    await panel.locator(".node-request").getByText(SHOWN.slice(0, 20)).first().waitFor();
    assert.equal(await panel.locator('img, b:text-is("bold")').count(), 0, "no markup of the node");
    assert.doesNotMatch(await panel.innerText(), STEERS);
    assert.equal(await page.evaluate(() => Reflect.get(globalThis, "owned")), undefined);
    await node.close();
  },
});
