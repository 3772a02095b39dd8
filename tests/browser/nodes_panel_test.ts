/** The panel of nodes on the page, against a running gateway and nodes on real sockets. */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { makeIdentity, type TestClient } from "../helpers/client.ts";
import type { TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { ChatPage } from "./chat_page.ts";
import { PHONE, Visitor } from "./chromium.ts";
import { clean, snap } from "./faces.ts";
import { browserTest } from "./steps.ts";

const COMMANDS = ["canvas.present", "canvas.a2ui.push", "location.get", "camera.snap", "camera.clip", "system.notify"];

/** A node of protocol 4 that connects under its own key. */
async function node(gateway: TestGateway, displayName: string, commands = COMMANDS): Promise<TestClient> {
  const device = await makeIdentity();
  return await gateway.connect({
    role: "node",
    device,
    caps: ["canvas", "camera", "location"],
    commands,
    client: { id: "node-host", mode: "node", platform: "web", deviceFamily: "iPhone", displayName },
  });
}

async function openNodes(page: Page): Promise<Locator> {
  await page.locator(".nodes-button").click();
  const dialog = page.getByRole("dialog", { name: "Nodes" });
  await dialog.waitFor();
  return dialog;
}

const card = (panel: Locator, name: string): Locator => panel.locator(".node", { hasText: name });

browserTest("The panel of nodes", {}, {
  "a node that waits is approved with one of its dangerous commands": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    assert.equal(await page.locator(".nodes-button .badge").count(), 0);
    await using phone = await node(gateway, "Ann's phone");
    await page.getByText("1 node waits for approval").waitFor();
    const panel = await openNodes(page);
    const request = panel.locator(".node-request");
    await request.getByText("It offers to:").waitFor();
    await request.getByText("read the location, show notifications, show forms, show pages").waitFor();
    assert.equal(await request.getByRole("checkbox", { checked: true }).count(), 0, "nothing dangerous is ticked");
    assert.equal(await request.getByRole("checkbox").count(), 2);
    await clean(page, "a node that waits");
    await snap(page, "nodes_request_light");

    await request.getByLabel("take photos").check();
    await request.getByRole("button", { name: "Approve: Ann's phone" }).click();
    await panel.getByText("Ann's phone is approved.").waitFor();
    await card(panel, "Ann's phone").locator(".abilities", { hasText: "take photos" }).waitFor();
    assert.equal(await card(panel, "Ann's phone").getByRole("switch", { name: "take photos" }).isChecked(), true);
    assert.equal(await card(panel, "Ann's phone").getByRole("switch", { name: "record video" }).isChecked(), false);
    await clean(page, "an approved node");
    await snap(page, "nodes_list_light");

    await card(panel, "Ann's phone").getByRole("switch", { name: "take photos" }).uncheck();
    await card(panel, "Ann's phone").locator(".abilities", { hasText: "take photos" }).waitFor({ state: "detached" });
    await card(panel, "Ann's phone").getByRole("switch", { name: "record video" }).check();
    await card(panel, "Ann's phone").locator(".abilities", { hasText: "record video" }).waitFor();
    const { nodeId } = await nodeNamed(gateway, "Ann's phone");
    assert.ok(nodeId);

    await panel.getByRole("button", { name: "Rename: Ann's phone" }).click();
    const rename = page.getByRole("dialog", { name: "Rename" });
    await rename.getByLabel("Name of the node").fill("Kitchen phone");
    await rename.getByRole("button", { name: "Save" }).click();
    await card(panel, "Kitchen phone").waitFor();

    await phone.close();
    await card(panel, "Kitchen phone").getByText("Away").waitFor();
    await panel.getByRole("button", { name: "Remove: Kitchen phone" }).click();
    await page.getByRole("dialog", { name: "Remove “Kitchen phone”?" }).getByRole("button", { name: "Remove" }).click();
    await card(panel, "Kitchen phone").waitFor({ state: "detached" });
    await panel.getByText("There is no node yet.").waitFor();
  },
  "a node that was rejected stays without commands": async ({ gateway }) => {
    await using visitor = await Visitor.come({ ...PHONE, colorScheme: "dark" });
    const { page } = await ChatPage.signIn(visitor, gateway);
    await using _phone = await node(gateway, "Strange phone");
    await page.getByRole("button", { name: "Open the list of chats" }).tap();
    const panel = await openNodes(page);
    await panel.locator(".node-request").waitFor();
    await clean(page, "the panel on a phone");
    await snap(page, "nodes_request_phone");
    const wide = await panel.evaluate((one) => one.scrollWidth - one.clientWidth);
    assert.ok(wide <= 0, `the panel must not scroll sideways: ${wide}`);
    await panel.getByRole("button", { name: "Reject: Strange phone" }).tap();
    await panel.getByText("Strange phone was rejected.").waitFor();
    await eventually("no request", async () => await panel.locator(".node-request").count() === 0);
  },
  "without HTTPS the page says what a phone needs": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    const panel = await openNodes(page);
    const [node] = await Promise.all([
      page.context().waitForEvent("page"),
      panel.getByRole("link", { name: "Use this browser as a node" }).click(),
    ]);
    // It comes in with a code; nobody has to look for the token.
    await node.getByText("One step is missing").waitFor();
    await node.close();
    await panel.locator(".node-request").waitFor();
    await panel.getByRole("button", { name: "Add a phone" }).click();
    const dialog = page.getByRole("dialog", { name: "Add a phone" });
    await dialog.getByText("A phone cannot be added yet").waitFor();
    await dialog.getByText(/gateway\.tls|publicUrl/u).waitFor();
    await clean(page, "no way for a phone");
    await snap(page, "nodes_link_none");
  },
});

browserTest("With an HTTPS address there is a code for a phone", {
  config: {
    gateway: {
      auth: { mode: "token", token: "test-token-0123456789abcdef" },
      publicUrl: "https://claw.example.ts.net",
    },
  },
}, {
  "it is a picture and a link, for one use": async ({ gateway }) => {
    await using visitor = await Visitor.come();
    const { page } = await ChatPage.signIn(visitor, gateway);
    const panel = await openNodes(page);
    await panel.getByRole("button", { name: "Add a phone" }).click();
    const dialog = page.getByRole("dialog", { name: "Add a phone" });
    const picture = dialog.getByRole("img", { name: "Code that opens the node page" });
    await picture.waitFor();
    assert.ok(await picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 50));
    await dialog.getByText(/^https:\/\/claw\.example\.ts\.net\/node#code=/u).waitFor();
    await dialog.getByText(/Valid for \d+ min/u).waitFor();
    await dialog.getByRole("button", { name: "Copy" }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /#code=/u);
    await clean(page, "a code for a phone");
    await snap(page, "nodes_link");
  },
});

async function nodeNamed(gateway: TestGateway, name: string): Promise<Record<string, unknown>> {
  await using client = await gateway.connect();
  const { nodes } = await client.request("node.list", {}) as { nodes: Record<string, unknown>[] };
  return nodes.find((one) => one["displayName"] === name) ?? {};
}
