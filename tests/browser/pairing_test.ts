/** A browser on another machine: the token alone does not open the door, an owner must approve. */
import assert from "node:assert/strict";
import { freePort } from "../helpers/gateway.ts";
import { ChatPage } from "./chat_page.ts";
import { Visitor } from "./chromium.ts";
import { browserTest } from "./steps.ts";

const port = freePort();
/** A name that is not loopback makes a browser remote; treated as secure, as it would be behind TLS. */
const REMOTE = `http://gateway.test:${port}`;
const remoteArgs = [
  "--host-resolver-rules=MAP gateway.test 127.0.0.1",
  `--unsafely-treat-insecure-origin-as-secure=${REMOTE}`,
];

browserTest("A remote browser", { port, config: { gateway: { publicUrl: REMOTE } } }, {
  "without a secret makes no request": async ({ gateway }) => {
    await using visitor = await Visitor.come({ args: remoteArgs });
    const page = await visitor.open(REMOTE);
    await page.getByLabel("Gateway token").waitFor();
    const client = await gateway.connect();
    const { pending } = await client.request("device.pair.list", {});
    await client.close();
    assert.deepEqual(pending, []);
  },
  "with the token shows its request id, waits, and goes on by itself once it is approved": async ({ gateway }) => {
    await using owner = await Visitor.come();
    const home = await ChatPage.signIn(owner, gateway);
    await using visitor = await Visitor.come({ args: remoteArgs });
    const chat = new ChatPage(await visitor.open(REMOTE));
    await chat.enterToken(gateway.token);
    await chat.page.getByRole("heading", { name: "Waiting for approval" }).waitFor();
    const id = await chat.page.locator(".request-id").innerText();
    await chat.page.getByText(`openclaw devices approve ${id}`).waitFor();

    await home.page.getByText("1 device waits for approval").waitFor();
    await home.openDevices();
    const dialog = home.page.getByRole("dialog", { name: "Devices" });
    await dialog.getByText(id).waitFor();
    await dialog.getByRole("button", { name: "Approve" }).click();
    await chat.ready();
    await dialog.getByText("No device waits for approval.").waitFor();

    // From now on the device token is enough.
    await chat.page.reload();
    await chat.ready();
  },
  "that was rejected can ask again": async ({ gateway }) => {
    await using owner = await Visitor.come();
    const home = await ChatPage.signIn(owner, gateway);
    await using visitor = await Visitor.come({ args: remoteArgs });
    const chat = new ChatPage(await visitor.open(REMOTE));
    await chat.enterToken(gateway.token);
    const first = await chat.page.locator(".request-id").innerText();
    await home.openDevices();
    await home.page.getByRole("button", { name: "Reject" }).click();
    await chat.page.locator(".request-id").filter({ hasNotText: first }).waitFor({ timeout: 20_000 });
  },
  "whose device is removed must show the token again": async ({ gateway }) => {
    await using owner = await Visitor.come();
    const home = await ChatPage.signIn(owner, gateway);
    await using visitor = await Visitor.come();
    const other = await ChatPage.signIn(visitor, gateway);
    await home.openDevices();
    const client = await gateway.connect();
    const deviceId = await other.page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open("openclaw-webchat");
        request.onsuccess = () => resolve(request.result);
      });
      const pair = await new Promise<CryptoKeyPair>((resolve) => {
        const request = db.transaction("identity").objectStore("identity").get("key");
        request.onsuccess = () => resolve(request.result);
      });
      const digest = await crypto.subtle.digest("SHA-256", await crypto.subtle.exportKey("raw", pair.publicKey));
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    });
    await client.request("device.pair.remove", { deviceId });
    await client.close();
    await other.page.getByLabel("Gateway token").waitFor();
  },
});
