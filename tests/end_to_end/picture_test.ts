/** From a Telegram message to the camera of a browser and back: the photo in Telegram, in WebChat, and before the model. */
import assert from "node:assert/strict";
import { jpegSize } from "../browser/node_pictures.ts";
import { eventually } from "../helpers/wait.ts";
import { homeTest, startHome } from "./house.ts";

homeTest(
  "a picture asked for in Telegram is taken by a browser, and everybody who should sees the same one",
  async (t) => {
    await using home = await startHome();
    const { house, node, chat } = home;
    const { telegram, telegram: { people }, anna, direct, model, web } = house;

    await t.step("before the owner allows the camera, nothing is taken and the model is told why", async () => {
      await node.switchOn("Camera");
      model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "text", pieces: ["It is not allowed."] });
      people.say(direct, anna, "Send me a picture");
      const [answer] = await house.written(11);
      assert.equal(answer?.["text"], "It is not allowed.");
      assert.equal(telegram.callsOf("sendPhoto").length, 0);
      assert.match(JSON.stringify(model.requests.at(-1)?.body["messages"]), /no tool|not allowed|no node/iu);
    });

    await t.step("allowed, it is taken and sent", async () => {
      await web.request("node.commands.set", { nodeId: node.nodeId, allowCommands: ["camera.snap"] });
      model.script(
        { kind: "tool", name: "camera_snap", args: { maxWidth: 400 } },
        { kind: "text", pieces: ["Your ", "desk."] },
      );
      people.say(direct, anna, "And now?");
      const [, photo] = await house.written(11, 2, 40_000);
      assert.ok(Array.isArray(photo?.["photo"]), JSON.stringify(photo));
      assert.equal(photo?.["caption"], "Your desk.");
      const [call, ...more] = telegram.callsOf("sendPhoto");
      assert.deepEqual(more, [], "sent once");
      const sent = [...call?.files.values() ?? []][0]?.bytes.toBase64();
      assert.equal(jpegSize(sent).width, 400);
      assert.deepEqual(model.requests.at(-1)?.pictures, [{ mimeType: "image/jpeg", data: sent }], "the model saw it");
      const shown = chat.page.getByRole("img", { name: "Picture from camera_snap" });
      await shown.waitFor();
      await eventually("the picture in WebChat", () => shown.evaluate(isComplete));
      assert.equal(await shown.evaluate(differenceTo, sent), 0, "WebChat shows the very same picture");
      await chat.answered(/Your desk\.$/);
    });

    await t.step("switched off by the person, the answer says so and no picture leaves", async () => {
      await node.toggle("Camera").click();
      model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "text", pieces: ["The camera is off."] });
      people.say(direct, anna, "Once more");
      const [, , answer] = await house.written(11, 3);
      assert.equal(answer?.["text"], "The camera is off.");
      assert.match(JSON.stringify(model.requests.at(-1)?.body["messages"]), /CAMERA_DISABLED/u);
      assert.equal(telegram.callsOf("sendPhoto").length, 1);
    });
  },
);

/** Runs in the page. */
const isComplete = (image: SVGElement | HTMLElement): boolean =>
  image instanceof HTMLImageElement && image.complete && image.naturalWidth > 0;

/** Runs in the page: how many bytes of the drawn pixels differ from those of a JPEG. */
async function differenceTo(image: SVGElement | HTMLElement, base64: string | undefined): Promise<number> {
  if (!(image instanceof HTMLImageElement)) throw new Error("no image");
  const other = new Image();
  other.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(base64 ?? ""), (char) => char.charCodeAt(0))]));
  await other.decode();
  const pixels = (one: HTMLImageElement): Uint8ClampedArray => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [one.naturalWidth, one.naturalHeight];
    const pen = canvas.getContext("2d");
    if (!pen) throw new Error("no canvas");
    pen.drawImage(one, 0, 0);
    return pen.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  const [a, b] = [pixels(image), pixels(other)];
  if (a.length !== b.length) return Infinity;
  return a.reduce((sum, value, index) => sum + (value === b[index] ? 0 : 1), 0);
}
