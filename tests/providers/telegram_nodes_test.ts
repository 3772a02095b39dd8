/** A picture asked for in Telegram: agent, camera of a node, photo in Telegram and in WebChat; strangers get no camera. */
import assert from "node:assert/strict";
import type { Json } from "../helpers/client.ts";
import { connectNode } from "../helpers/test_node.ts";
import { eventually } from "../helpers/wait.ts";
import { OTHER_SIDE } from "../servers/telegram/server.ts";
import { startHouse } from "./telegram_e2e_lab.ts";
import { jpeg } from "./telegram_lab.ts";

const test = (name: string, body: (t: Deno.TestContext) => Promise<void>) =>
  Deno.test(`${name} [other side: ${OTHER_SIDE}]`, body);

/** Anna, 11, is the owner; everybody may write. */
const OWNED = { allowFrom: ["*", "11"] };
const CONFIG = { gateway: { nodes: { allowCommands: ["camera.*"] } } };
const WEBM = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3, 4, 5, 6, 7, 8).toBase64();

const toolNames = (body: Json | undefined): string[] => {
  const tools = body?.["tools"];
  return Array.isArray(tools) ? tools.map((tool) => String(Object(Object(tool)["function"])["name"])) : [];
};

test("a message asks for a picture: the camera of a node, the photo in Telegram and in chat.history", async (t) => {
  await using house = await startHouse({ telegram: OWNED, config: CONFIG });
  const { telegram, telegram: { people }, anna, direct, model, web, gateway } = house;
  const photo = jpeg(60_000);
  await using node = await connectNode(
    gateway,
    "Pixel",
    ["camera.snap", "camera.clip"],
    ({ command }) =>
      command === "camera.snap"
        ? { format: "jpg", base64: photo.toBase64(), width: 640, height: 480 }
        : { format: "webm", base64: WEBM, durationMs: 2_000, hasAudio: false },
  );

  await t.step("the photo carries the answer as its caption", async () => {
    model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "text", pieces: ["Your ", "desk."] });
    people.say(direct, anna, "Send me a picture of my desk");
    const [message] = await house.written(11);
    assert.ok(Array.isArray(message?.["photo"]), JSON.stringify(message));
    assert.equal(message?.["caption"], "Your desk.");
    assert.deepEqual(node.calls.map(({ command }) => command), ["camera.snap"]);
    assert.deepEqual(model.requests.at(-1)?.pictures, [{ mimeType: "image/jpeg", data: photo.toBase64() }]);
    const { messages } = await web.request("chat.history", { sessionKey: "main" });
    const shown = Array.isArray(messages) ? messages.find(({ role }) => role === "toolResult") : undefined;
    assert.deepEqual(Object(shown)["content"][1], {
      type: "image",
      data: photo.toBase64(),
      mimeType: "image/jpeg",
    });
  });

  await t.step("an answer that has grown in a draft is finished as text, then the photo follows", async () => {
    const pieces = Array.from({ length: 20 }, (_, index) => `word${index} `);
    model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "text", pieces, delayMs: 100 });
    people.say(direct, anna, "Again, and describe it slowly");
    const [, text, second] = await house.written(11, 3);
    await eventually(
      "the whole text",
      () => String(direct.messages.get(text?.message_id ?? 0)?.["text"]).trim().endsWith("word19"),
    );
    assert.ok(Array.isArray(second?.["photo"]));
    assert.equal(second?.["caption"], undefined);
    assert.ok(telegram.callsOf("editMessageText").length >= 1);
  });

  await t.step("a silent answer still sends its clip", async () => {
    model.script({ kind: "tool", name: "camera_clip", args: {} }, { kind: "text", pieces: ["NO_REPLY"] });
    people.say(direct, anna, "A clip, no words");
    const [, , , clip] = await house.written(11, 4);
    assert.ok(clip?.["video"] !== undefined || clip?.["document"] !== undefined, JSON.stringify(clip));
    // The platform has the clip a moment before its answer is written down.
    await eventually("every row sent", async () => (await house.outbox()).every((row) => row["state"] === "sent"));
  });
});

test("who is not the owner gets no tool of a node or the canvas, and the model can say why", async () => {
  await using house = await startHouse({
    telegram: { ...OWNED, groups: { "*": { requireMention: true } } },
    config: CONFIG,
  });
  const { telegram: { people }, anna, model, gateway } = house;
  await using node = await connectNode(gateway, "Pixel", ["camera.snap"], () => ({}));
  const ben = people.person(12, "Ben", "ben_b");
  const group = people.group(-500, "House");
  model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "text", pieces: ["I may not."] });
  people.say(group, ben, "@house_bot take a photo of Anna's room");
  assert.equal((await house.written(-500))[0]?.["text"], "I may not.");
  const [first, second] = model.requests;
  assert.deepEqual(toolNames(first?.body), ["time", "sessions_list", "sessions_history"]);
  assert.match(JSON.stringify(first?.body["messages"]), /does not come from the owner/u);
  assert.match(JSON.stringify(second?.body["messages"]), /There is no tool/u);
  assert.deepEqual(node.calls, []);
  model.script({ kind: "text", pieces: ["Hello Anna."] });
  people.say(group, anna, "@house_bot hello");
  assert.equal((await house.written(-500, 2))[1]?.["text"], "Hello Anna.");
  assert.ok(toolNames(model.requests.at(-1)?.body).includes("camera_snap"), "the owner has it in the same group");
});
