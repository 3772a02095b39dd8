/** What one does with chats, messages, images and settings. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { Visitor } from "./chromium.ts";
import { browserTest, slowly } from "./steps.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGM4MXMBHsQwKo0NAQC9Y5MdR4WnBQAAAABJRU5ErkJggg==",
  "base64",
);

browserTest("The WebChat", {}, {
  "makes, names, finds, switches and deletes chats": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const { page, ...chat } = await signedIn(visitor, gateway);
    await chat.send(`alpha ${slowly(2, 0)}`);
    await chat.answered(/w1$/);
    await page.getByRole("button", { name: "New chat" }).first().click();
    await page.locator(".welcome").waitFor();
    await chat.send(`beta ${slowly(2, 0)}`);
    await chat.answered(/w1$/);
    await page.getByRole("button", { name: "Rename chat" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Garden plans");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: "Garden plans" }).waitFor();

    const sessions = page.getByRole("navigation", { name: "Chats" });
    await page.getByRole("searchbox", { name: "Search chats" }).fill("garden");
    await sessions.getByRole("button", { name: /Garden plans/ }).waitFor();
    await eventually("the others to leave", async () => await sessions.getByRole("button").count() === 1);
    await page.getByRole("searchbox", { name: "Search chats" }).fill("");
    await sessions.getByRole("button", { name: /Main chat/ }).click();
    await page.locator(".bubble", { hasText: "alpha" }).waitFor();
    await sessions.getByRole("button", { name: /Garden plans/ }).click();
    await page.locator(".bubble", { hasText: "beta" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Garden plans" }).waitFor();

    await page.getByRole("button", { name: "Delete chat" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete chat" }).click();
    await page.getByRole("heading", { level: 1, name: "Main chat" }).waitFor();
    await eventually("the chat to leave the list", async () => await sessions.getByText("Garden plans").count() === 0);
  },
  "keeps a draft for each chat over a reload": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const { page, ...chat } = await signedIn(visitor, gateway);
    await chat.box.fill("half a thought");
    await page.getByRole("button", { name: "New chat" }).first().click();
    await page.locator(".welcome").waitFor();
    const drafted = (text: string) =>
      eventually(`the draft "${text}"`, async () => await chat.box.inputValue() === text);
    await drafted("");
    await page.getByRole("navigation", { name: "Chats" }).getByRole("button", { name: /Main chat/ }).click();
    await drafted("half a thought");
    await page.reload();
    await chat.ready();
    assert.equal(await chat.box.inputValue(), "half a thought");
    await chat.box.fill("");
  },
  "sends images that were picked, pasted or dropped, and says the limit before": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    const { page, ...chat } = await signedIn(visitor, gateway);
    await page.getByRole("button", { name: /up to 5 MB each/ }).waitFor();
    const picker = page.locator('input[type="file"]');
    await picker.setInputFiles({ name: "big.png", mimeType: "image/png", buffer: Buffer.alloc(5_000_001) });
    await page.getByRole("alert").getByText("“big.png” is larger than 5 MB").waitFor();
    await picker.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
    await page.getByRole("alert").getByText("“notes.txt” is no image").waitFor();
    await picker.setInputFiles({ name: "red.png", mimeType: "image/png", buffer: PNG });
    await page.locator(".previews img").waitFor();
    for (const kind of ["paste", "drop"] as const) await give(page, kind);
    await eventually("three previews", async () => await page.locator(".previews img").count() === 3);
    await page.getByRole("button", { name: "Remove pasted.png" }).first().click();
    await chat.send(`look ${slowly(2, 0)}`);
    await chat.answered(/w1$/);
    assert.equal(await page.locator(".previews").count(), 0);
    await eventually(
      "the pictures in the question",
      async () => await page.locator(".turn.user").last().locator("img").count() === 2,
    );
    await eventually("the model has both pictures", () => {
      const asked = JSON.stringify(model.requests.at(-1)?.body ?? "");
      return asked.split("data:image/png;base64").length - 1 === 2;
    });
    await page.reload();
    await eventually(
      "the pictures from history",
      async () => await page.locator(".turn.user").last().locator("img").count() === 2,
    );
  },
  "folds tool calls and thoughts, and opens them on demand": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    const { page, ...chat } = await signedIn(visitor, gateway);
    model.script(
      { kind: "tool", name: "time", args: {}, text: "Let me look. " },
      { kind: "text", pieces: ["It ", "is ", "late."] },
    );
    await chat.send("what time is it");
    await chat.answered(/It is late\.$/);
    const tool = page.locator(".fold.tool").last();
    assert.equal(await tool.getAttribute("open"), null);
    await eventually("the tool's end", async () => /done|failed/.test(await tool.innerText()));
    await tool.locator("summary").click();
    await tool.getByText("Output").waitFor();
    await chat.matchesHistory(gateway);
  },
  "shows a model's failure as a sentence with a way to try again": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    const { page, ...chat } = await signedIn(visitor, gateway);
    model.script({ kind: "error", status: 401, message: "bad key" });
    await chat.send(`will fail ${slowly(2, 0)}`);
    await page.locator(".failure").getByText("The model could not answer").waitFor();
    assert.ok((await page.locator(".failure p").last().innerText()).length > 10);
    await page.locator(".failure").getByRole("button", { name: "Try again" }).click();
    await chat.answered(/^w0 w1$/);
    await page.reload();
    await chat.ready();
    await page.locator(".failure").waitFor();
    assert.equal(await page.locator(".failure").getByRole("button").count(), 0, "only the last failure offers a retry");
  },
  "copies code and messages": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    const { page, ...chat } = await signedIn(visitor, gateway);
    model.script({ kind: "text", pieces: ["Here:\n\n```ts\nconst a", " = 1;\n```\n\nDone."] });
    await chat.send("code please");
    await chat.answered(/Done\.$/);
    await page.locator(".copy-code").last().click();
    await page.locator(".copy-code", { hasText: "Copied" }).waitFor();
    assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), "const a = 1;");
    await page.getByRole("button", { name: "Copy message" }).last().click();
    await eventually("the message in the clipboard", async () => {
      return (await page.evaluate(() => navigator.clipboard.readText())).startsWith("Here:");
    });
  },
  "takes slash commands as text": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const { page, ...chat } = await signedIn(visitor, gateway);
    await chat.send("/status");
    await chat.answered(/model/i);
    await chat.send(slowly(200, 40));
    await chat.streaming(/^w0 w1/);
    await chat.send("/stop");
    await page.getByText("Stopped", { exact: true }).last().waitFor();
  },
  "loads older messages on the way up and offers the way back": async ({ gateway }) => {
    const client = await gateway.connect();
    await client.request("sessions.patch", { key: "agent:main:long", label: "Long one" });
    for (let at = 0; at < 90; at++) {
      await client.request("chat.inject", {
        sessionKey: "agent:main:long",
        message: `line ${at}\n\n${"text ".repeat(60)}`,
      });
    }
    await client.close();
    await using visitor = await Visitor.come();
    const { page } = await signedIn(visitor, gateway);
    await page.getByRole("navigation", { name: "Chats" }).getByRole("button", { name: /Long one/ }).click();
    await page.getByText("line 89", { exact: true }).waitFor();
    assert.equal(await page.getByText("line 1", { exact: true }).count(), 0);
    await page.locator(".thread").hover();
    await eventually("the oldest line", async () => {
      await page.mouse.wheel(0, -4000);
      return await page.getByText("line 0", { exact: true }).count() === 1;
    }, 20_000);
    assert.equal(await page.getByText("line 42", { exact: true }).count(), 1);
    await page.getByRole("button", { name: "Jump to latest" }).click();
    await eventually("the end in sight", () => page.getByText("line 89", { exact: true }).isVisible());
  },
  "speaks Chinese and changes its colours, and remembers both": async ({ gateway }) => {
    await using visitor = await Visitor.come({ colorScheme: "light" });
    const { page } = await signedIn(visitor, gateway);
    await page.getByLabel("Language").selectOption("zh");
    await page.getByRole("button", { name: "新对话" }).first().waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
    const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.getByRole("button", { name: "主题: 跟随系统" }).click();
    await page.getByRole("button", { name: "主题: 浅色" }).click();
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.notEqual(dark, light);
    await page.reload();
    await page.getByRole("button", { name: "新对话" }).first().waitFor();
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), dark);
  },
});

/** The signed-in page and its acts, as one object to take apart. */
async function signedIn(visitor: Visitor, gateway: Parameters<typeof ChatPage.signIn>[1]) {
  const chat = await ChatPage.signIn(visitor, gateway);
  return {
    page: chat.page,
    box: chat.box,
    send: chat.send.bind(chat),
    answered: chat.answered.bind(chat),
    streaming: chat.streaming.bind(chat),
    ready: chat.ready.bind(chat),
    matchesHistory: chat.matchesHistory.bind(chat),
  };
}

/** Pastes or drops a small picture into the message box. */
async function give(page: ChatPage["page"], kind: "paste" | "drop"): Promise<void> {
  await page.locator("#message").evaluate((box, { kind, base64 }) => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], kind === "paste" ? "pasted.png" : "dropped.png", { type: "image/png" }));
    const init = { bubbles: true, cancelable: true };
    box.dispatchEvent(
      kind === "paste"
        ? new ClipboardEvent("paste", { ...init, clipboardData: transfer })
        : new DragEvent("drop", { ...init, dataTransfer: transfer }),
    );
  }, { kind, base64: PNG.toString("base64") });
}
