/** Pictures that tools made, in the thread: live, after a reload, and large. */
import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { connectNode } from "../helpers/test_node.ts";
import { ChatPage } from "./chat_page.ts";
import { PHONE, Visitor } from "./chromium.ts";
import { clean, snap } from "./faces.ts";
import { browserTest } from "./steps.ts";

/** A real picture: 960 x 640, drawn by the browser itself. */
const draw = (chat: ChatPage): Promise<string> =>
  chat.page.evaluate(() => {
    const canvas = document.createElement("canvas");
    canvas.width = 960;
    canvas.height = 640;
    const pen = canvas.getContext("2d");
    if (!pen) throw new Error("no canvas");
    pen.fillStyle = "#88b7d5";
    pen.fillRect(0, 0, 960, 640);
    pen.fillStyle = "#3d7a4a";
    pen.fillRect(0, 420, 960, 220);
    pen.fillStyle = "#e6b25c";
    pen.arc(760, 140, 70, 0, 7);
    pen.fill();
    return canvas.toDataURL("image/jpeg", 0.8).split(",")[1] ?? "";
  });

const size = (image: Locator) =>
  image.evaluate((one: HTMLImageElement) => one.complete && [one.naturalWidth, one.naturalHeight]);

browserTest("A photo that a tool took stands in the thread", {
  config: {
    gateway: {
      auth: { mode: "token", token: "test-token-0123456789abcdef" },
      nodes: { allowCommands: ["camera.snap"] },
    },
  },
}, {
  "live and after a reload, with the tool's name for those who cannot see it": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    const base64 = await draw(chat);
    const photo = { format: "jpg", base64, width: 960, height: 640 };
    await using _node = await connectNode(gateway, "Garden phone", ["camera.snap"], () => photo);
    model.script(
      { kind: "tool", name: "camera_snap", args: {} },
      { kind: "text", pieces: ["The garden looks fine."] },
    );
    await chat.send("How is the garden?");
    await chat.answered(/looks fine\.$/);
    const shown = page.getByRole("img", { name: "Picture from camera_snap" }).first();
    await shown.waitFor();
    assert.deepEqual(await size(shown), [960, 640]);
    await clean(page, "a photo in the thread");
    await snap(page, "tool_picture");
    await page.reload();
    await chat.ready();
    await shown.waitFor();
    assert.deepEqual(await size(shown), [960, 640]);
    await shown.click();
    const large = page.getByRole("dialog", { name: "Picture from camera_snap" });
    await large.getByRole("img").waitFor();
    assert.ok((await large.getByRole("img").boundingBox())?.width ?? 0 > 600);
    await clean(page, "a large picture");
    await snap(page, "tool_picture_large");
    await page.keyboard.press("Escape");
    await large.waitFor({ state: "detached" });
  },
  "on a phone, too": async ({ gateway }) => {
    await using visitor = await Visitor.come({ ...PHONE, colorScheme: "dark" });
    const { page } = await ChatPage.signIn(visitor, gateway);
    await page.getByRole("img", { name: "Picture from camera_snap" }).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, "nothing scrolls sideways");
    await snap(page, "tool_picture_phone");
  },
});
