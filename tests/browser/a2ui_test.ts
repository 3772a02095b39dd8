/** A2UI surfaces in a real browser: sandboxed frame, the canvas host's own policy, both versions. Visitor counts CSP violations. */
import assert from "node:assert/strict";
import axe from "axe-core";
import { createScreens } from "../../gateway/canvas/screens.ts";
import { memoryDb } from "../../gateway/storage/db.ts";
import { FakeClock } from "../helpers/fake_clock.ts";
import { FakeBus } from "../helpers/services.ts";
import { BASIC_CATALOG, FORM_V08, FORM_V09 } from "./a2ui_forms.ts";
import { GALLERY_V08, GALLERY_V09, ICONS } from "./a2ui_gallery.ts";
import { A2uiPage, A2uiServer } from "./a2ui_page.ts";
import { browserMissing, Visitor } from "./chromium.ts";

const VERSIONS = ["v0.8", "v0.9"] as const;
type Version = typeof VERSIONS[number];
const FORM = { "v0.8": FORM_V08, "v0.9": FORM_V09 };
const GALLERY = { "v0.8": GALLERY_V08, "v0.9": GALLERY_V09 };

interface Stage {
  readonly version: Version;
  readonly server: A2uiServer;
  readonly visitor: Visitor;
  readonly at: A2uiPage;
}

/** One test a version, each with a page of its own. */
function forBoth(name: string, action: (stage: Stage) => Promise<void>, theme: "light" | "dark" = "light"): void {
  for (const version of VERSIONS) {
    Deno.test({
      name: `A2UI ${version}: ${name}`,
      ignore: browserMissing,
      async fn() {
        await using server = new A2uiServer();
        await using visitor = await Visitor.come({ viewport: { width: 640, height: 800 } });
        const at = await A2uiPage.open(visitor, server, version, theme);
        await action({ version, server, visitor, at });
      },
    });
  }
}

const shownOk = (answer: Record<string, unknown>, surface: string) =>
  assert.deepEqual({ ok: answer["ok"], value: answer["value"] }, {
    ok: true,
    value: { ok: true, surfaces: [surface] },
  });

forBoth(
  "a form is filled and submitted with its data, and the button shows how far the action is",
  async ({ at, version }) => {
    assert.deepEqual(await at.wait("ready"), { openclaw: 1, type: "ready", page: "a2ui", a2ui: version });
    shownOk(await at.apply(FORM[version]), "form");
    await at.frame.getByLabel("Your name").fill("Ada");
    await at.frame.getByLabel("Guests").fill("4");
    await at.frame.getByLabel("Send me news").check();
    const button = at.frame.getByRole("button", { name: "Book" });
    await button.click();
    const { action } = await at.wait("userAction");
    const { id, timestamp, ...rest } = Object(action);
    assert.deepEqual(rest, {
      name: "book table",
      surfaceId: "form",
      sourceComponentId: "send",
      context: { name: "Ada", guests: "4", news: true },
    });
    assert.match(id, /^[0-9a-f]{32}$/u);
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);

    const line = at.frame.locator("#status");
    assert.equal(await button.getAttribute("data-action"), "pending");
    assert.equal(await line.textContent(), "Sending…");
    await button.click();
    assert.equal((await at.got()).filter((message) => message["type"] === "userAction").length, 1, "no second action");
    for (const [state, words] of [["working", "Working…"], ["done", "Done"]] as const) {
      await at.send({ type: "actionStatus", id, state });
      await line.getByText(words).waitFor();
      assert.equal(await button.getAttribute("data-action"), state);
      assert.equal(await button.getAttribute("aria-busy"), String(state === "working"));
    }
    await button.click();
    const again = Object((await at.wait("userAction"))["action"]);
    assert.notEqual(again.id, id, "the control is free again");
    await at.send({ type: "actionStatus", id: again.id, state: "error", error: "the agent is busy" });
    await line.getByText("That did not work: the agent is busy").waitFor();
  },
);

forBoth(
  "a page that comes late shows what the gateway kept, as one that was there all the time",
  async ({ at, version, visitor, server }) => {
    const screens = createScreens({ db: memoryDb(), clock: new FakeClock(), bus: new FakeBus() });
    const screen = { sessionKey: "agent:main:main" };
    const follow: (readonly unknown[])[] = [];
    screens.onChange((_screen, change) => void (change.kind === "a2ui" && follow.push(change.messages)));
    screens.push(screen, FORM[version]);
    screens.push(screen, version === "v0.9" ? LATER_V09 : LATER_V08);
    for (const messages of follow) await at.apply(messages);
    const late = await A2uiPage.open(visitor, server, version);
    shownOk(await late.apply(screens.get(screen).a2ui?.messages ?? []), "form");
    for (const page of [at, late]) {
      await page.frame.getByText("Two tables are left").waitFor();
      assert.equal(await page.frame.getByLabel("Your name").inputValue(), "Grace");
      assert.equal(await page.frame.getByText("Book a table").count(), 0);
    }
    await late.send({ type: "a2ui.reset", id: "r" });
    assert.deepEqual((await late.wait("result", "r"))["value"], { ok: true, surfaces: [] });
    assert.equal(await late.frame.locator("#surfaces > *").count(), 0);
  },
);

const LATER_V09 = [
  {
    version: "v0.9",
    updateComponents: {
      surfaceId: "form",
      components: [{ id: "title", component: "Text", text: "Two tables are left" }],
    },
  },
  { version: "v0.9.1", updateDataModel: { surfaceId: "form", path: "/name", value: "Grace" } },
];
const LATER_V08 = [
  {
    surfaceUpdate: {
      surfaceId: "form",
      components: [{ id: "title", component: { Text: { text: { literalString: "Two tables are left" } } } }],
    },
  },
  { dataModelUpdate: { surfaceId: "form", path: "/name", contents: [{ key: ".", valueString: "Grace" }] } },
];

forBoth("hostile texts are only text, and nothing is fetched from elsewhere", async ({ at, version, server }) => {
  const foreign: string[] = [];
  at.page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) foreign.push(request.url());
  });
  at.page.on("dialog", (dialog) => {
    foreign.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  for (const [index, hostile] of HOSTILE.entries()) {
    shownOk(await at.apply(textSurface(version, `s${index}`, hostile)), `s${index}`);
    await at.send({ type: "a2ui.reset", id: `r${index}` });
    await at.wait("result", `r${index}`);
  }
  await at.apply(textSurface(version, "last", HOSTILE.join("\n\n")));
  const inside = await at.frame.evaluate(() => {
    const all = (root: ParentNode): Element[] =>
      [...root.querySelectorAll("*")].flatMap((
        element,
      ) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
    return all(document.querySelector("#surfaces") ?? document).filter((element) =>
      ["SCRIPT", "IMG", "IFRAME", "FORM", "OBJECT", "VIDEO"].includes(element.tagName) ||
      element.getAttributeNames().some((name) => name.startsWith("on")) ||
      (element instanceof HTMLAnchorElement && element.hasAttribute("href") && !/^(https?|mailto):/.test(element.href))
    ).map((element) => element.outerHTML);
  });
  assert.deepEqual(inside, []);
  assert.deepEqual(foreign, []);
  await at.frame.getByText("<img src=x onerror=alert(1)>").first().waitFor();
});

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script><b>bold</b>",
  "[click](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>)",
  "![beacon](https://evil.example/p.png)",
  "<iframe src='https://evil.example'></iframe>",
  "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
];

function textSurface(version: Version, surfaceId: string, text: string): readonly unknown[] {
  if (version === "v0.8") {
    return [
      {
        surfaceUpdate: {
          surfaceId,
          components: [{ id: "root", component: { Text: { text: { literalString: text } } } }],
        },
      },
      { beginRendering: { surfaceId, root: "root" } },
    ];
  }
  return [
    { version, createSurface: { surfaceId, catalogId: BASIC_CATALOG } },
    { version, updateComponents: { surfaceId, components: [{ id: "root", component: "Text", text }] } },
  ];
}

forBoth(
  "every component is there: icons as outlines, what lies elsewhere as links, the unknown by its name",
  async ({ at, version, server }) => {
    const asked = server.asked.length;
    shownOk(await at.apply(GALLERY[version]), "all");
    await at.frame.getByText("A caption").waitFor();
    assert.equal(await at.frame.locator("svg.oc-icon path").count(), ICONS.length + 3, "and one for each medium");
    for (const name of ["accountCircle", "account_circle", "shoppingCart", "calendar_today"]) {
      assert.equal(await at.frame.getByText(name).count(), 0, "no icon is a word");
    }
    const parts = ["Unknown component: Gauge", "One", "Two", "In the first", "From elsewhere example.org"];
    for (const part of [...parts, "Video example.org", "A song example.org"]) {
      await at.frame.getByText(part, { exact: true }).first().waitFor();
    }
    assert.equal(await at.frame.getByRole("img", { name: "A dot" }).count(), 1);
    await at.frame.getByRole("button", { name: "From elsewhere" }).click();
    assert.equal((await at.wait("openUrl"))["url"], "https://example.org/a.png");
    assert.equal(server.asked.length, asked, "nothing was fetched");
  },
);

forBoth("links ask the page around them, and only for the web", async ({ at, version }) => {
  await at.apply(FORM[version]);
  await at.frame.getByRole("link", { name: "Map" }).click();
  assert.equal((await at.wait("openUrl"))["url"], "https://example.org/map");
  if (version === "v0.9") {
    await at.frame.getByRole("button", { name: "Menu" }).click();
    await at.page.waitForFunction(() =>
      Reflect.get(globalThis, "got").some((message: { url?: string }) => message.url?.endsWith("/menu"))
    );
  }
  assert.equal((await at.got()).filter((message) => message["type"] === "openUrl").length, version === "v0.9" ? 2 : 1);
  assert.match(at.frame.url(), /a2ui\/\?v=/u, "the frame stayed where it was");
});

forBoth("the keyboard alone is enough", async ({ at, version }) => {
  await at.apply(FORM[version]);
  await at.frame.getByRole("link", { name: "Map" }).focus();
  const { keyboard } = at.page;
  await keyboard.press("Tab");
  await keyboard.type("Ada");
  await keyboard.press("Tab");
  await keyboard.press("ControlOrMeta+a");
  await keyboard.type("3");
  await keyboard.press("Tab");
  await keyboard.press("Space");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  const { action } = await at.wait("userAction");
  assert.deepEqual(Object(action).context, { name: "Ada", guests: "3", news: true });
  const outline = await at.frame.getByRole("button", { name: "Book" }).evaluate((button) =>
    getComputedStyle(button).outlineStyle
  );
  assert.equal(outline, "solid", "the focus is seen");

  await at.apply(GALLERY[version]);
  await at.frame.getByRole("button", { name: "open", exact: false }).last().focus();
  await keyboard.press("Enter");
  await at.frame.getByText("Inside").waitFor();
  await keyboard.press("Escape");
  await at.frame.getByText("Inside").waitFor({ state: "hidden" });
});

forBoth("an update from the agent leaves who is typing where they are", async ({ at, version }) => {
  await at.apply(FORM[version]);
  const name = at.frame.getByLabel("Your name");
  await name.fill("Ada Byron");
  for (let step = 0; step < 6; step += 1) await at.page.keyboard.press("ArrowLeft");
  await at.apply((version === "v0.9" ? LATER_V09 : LATER_V08).slice(0, 1));
  await at.frame.getByText("Two tables are left").waitFor();
  await at.page.waitForTimeout(100);
  await at.page.keyboard.type("!");
  assert.equal(await name.inputValue(), "Ada! Byron");
});

forBoth("night and day follow the page around them", async ({ at, version }) => {
  await at.apply(FORM[version]);
  const paper = () => at.frame.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await paper(), "rgb(23, 22, 20)");
  await at.send({ type: "theme", theme: "light" });
  await at.frame.waitForFunction(() => getComputedStyle(document.body).backgroundColor === "rgb(250, 249, 246)");
}, "dark");

forBoth("only the parent's messages with its nonce count, and an error says what is wrong", async ({ at, version }) => {
  await at.send({ type: "a2ui", id: "forged", nonce: "n-2", messages: FORM[version] });
  await at.frame.evaluate((messages) => {
    // From the page itself, as a script of another frame could.
    postMessage({ openclaw: 1, type: "a2ui", nonce: "n-1", id: "self", messages }, "*");
  }, FORM[version]);
  const wrong = version === "v0.9" ? FORM_V08 : FORM_V09;
  const answer = await at.apply(wrong);
  assert.equal(answer["ok"], false);
  assert.match(String(answer["error"]), new RegExp(`this page shows A2UI ${version}`, "u"));
  assert.equal((await at.got()).filter((message) => message["type"] === "result").length, 1);
  assert.equal(await at.frame.locator("#surfaces > *").count(), 0);
});

forBoth("no serious accessibility finding by day and by night", async ({ at, version }) => {
  for (const messages of [FORM[version], GALLERY[version]]) await at.apply(messages);
  await at.frame.getByText("A caption").waitFor();
  await at.frame.evaluate(axe.source);
  for (const theme of ["light", "dark"]) {
    await at.send({ type: "theme", theme });
    await at.frame.waitForFunction((name) => document.documentElement.classList.contains(`a2ui-${name}`), theme);
    const found = await at.frame.evaluate(async () => {
      const { violations } = await Reflect.get(globalThis, "axe").run({ resultTypes: ["violations"], preload: false });
      return violations.filter(({ impact }: { impact: string }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }: { id: string; nodes: { html: string }[] }) =>
          `${id}: ${nodes.map(({ html }) => html).join(" | ")}`
        );
    });
    assert.deepEqual(found, [], theme);
  }
});
