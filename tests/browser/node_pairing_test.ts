/** How a browser becomes a node: by a one-use link, by the token and an approval, and what the page says on the way. */
import assert from "node:assert/strict";
import { freePort } from "../helpers/gateway.ts";
import { Visitor } from "./chromium.ts";
import { NodePage, nodeVisitor } from "./node_page.ts";
import { browserTest } from "./steps.ts";

const port = freePort();
/** A name that is not loopback makes a browser remote; treated as secure, as it would be behind TLS. */
const REMOTE = `http://gateway.test:${port}`;
const resolve = "--host-resolver-rules=MAP gateway.test 127.0.0.1";
const asSecure = `--unsafely-treat-insecure-origin-as-secure=${REMOTE}`;

browserTest("A browser becomes a node", { builtIn: true, config: { gateway: { publicUrl: "https://claw.example" } } }, {
  "by a one-use link, without any other secret, and takes the code out of the address bar": async ({ gateway }) => {
    await using owner = await gateway.connect();
    const link = await owner.request("node.link", {});
    const code = String(link["url"]).split("#")[1];
    assert.match(String(code), /^code=/);
    await using visitor = await nodeVisitor();
    const page = await visitor.open(`${gateway.httpUrl}/node#${code}`);
    const node = await NodePage.on(page, owner);
    assert.equal(page.url(), `${gateway.httpUrl}/node`);
    await page.getByRole("heading", { name: "One step is missing" }).waitFor();
    await page.getByText(`openclaw nodes approve ${node.nodeId.slice(0, 12)}`).waitFor();
    // Until then nothing can be asked of it.
    assert.match(await node.refusal("device.info"), /not allowed/);
    await node.approve();
    await page.getByRole("heading", { name: "One step is missing" }).waitFor({ state: "detached" });
    const info = await node.ask("device.info");
    assert.equal(info["platform"], "web");
    assert.equal(info["deviceFamily"], "Desktop");
    const { nodes } = await owner.request("node.list", {});
    assert.match(JSON.stringify(nodes), /"platform":"web"/);

    // The link is used up: another browser is told so, and offered the other way.
    await using second = await nodeVisitor();
    const late = await second.open(`${gateway.httpUrl}/node#${code}`);
    await late.getByRole("alert").getByText("already used or is too old").waitFor();
    await late.getByLabel("Gateway token").waitFor();
  },
  "keeps its own key, apart from WebChat's, that no script can read": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.join(visitor, gateway, owner);
    const names = await node.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
    assert.deepEqual(names, ["openclaw-node"]);
    const extractable = await node.page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open("openclaw-node");
        request.onsuccess = () => resolve(request.result);
      });
      const pair = await new Promise<CryptoKeyPair>((resolve) => {
        const request = db.transaction("identity").objectStore("identity").get("key");
        request.onsuccess = () => resolve(request.result);
      });
      db.close();
      return pair.privateKey.extractable;
    });
    assert.equal(extractable, false);
    await node.page.reload();
    await node.connectedAgain();
    // Forgetting makes it a stranger again.
    await node.page.getByRole("button", { name: "Forget this device" }).click();
    await node.page.getByRole("dialog").getByRole("button", { name: "Forget this device" }).click();
    await node.page.getByLabel("Gateway token").waitFor();
  },
  "is served at /node with its own policy, and /node/ leads there with the fragment": async ({ gateway }) => {
    const { headers } = await fetch(`${gateway.httpUrl}/node`, { method: "GET" }).then(async (answer) => {
      await answer.body?.cancel();
      return answer;
    });
    assert.match(headers.get("permissions-policy") ?? "", /camera=\(self\), microphone=\(self\), geolocation=\(self\)/);
    assert.match(headers.get("content-security-policy") ?? "", /require-trusted-types-for 'script'/);
    assert.match(headers.get("content-security-policy") ?? "", /frame-src 'self' 127\.0\.0\.1:\d+(;|$)/);
    await using visitor = await nodeVisitor();
    const page = await visitor.open(`${gateway.httpUrl}/node/#code=${"x".repeat(32)}`);
    await page.getByText("already used or is too old").waitFor();
    assert.equal(page.url(), `${gateway.httpUrl}/node`);
  },
});

browserTest("A remote browser as a node", { port, builtIn: true, config: { gateway: { publicUrl: REMOTE } } }, {
  "with the token shows its request and goes on by itself once it is approved": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor({ args: [resolve, asSecure] });
    const page = await visitor.open(`${REMOTE}/node`);
    await page.getByLabel("Gateway token").fill(gateway.token);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("heading", { name: "Waiting for approval" }).waitFor();
    const requestId = await page.locator(".request-id").innerText();
    await page.getByText(`openclaw devices approve ${requestId}`).waitFor();
    await owner.request("device.pair.approve", { requestId });
    const node = await NodePage.on(page, owner);
    await node.approve();
    assert.equal((await node.ask("device.status"))["visible"], true);
  },
  "over plain http says that it needs HTTPS, and what to set": async () => {
    await using visitor = await Visitor.come({ args: [resolve] });
    visitor.expected.push(/Cross-Origin-Opener-Policy header has been ignored/);
    const page = await visitor.open(`${REMOTE}/node`);
    await page.getByRole("heading", { name: "This page needs HTTPS" }).waitFor();
    await page.getByText("gateway.tls.enabled").waitFor();
  },
});
