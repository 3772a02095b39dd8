/** Everything by keyboard, and typing methods that use Enter themselves. */
import assert from "node:assert/strict";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { Visitor } from "./chromium.ts";
import { browserTest, slowly } from "./steps.ts";

browserTest("By keyboard alone", {}, {
  "one signs in, sends, stops, edits and switches chats": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const page = await visitor.open(gateway.httpUrl);
    const chat = new ChatPage(page);
    const key = page.keyboard;
    await page.getByLabel("Gateway token").waitFor();
    await key.type(gateway.token);
    await key.press("Enter");
    await chat.ready();

    await eventually("the focus in the message box", () => chat.box.evaluate((box) => box === document.activeElement));
    await key.type(`first line ${slowly(3, 0)}`);
    await key.press("Shift+Enter");
    await key.type("second line");
    assert.match(await chat.box.inputValue(), /\n/);
    await key.press("Enter");
    await chat.answered(/w2$/);
    assert.equal(await chat.box.inputValue(), "");

    await key.press("ArrowUp");
    assert.match(await chat.box.inputValue(), /^first line/);
    await chat.box.fill("");
    await key.type(slowly(200, 40));
    await key.press("Enter");
    await chat.streaming(/^w0 w1/);
    await key.press("Escape");
    await page.getByText("Stopped", { exact: true }).last().waitFor();

    await page.locator(".thread").focus();
    await key.press("/");
    assert.ok(await chat.box.evaluate((box) => box === document.activeElement));
    assert.equal(await chat.box.inputValue(), "");

    const client = await gateway.connect();
    await client.request("sessions.patch", { key: "agent:main:other", label: "The other one" });
    await client.close();
    await key.press("Control+k");
    await key.type("other");
    await page.getByRole("option", { name: /The other one/ }).waitFor();
    await key.press("ArrowDown");
    await key.press("ArrowUp");
    await key.press("Enter");
    await page.getByRole("heading", { level: 1, name: "The other one" }).waitFor();
    await key.press("Control+k");
    await page.getByRole("dialog", { name: "Switch chat" }).waitFor();
    await key.press("Escape");
    await eventually("the switcher to close", async () => await page.getByRole("dialog").count() === 0);
  },
  "every control can be reached and shows that it is": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const seen: string[] = [];
    const hidden: string[] = [];
    // Once around the page: the focus begins in the message box and comes back to it.
    for (let at = 0; at < 60 && !(at > 5 && seen.at(-1) === "Message"); at++) {
      await chat.page.keyboard.press("Tab");
      const focus = await chat.page.evaluate(describeFocus);
      if (!focus) continue;
      seen.push(focus.name);
      if (!focus.visible) hidden.push(focus.name);
    }
    for (const name of ["Skip to the message box", "New chat", "Search chats", "Devices", "Rename chat", "Message"]) {
      assert.ok(seen.some((one) => one.includes(name)), `${name} in ${seen.join(", ")}`);
    }
    assert.deepEqual(hidden, []);
  },
  "an Enter that chooses a word of a typing method does not send": async ({ gateway, model }) => {
    await using visitor = await Visitor.come({ locale: "zh-CN" });
    const page = await visitor.open(gateway.httpUrl);
    await page.getByLabel("网关令牌").fill(gateway.token);
    await page.getByRole("button", { name: "连接" }).click();
    const chat = new ChatPage(page);
    await chat.ready();
    const before = await chat.questions.count();
    const asked = model.requests.length;
    await chat.box.focus();
    const session = await page.context().newCDPSession(page);
    await session.send("Input.imeSetComposition", { text: "ni hao", selectionStart: 6, selectionEnd: 6 });
    await session.send("Input.dispatchKeyEvent", {
      type: "rawKeyDown",
      key: "Enter",
      code: "Enter",
      windowsVirtualKeyCode: 229,
    });
    await session.send("Input.dispatchKeyEvent", {
      type: "keyUp",
      key: "Enter",
      code: "Enter",
      windowsVirtualKeyCode: 13,
    });
    await session.send("Input.insertText", { text: "你好" });
    assert.equal(await chat.box.inputValue(), "你好");
    assert.equal(await chat.questions.count(), before);
    assert.equal(model.requests.length, asked);
    model.script({ kind: "text", pieces: ["你好！", "有什么可以帮您？"] });
    await page.keyboard.press("Enter");
    await page.locator(".bubble", { hasText: "你好" }).waitFor();
    await chat.answered(/帮您？$/);
  },
  "a screen reader hears whole sentences, and the focus stays where it is": async ({ gateway, model }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    model.script({
      kind: "text",
      pieces: ["First ", "sentence. ", "Second **one", "**. ", "And the end"],
      delayMs: 120,
    });
    await chat.send("speak");
    const live = chat.page.locator('[aria-live="polite"][role="log"] p');
    await eventually("the first sentence", async () => (await live.allInnerTexts()).includes("First sentence."));
    await chat.answered(/And the end$/);
    await eventually(
      "the rest",
      async () => (await live.allInnerTexts()).join("|").endsWith("Second one.|And the end"),
    );
    assert.ok(await chat.box.evaluate((box) => box === document.activeElement));
  },
});

/** In the page: what has the focus, and whether an outline or a change of border shows it. */
function describeFocus(): { name: string; visible: boolean } | undefined {
  const node = document.activeElement;
  if (!(node instanceof HTMLElement) || node === document.body) return undefined;
  const label = node.getAttribute("aria-label") ?? node.closest("label")?.textContent ?? node.textContent ?? "";
  const shown = (one: Element | null): boolean => {
    if (!one) return false;
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && style.outlineWidth !== "0px") ||
      style.boxShadow.includes("0px 0px 0px 3px");
  };
  return {
    name: label.trim(),
    visible: shown(node) || shown(node.closest(".search")) || shown(node.closest(".composer")),
  };
}
