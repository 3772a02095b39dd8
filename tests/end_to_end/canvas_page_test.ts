/** A page of the canvas in the agent's hands: written, shown beside the chat, changed and taken back while it is open. */
import assert from "node:assert/strict";
import type { Script } from "../helpers/fake_model.ts";
import { homeTest, lastPrompt, startHome } from "./house.ts";

const PAGE = `<!doctype html><title>Plan</title><body><h1>Plan</h1><p id="text">Milk and bread.</p>
<script>document.title = "loaded " + performance.timeOrigin;</script></body>`;

const call = (name: string, args: unknown): Script => ({ kind: "tool", name, args });
const say = (...pieces: string[]): Script => ({ kind: "text", pieces });

homeTest("the agent's edits of a canvas page appear in the open page, and undo brings the old one back", async (t) => {
  await using home = await startHome();
  const { house: { model, gateway }, chat, node } = home;
  const beside = chat.page.frameLocator(".canvas-frame");
  const path = "plan/index.html";
  const frame = chat.page.locator(".canvas-frame");

  await t.step("it is written and presented", async () => {
    model.script(
      call("canvas_write", { path, content: PAGE }),
      call("canvas_present", { path }),
      say("Here is the plan."),
    );
    await chat.send("Make a plan");
    await beside.getByText("Milk and bread.").waitFor();
    await chat.answered(/Here is the plan\.$/);
    assert.notEqual(new URL(await frame.getAttribute("src") ?? "").port, String(gateway.port));
    await frame.evaluate((element) => element.dataset["mark"] = "same");
  });

  const edit = async (script: Script[], words: string, answer: RegExp): Promise<void> => {
    const before = await beside.locator("title").textContent();
    model.script(...script);
    await chat.send("Change it");
    await beside.getByText(words, { exact: true }).waitFor();
    await chat.answered(answer);
    assert.notEqual(await beside.locator("title").textContent(), before, "the page inside was loaded anew");
    assert.equal(await frame.getAttribute("data-mark"), "same", "the frame stayed where it is");
  };

  await t.step("a patch shows in the open page", () =>
    edit(
      [call("canvas_patch", { path, find: "Milk and bread.", replace: "Milk and apples." }), say("Apples now.")],
      "Milk and apples.",
      /Apples now\.$/,
    ));

  await t.step("a patch that fits nowhere changes nothing and tells the agent so", async () => {
    model.script(call("canvas_patch", { path, find: "Coffee", replace: "Tea" }), { kind: "relay" });
    await chat.send("Tea instead of coffee");
    await chat.answered(/find.*not|not.*find|once/iu);
    await beside.getByText("Milk and apples.").waitFor();
  });

  await t.step(
    "undo brings the old text back, live",
    () => edit([call("canvas_undo", { path }), say("As it was.")], "Milk and bread.", /As it was\.$/),
  );

  await t.step("the same page on the node follows the next edit, too", async () => {
    model.script(call("canvas_present", { path, node: node.nodeId }), say("On the wall."));
    await chat.send("Show it on the node");
    await node.canvas.getByText("Milk and bread.").waitFor();
    await chat.answered(/On the wall\.$/);
    model.script(call("canvas_patch", { path, find: "Milk", replace: "Oats" }), say("Oats."));
    await chat.send("Oats");
    await node.canvas.getByText("Oats and bread.").waitFor();
    await beside.getByText("Oats and bread.").waitFor();
    await chat.answered(/Oats\.$/);
    assert.match(lastPrompt(home.house), /Kept plan\/index\.html/u);
  });
});
