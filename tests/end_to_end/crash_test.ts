/** The gateway dies in the middle of a call to a node, and comes back: everybody finds their way, and nothing is doubled. */
import assert from "node:assert/strict";
import { NodePage } from "../browser/node_page.ts";
import type { Json } from "../helpers/client.ts";
import { eventually } from "../helpers/wait.ts";
import { TestNode } from "../nodes_cli/lab.ts";
import { type Home, homeTest, ownedHouse, startHome } from "./house.ts";

/** The browser reports every refused connection by itself. */
const REFUSED =
  /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|Failed to load resource/u;

const ALLOWED: Json = { gateway: { nodes: { allowCommands: ["camera.*"] } } };

/** A call of the camera is under way when the gateway is killed; resolves when all are connected again. */
async function crash(home: Home): Promise<NodePage> {
  const { house, node } = home;
  await node.page.locator(".job").first().waitFor();
  await house.gateway.kill("SIGKILL");
  await node.page.getByText("Connection lost").waitFor();
  await node.page.locator(".job").waitFor({ state: "detached" });
  await house.gateway.startAgain();
  await house.reconnect();
  await house.waitState("connected");
  const same = await NodePage.on(node.page, house.web);
  assert.equal(same.nodeId, node.nodeId);
  assert.equal(await node.page.evaluate(() => document.documentElement.dataset["mark"]), "same", "without a reload");
  return same;
}

/** Every row of the outbox has found its end, and the chat holds these texts. */
async function told({ house }: Home, count: number): Promise<readonly Json[]> {
  const messages = await house.written(11, count, 40_000);
  await eventually("the outbox", async () => (await house.outbox()).every(({ state }) => state === "sent"));
  assert.equal(house.telegram.written(11).length, count, "nothing is doubled");
  return messages;
}

homeTest("killed while a browser records: it reconnects by itself, the asker is answered once", async (t) => {
  await using home = await startHome({ config: ALLOWED });
  const { house, node, visitor } = home;
  const { telegram, telegram: { people }, anna, direct, model } = house;
  visitor.expected.push(REFUSED);
  await node.switchOn("Camera");
  await node.page.evaluate(() => document.documentElement.dataset["mark"] = "same");

  await t.step("a clip, which is no mere look: the run ends and says why", async () => {
    model.script({ kind: "tool", name: "camera_clip", args: { durationMs: 20_000 } });
    people.say(direct, anna, "Film the room");
    await crash(home);
    const [message] = await told(home, 1);
    assert.match(String(message?.["text"]), /I was restarted before I could answer\. Please send your message again/u);
    assert.equal(telegram.callsOf("sendVideo").length + telegram.callsOf("sendDocument").length, 0);
  });

  await t.step("what comes next works: a picture by the same page", async () => {
    model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "text", pieces: ["The room."] });
    people.say(direct, anna, "Then a picture");
    const messages = await told(home, 2);
    assert.equal(messages[1]?.["caption"], "The room.");
    assert.equal(telegram.callsOf("sendPhoto").length, 1);
  });
});

homeTest("killed while a picture is taken, which only looks: the run begins anew and is answered once", async () => {
  await using home = await startHome({ config: ALLOWED });
  const { house, node, visitor } = home;
  const { telegram: { people }, anna, direct, model } = house;
  visitor.expected.push(REFUSED);
  await node.switchOn("Camera");
  await node.page.evaluate(() => document.documentElement.dataset["mark"] = "same");
  const snap = { kind: "tool", name: "camera_snap", args: {} } as const;
  model.script(snap, snap, { kind: "relay" });
  await node.page.evaluate(stallCamera);
  people.say(direct, anna, "A picture, please");
  await crash(home);
  await node.page.evaluate(freeCamera);
  const [message] = await told(home, 1);
  // The run begins anew at once; whether the page is back by then, the clock decides. It never says what is not so.
  const words = String(message?.["caption"] ?? message?.["text"]);
  if (message?.["photo"] === undefined) assert.match(words, /not connected|no tool/u);
  else assert.match(words, /^Photo from/u);
  assert.equal(model.requests.length, 3);
  model.script(snap, { kind: "text", pieces: ["Here it is."] });
  people.say(direct, anna, "Now?");
  assert.equal((await told(home, 2))[1]?.["caption"], "Here it is.");
});

/** Run in the page: the camera is on and gives its first picture late; and no more. */
function stallCamera(): void {
  const { play } = HTMLVideoElement.prototype;
  Reflect.set(globalThis, "play", play);
  HTMLVideoElement.prototype.play = () => new Promise((resolve) => setTimeout(resolve, 60_000));
}
function freeCamera(): void {
  HTMLVideoElement.prototype.play = Reflect.get(globalThis, "play");
}

homeTest("killed while a command runs on a headless node: it is not run again, and the asker is told", async () => {
  await using house = await ownedHouse();
  const { gateway, model, telegram, telegram: { people }, anna, direct } = house;
  await using node = await TestNode.start({
    port: gateway.port,
    token: gateway.token,
    args: ["--allow-program", "sh"],
  });
  await node.approve(house.web, ["system.run"]);
  const { hash } = await house.web.request("exec.approvals.get", {});
  const file = { version: 1, defaults: { security: "full", ask: "off" } };
  await house.web.request("exec.approvals.set", { file, baseHash: hash });
  const rules = await house.web.request("exec.approvals.node.get", { nodeId: await node.id() });
  await house.web.request("exec.approvals.node.set", { nodeId: await node.id(), file, baseHash: rules["hash"] });
  const marker = `${node.home}/ran`;
  model.script({
    kind: "tool",
    name: "node_run",
    args: { command: ["sh", "-c", `printf x >> ${marker}; exec sleep 30`] },
  });
  people.say(direct, anna, "Build");
  const runs = () => Deno.readTextFile(marker).catch(() => undefined);
  await eventually("the command", runs);
  await gateway.restart("SIGKILL");
  await house.reconnect();
  await house.waitState("connected");
  await node.said(/Connection lost[\s\S]*Connected to/u, 40_000);
  const [message] = await house.written(11, 1, 40_000);
  assert.match(String(message?.["text"]), /I was restarted before I could answer\. Please send your message again/u);
  model.script({ kind: "text", pieces: ["Still here."] });
  people.say(direct, anna, "Hello?");
  assert.equal((await house.written(11, 2))[1]?.["text"], "Still here.");
  assert.equal(await runs(), "x", "it ran once");
  assert.equal(telegram.written(11).length, 2);
});
