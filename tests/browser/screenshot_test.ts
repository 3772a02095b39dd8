/** Draws the README's picture of the WebChat; only when OPENCLAW_WRITE_SCREENSHOT is set. */
import type { Page } from "playwright-core";
import { FakeModel } from "../helpers/fake_model.ts";
import { freePort, ROOT, TestGateway } from "../helpers/gateway.ts";
import { ChatPage } from "./chat_page.ts";
import { BASIC_CATALOG } from "./a2ui_forms.ts";
import { browserMissing, PHONE, Visitor } from "./chromium.ts";
import { ALLOW_ALL, FAKE_DEVICES, NodePage } from "./node_page.ts";

const ANSWER = `You have **three chats** with open ends. Two can wait, one cannot:

| Chat | Last word | Next step |
|---|---|---|
| Garden plans | yesterday | order seeds before Friday |
| Trip to Lisbon | Tuesday | nothing, all booked |
| Backup job | 2 h ago | **failed twice**, disk is full |

The backup needs a look today. This frees the most space:

\`\`\`sh
du -xh --max-depth=1 /var/backups | sort -h | tail -5
\`\`\`

Shall I remind you about the seeds on Thursday morning?`;

const CHATS = [
  ["agent:main:web-lisbon", "Trip to Lisbon", "Window seats are booked for both flights."],
  ["agent:main:web-backup", "Backup job", "The backup failed again: no space left on device."],
  ["agent:main:web-garden", "Garden plans", "Beans and chard next to the south wall."],
] as const;

if (Deno.env.has("OPENCLAW_WRITE_SCREENSHOT") && !browserMissing) {
  Deno.test("The README's picture is drawn from a real page", async () => {
    await using model = await FakeModel.start();
    await using gateway = await TestGateway.start({ config: demo(model) });
    await fillChats(gateway);
    const name = Deno.env.get("OPENCLAW_WRITE_SCREENSHOT") ?? "";
    for (const face of faces(name)) {
      await using visitor = await Visitor.come({ ...face.options, deviceScaleFactor: 2 });
      const chat = new ChatPage(await visitor.open(gateway.httpUrl));
      await chat.page.locator("form input").fill(gateway.token);
      await chat.page.locator("form input").press("Enter");
      await chat.ready();
      if (await chat.questions.count() === 0) {
        model.script(
          { kind: "tool", name: "sessions_list", args: { limit: 10 } },
          { kind: "text", pieces: [ANSWER] },
        );
        await chat.send("Which of my chats need me today?");
      }
      await chat.answered(/Thursday morning\?$/);
      await chat.page.locator(".session[aria-current]", { hasText: "You have three chats" }).waitFor();
      await chat.page.screenshot({ path: face.path });
    }
  });
}

const FORM = [
  { createSurface: { surfaceId: "seeds", catalogId: BASIC_CATALOG } },
  {
    updateDataModel: {
      surfaceId: "seeds",
      path: "/",
      value: { name: "", bed: ["south"], day: "2026-11-26", mail: true },
    },
  },
  {
    updateComponents: {
      surfaceId: "seeds",
      components: [
        { id: "root", component: "Card", child: "all" },
        { id: "all", component: "Column", children: ["title", "intro", "name", "bed", "day", "line", "mail", "row"] },
        { id: "title", component: "Text", text: "Seed order", variant: "h2" },
        { id: "intro", component: "Text", text: "Beans and chard are **in stock** until Friday." },
        { id: "name", component: "TextField", label: "Ordered by", value: { path: "/name" } },
        {
          id: "bed",
          component: "ChoicePicker",
          label: "Which bed?",
          variant: "mutuallyExclusive",
          options: [
            { label: "South wall, next to the beans", value: "south" },
            { label: "Raised bed, behind the shed", value: "raised" },
          ],
          value: { path: "/bed" },
        },
        { id: "day", component: "DateTimeInput", label: "Deliver on", enableDate: true, value: { path: "/day" } },
        { id: "line", component: "Divider" },
        { id: "mail", component: "CheckBox", label: "Tell me when they are on their way", value: { path: "/mail" } },
        { id: "row", component: "Row", children: ["send", "later"] },
        {
          id: "send",
          component: "Button",
          child: "send-text",
          variant: "primary",
          action: { event: { name: "order seeds", context: { name: { path: "/name" }, bed: { path: "/bed" } } } },
        },
        { id: "send-text", component: "Text", text: "Order seeds" },
        { id: "later", component: "Button", child: "later-text", action: { event: { name: "remind me later" } } },
        { id: "later-text", component: "Text", text: "Remind me later" },
      ],
    },
  },
].map((message) => JSON.stringify({ version: "v0.9", ...message })).join("\n");

if (Deno.env.has("OPENCLAW_WRITE_SCREENSHOT") && !browserMissing) {
  Deno.test("The README's picture of the canvas is drawn from a real page", async () => {
    await using model = await FakeModel.start();
    await using gateway = await TestGateway.start({ config: { ...demo(model), canvasHost: { port: freePort() } } });
    await fillChats(gateway);
    const target = Deno.env.get("OPENCLAW_WRITE_SCREENSHOT") ?? "";
    await using visitor = await Visitor.come({
      viewport: { width: 1360, height: 860 },
      deviceScaleFactor: 2,
      // The frame is drawn by another process, which the emulation of the screen does not reach.
      args: ["--force-device-scale-factor=2"],
    });
    const chat = new ChatPage(await visitor.open(gateway.httpUrl));
    await chat.enterToken(gateway.token);
    await chat.ready();
    model.script(
      { kind: "tool", name: "a2ui_push", args: { jsonl: FORM }, text: "I have put the order together. " },
      { kind: "text", pieces: ["It is beside our chat. Check the bed and the day, and press **Order seeds**."] },
    );
    await chat.send("Order the seeds for the south bed, please");
    await chat.answered(/Order seeds\.$/);
    await fillForm(chat.page);
    await chat.page.screenshot({ path: target.startsWith("/") ? `${target}/canvas.png` : `${ROOT}docs/canvas.png` });
  });
}

const FACES_OF_NODE = [
  { name: "node", scheme: "light", locale: "en-GB", wide: false },
  { name: "node-dark", scheme: "dark", locale: "en-GB", wide: true },
  { name: "node-chinese", scheme: "dark", locale: "zh-CN", wide: false },
] as const;

if (Deno.env.has("OPENCLAW_WRITE_SCREENSHOT") && !browserMissing) {
  Deno.test("The README's picture of the node page is drawn from a real page on a phone", async () => {
    await using model = await FakeModel.start();
    await using gateway = await TestGateway.start({ config: { ...demo(model), ...ALLOW_ALL } });
    await using owner = await gateway.connect();
    const target = Deno.env.get("OPENCLAW_WRITE_SCREENSHOT") ?? "";
    const isFolder = target.startsWith("/");
    for (const { name, scheme, locale, wide } of isFolder ? FACES_OF_NODE : FACES_OF_NODE.slice(0, 1)) {
      await using visitor = await Visitor.come({
        ...(wide ? { viewport: { width: 1280, height: 860 } } : { ...PHONE, viewport: { width: 390, height: 844 } }),
        colorScheme: scheme,
        locale,
        args: FAKE_DEVICES,
        permissions: ["camera", "geolocation"],
      });
      const page = await visitor.open(`${gateway.httpUrl}/node`);
      await page.locator("form input").fill(gateway.token);
      await page.locator("form input").press("Enter");
      const node = await NodePage.on(page, owner);
      await node.approve();
      await owner.request("node.rename", { nodeId: node.nodeId, displayName: "Ann's phone" });
      await page.evaluate(() => dispatchEvent(new Event("online")));
      await page.getByRole("heading", { name: "Ann's phone" }).waitFor();
      await page.locator(".wants").waitFor({ state: "detached" });
      await page.locator(".ability .switch").nth(1).click();
      await node.ask("canvas.a2ui.pushJSONL", { jsonl: FORM });
      await node.canvas.getByLabel("Ordered by").fill("Ann Gardener");
      const clip = wide ? node.call("camera.clip", { durationMs: 4_000 }) : undefined;
      if (clip) await page.locator(".job video").waitFor();
      await page.screenshot({ path: isFolder ? `${target}/${name}.png` : `${ROOT}docs/${name}.png` });
      await clip;
    }
  });
}

async function fillForm(page: Page): Promise<void> {
  const form = page.frameLocator(".canvas-frame");
  await form.getByLabel("Ordered by").fill("Ann Gardener");
  await form.getByText("Order seeds").hover();
}

/** `1` draws docs/webchat.png; a folder gets every face of the page, for those who work on the design. */
function faces(target: string) {
  const wide = { viewport: { width: 1280, height: 860 } };
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
  if (!target.startsWith("/")) {
    return [{ path: `${ROOT}docs/webchat.png`, options: { ...wide, colorScheme: "light" as const } }];
  }
  return [
    { path: `${target}/light.png`, options: { ...wide, colorScheme: "light" as const } },
    { path: `${target}/dark.png`, options: { ...wide, colorScheme: "dark" as const } },
    { path: `${target}/phone.png`, options: { ...phone, colorScheme: "light" as const } },
    { path: `${target}/chinese.png`, options: { ...wide, colorScheme: "dark" as const, locale: "zh-CN" } },
  ];
}

function demo(model: FakeModel): Record<string, unknown> {
  const local = {
    baseUrl: model.url,
    apiKey: "sk-test",
    api: "openai-completions",
    models: [{ id: "qwen3-8b", name: "Qwen" }],
  };
  return { agents: { defaults: { model: { primary: "local/qwen3-8b" } } }, models: { providers: { local } } };
}

async function fillChats(gateway: TestGateway): Promise<void> {
  await using client = await gateway.connect();
  for (const [key, label, message] of CHATS) {
    await client.request("sessions.patch", { key, label });
    await client.request("chat.inject", { sessionKey: key, message });
  }
}
