/**
 * Channels on the page, against a running gateway with the fake provider in its real worker (both sides of it are ours:
 * this tests page and gateway, no platform): strangers, logins, accounts, and deliveries that are held.
 */
import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { FAKE_MAIN, TestGateway } from "../helpers/gateway.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { eventually } from "../helpers/wait.ts";
import { type FakePlatform, type PlatformOptions, startFakePlatform } from "../servers/fake/platform.ts";
import { ChatPage } from "./chat_page.ts";
import { browserMissing, PHONE, Visitor } from "./chromium.ts";
import { clean, snap } from "./faces.ts";

interface Stage {
  readonly gateway: TestGateway;
  readonly platform: FakePlatform;
}

interface StageOptions {
  readonly account?: Record<string, unknown>;
  readonly platform?: PlatformOptions;
}

function channelTest(name: string, options: StageOptions, work: (stage: Stage) => Promise<void>): void {
  Deno.test({
    name,
    ignore: browserMissing,
    fn: async () => {
      await using model = await FakeModel.start();
      await using platform = startFakePlatform(options.platform);
      await using gateway = await TestGateway.start({
        main: FAKE_MAIN,
        config: {
          ...model.config(),
          channels: { fake: { url: platform.url, ...options.account } },
          messages: { queue: { debounceMs: 10 } },
        },
      });
      await platform.waitConnected();
      await work({ gateway, platform });
    },
  });
}

const LABEL = "Fake (tests only)";
const OPEN = { dmPolicy: "open", allowFrom: ["*"] };

channelTest("A stranger's request is approved on the page, and the conversation is live there", {}, async (stage) => {
  const { gateway, platform } = stage;
  await using visitor = await Visitor.come();
  const chat = await ChatPage.signIn(visitor, gateway);
  const { page } = chat;
  platform.say("is anybody there?", { chatId: "eve-chat", senderId: "eve" });
  await page.getByText("1 person asks to write").waitFor();
  assert.equal(await page.locator(".channels-button .badge").innerText(), "1");

  const dialog = await chat.openChannels();
  await dialog.getByText("is anybody there?").waitFor();
  await clean(page, "a request");
  await snap(page, "channels_request");
  await dialog.getByRole("button", { name: "Approve: eve" }).click();
  await dialog.getByText("eve may write now.").waitFor();
  await dialog.getByText("Nobody is waiting.").waitFor();
  await eventually(
    "the word to the stranger",
    () => platform.sent("eve-chat").some(({ text }) => /approved/u.test(text)),
  );
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".channels-button .badge").count(), 0);

  platform.say("bench:4:0", { chatId: "eve-chat", senderId: "eve" });
  await chat.answered(/w0 w1 w2 w3$/);
  await page.locator(".bubble", { hasText: "bench:4:0" }).waitFor();
  await eventually("the answer on the platform", () => platform.sent("eve-chat").some(({ text }) => /w3/u.test(text)));
  await chat.matchesHistory(gateway);
  await page.locator(".head .chip", { hasText: `via ${LABEL}` }).waitFor();
  await page.locator(".session .chip", { hasText: `via ${LABEL}` }).waitFor();
  await snap(page, "channels_conversation");
});

channelTest("A request is dismissed in silence, and a code tells who asks", {}, async ({ gateway, platform }) => {
  await using visitor = await Visitor.come();
  const chat = await ChatPage.signIn(visitor, gateway);
  for (const senderId of ["mallory", "eve"]) platform.say("hi", { chatId: `${senderId}-chat`, senderId });
  await chat.page.getByText("2 people ask to write").waitFor();
  const dialog = await chat.openChannels();
  await dialog.getByRole("button", { name: "Dismiss: mallory" }).click();
  await dialog.getByText("They heard nothing.").waitFor();
  assert.equal(platform.sent("mallory-chat").length, 1, "the code, and nothing after it");

  const code = /Pairing code: (\S{8})/u.exec(platform.sent("eve-chat")[0]?.text ?? "")?.[1] ?? "";
  await dialog.getByLabel("Pairing code they told you").fill("WRONGONE");
  await dialog.getByLabel("Pairing code they told you").press("Enter");
  await dialog.getByRole("alert").getByText("No waiting request has this code").waitFor();
  await dialog.getByLabel("Pairing code they told you").fill(code.toLowerCase());
  await dialog.getByLabel("Pairing code they told you").press("Enter");
  await dialog.getByText("Nobody is waiting.").waitFor();
  await dialog.getByText("eve may write now.").waitFor();
});

channelTest("A login goes step by step", { account: { loginFirst: true } }, async ({ gateway, platform }) => {
  await using visitor = await Visitor.come();
  const chat = await ChatPage.signIn(visitor, gateway);
  const { page } = chat;
  await page.getByText("A channel needs you").waitFor();
  const panel = await chat.openChannels();
  await state(panel, "Login needed");
  await panel.getByText("Log this account in.").waitFor();
  await clean(page, "an account that needs a login");
  await panel.getByRole("button", { name: /^Log in/ }).click();
  const dialog = page.getByRole("dialog", { name: `Log in: ${LABEL}` });
  await dialog.waitFor();
  await platform.waitCall("login");

  const show = (value: string, what: "qr" | "code", ms: number) =>
    platform.order({
      do: "login.step",
      step: { kind: "show", what, value, text: `Use ${value}`, expiresAt: Date.now() + ms },
    });
  show("code-1", "qr", 60_000);
  const picture = dialog.getByRole("img", { name: "Code to scan" });
  await picture.waitFor();
  await dialog.getByText(/Valid for \d+ s/).waitFor();
  assert.ok(await picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 50));
  const first = await picture.getAttribute("src");
  await clean(page, "a code to scan");
  await snap(page, "channels_qr");
  show("code-2", "qr", 60_000);
  await eventually("the new code", async () => await picture.getAttribute("src") !== first);

  show("ABCD-EFGH", "code", 500);
  await dialog.getByText("ABCD-EFGH", { exact: true }).waitFor();
  await dialog.getByText("This code has expired.").waitFor();

  const fields = [{ name: "phone", label: "Phone number", secret: false }, { name: "pin", label: "PIN", secret: true }];
  platform.order({ do: "login.step", step: { kind: "input", fields, text: "Tell me your number" } });
  await dialog.getByLabel("Phone number").fill("+49 123");
  await dialog.getByLabel("PIN").fill("0000");
  await clean(page, "fields to fill in");
  await snap(page, "channels_input");
  await dialog.getByLabel("PIN").press("Enter");
  const typed = await platform.waitCall("login", 2);
  assert.deepEqual(typed.body["input"], { phone: "+49 123", pin: "0000" });
  platform.order({ do: "login.step", step: { kind: "failed", text: "The PIN was wrong", retryable: true } });
  await dialog.getByText("The PIN was wrong").waitFor();
  await clean(page, "a failed login");
  await dialog.getByRole("button", { name: "Try again" }).click();
  await platform.waitCall("login", 3);
  platform.order({ do: "login.step", step: { kind: "done", text: "Welcome back", account: "me" } });
  await dialog.getByText("Welcome back").waitFor();
  await snap(page, "channels_done");
  await dialog.locator(".row.end").getByRole("button", { name: "Close" }).click();
  await state(panel, "Connected");
  await panel.getByRole("button", { name: /^Log out/ }).waitFor();
});

channelTest(
  "A login that is closed is called off",
  { account: { loginFirst: true } },
  async ({ gateway, platform }) => {
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const panel = await chat.openChannels();
    await panel.getByRole("button", { name: /^Log in/ }).click();
    await platform.waitCall("login");
    platform.order({ do: "login.step", step: { kind: "wait", text: "Just a moment" } });
    await chat.page.getByText("Just a moment").waitFor();
    await chat.page.keyboard.press("Escape");
    await platform.waitCall("login.cancel");
    await panel.waitFor();
  },
);

channelTest(
  "An account is shown with its rights, stopped, started, and its loss is seen",
  { account: OPEN },
  async (stage) => {
    const { gateway, platform } = stage;
    await using visitor = await Visitor.come({ ...PHONE, colorScheme: "dark" });
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    await page.getByRole("button", { name: "Open the list of chats" }).tap();
    const panel = await chat.openChannels();
    await state(panel, "Connected");
    await panel.getByText("What it may reach").click();
    await panel.getByText(`--allow-net=${new URL(platform.url).host}`).waitFor();
    await panel.getByText("which is not the platform's own address").waitFor();
    await clean(page, "a connected account");
    const wide = await panel.evaluate((node) => node.scrollWidth - node.clientWidth);
    assert.ok(wide <= 0, `the panel must not scroll sideways: ${wide}`);
    await snap(page, "channels_account");
    await panel.getByRole("button", { name: /^Stop/ }).tap();
    await state(panel, "Stopped");
    await panel.getByRole("button", { name: /^Start/ }).tap();
    await state(panel, "Connected");
    platform.order({
      do: "state",
      report: { state: "bad_credentials", sentence: "The token was revoked", userAction: "set_token" },
    });
    await panel.getByText("The token was revoked").waitFor();
    await panel.getByText("Put a valid token into the configuration.").waitFor();
    await clean(page, "an account without a valid token");
    await snap(page, "channels_token");
  },
);

let lost = 0;
const loseFirst: PlatformOptions = {
  answer: ({ at }) =>
    at === "send" && lost++ === 0
      ? { error: { code: "timeout", message: "no answer in time", retryable: false, outcome: "unknown" } }
      : { value: {} },
};

channelTest(
  "A held delivery is listed and sent again after a warning",
  { account: OPEN, platform: loseFirst },
  async (stage) => {
    const { gateway, platform } = stage;
    await using visitor = await Visitor.come();
    const chat = await ChatPage.signIn(visitor, gateway);
    const { page } = chat;
    platform.say("bench:3:0", { chatId: "ann-chat", senderId: "ann" });
    await page.getByText("1 delivery to check").waitFor({ timeout: 30_000 });
    const panel = await chat.openChannels();
    await panel.getByText("To ann-chat on").waitFor();
    await panel.getByText("no answer in time").waitFor();
    await clean(page, "a held delivery");
    await snap(page, "channels_held");
    await panel.getByRole("button", { name: "Send again: To ann-chat" }).click();
    const asked = page.getByRole("dialog", { name: "Send this message again?" });
    await asked.getByText("Then it stands in the chat twice").waitFor();
    await snap(page, "channels_again");
    await asked.getByRole("button", { name: "Send again" }).click();
    await eventually(
      "the message on the platform",
      () => platform.sent("ann-chat").some(({ text }) => /w2/u.test(text)),
    );
    await panel.getByText("To ann-chat on").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".channels-button .badge").count(), 0);
  },
);

channelTest("The panel speaks Chinese, on a phone, too", {}, async ({ gateway, platform }) => {
  await using visitor = await Visitor.come({ ...PHONE, locale: "zh-CN" });
  const chat = new ChatPage(await visitor.open(gateway.httpUrl));
  const { page } = chat;
  await page.locator("form input").fill(gateway.token);
  await page.locator("form input").press("Enter");
  await chat.ready();
  platform.say("有人吗？", { chatId: "eve-chat", senderId: "eve" });
  await page.locator(".head .ghost").first().tap();
  await page.getByText("1 人请求发消息").tap();
  const panel = page.getByRole("dialog", { name: "渠道" });
  await panel.getByText("有人吗？").waitFor();
  await state(panel, "已连接");
  await clean(page, "the panel in Chinese");
  await snap(page, "channels_chinese");
  const small = await panel.locator(".acts button").evaluateAll((buttons) =>
    buttons.map((button) => button.getBoundingClientRect()).filter(({ height }) => height < 38).length
  );
  assert.equal(small, 0, "every button is large enough for a finger");
});

/** Waits for the account to be in this state. */
const state = (panel: Locator, name: string): Promise<void> =>
  panel.locator(".account .chip", { hasText: new RegExp(`^ *${name}$`, "u") }).waitFor();
