/** Live reload of a running gateway: who may listen, what makes pages reload, and what does not. */
import assert from "node:assert/strict";
import type { WebSocket } from "ws";
import { gatewayTest, TestGateway } from "../helpers/gateway.ts";
import { eventually } from "../helpers/wait.ts";
import { ask, dial, hangUp, listen, placeOf, rootOf } from "./asking.ts";

const WS = "/__openclaw__/ws";

/** The words that a socket heard. */
function ear(socket: WebSocket): string[] {
  const heard: string[] = [];
  socket.on("message", (data) => heard.push(String(data)));
  return heard;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

gatewayTest("live reload", {}, {
  "a page hears of new, changed and removed files, in new folders too, once for several changes": async (gateway) => {
    const root = rootOf(gateway);
    const { client, url, cap } = await placeOf(gateway);
    const own = await listen(`${url.replace("http", "ws")}${WS}`, { origin: "null" });
    const other = await listen(`${gateway.url}${cap}${WS}`);
    const heard = ear(own);
    const heardToo = ear(other);
    await pause(200);
    const expectOne = async (what: string, change: () => Promise<void>) => {
      const before = heard.length;
      await change();
      await eventually(what, () => heard.length > before, 5_000);
      await pause(150);
    };
    await expectOne("a new file", () => Deno.writeTextFile(`${root}/a.txt`, "1"));
    await expectOne("a change", () => Deno.writeTextFile(`${root}/a.txt`, "2"));
    await expectOne("a new folder", () => Deno.mkdir(`${root}/new/deep`, { recursive: true }));
    await expectOne("a file in it", () => Deno.writeTextFile(`${root}/new/deep/b.txt`, "1"));
    await expectOne("a rename", () => Deno.rename(`${root}/new/deep/b.txt`, `${root}/new/deep/c.txt`));
    await expectOne("a removed folder", () => Deno.remove(`${root}/new`, { recursive: true }));
    const before = heard.length;
    for (let count = 0; count < 20; count++) await Deno.writeTextFile(`${root}/a.txt`, `${count}`);
    await eventually("the changes", () => heard.length > before);
    await pause(300);
    assert.ok(heard.length - before <= 2, `${heard.length - before} for twenty changes`);
    assert.ok(heard.every((word) => word === "reload"));
    assert.equal(heardToo.length, heard.length);
    await Promise.all([hangUp(own), hangUp(other)]);
    await client.close();
  },
  "reading, hidden files, node_modules and what lies behind a link are no changes": async (gateway) => {
    const root = rootOf(gateway);
    await Deno.mkdir(`${root}/node_modules`);
    await Deno.mkdir(`${gateway.stateDir}/elsewhere`);
    await Deno.symlink(`${gateway.stateDir}/elsewhere`, `${root}/link`);
    await Deno.symlink("/", `${root}/everything`);
    await pause(400);
    const socket = await listen(`${gateway.url}${WS}`);
    await pause(200);
    const heard = ear(socket);
    await Deno.writeTextFile(`${root}/.hidden`, "x");
    await Deno.writeTextFile(`${root}/node_modules/x.js`, "x");
    await Deno.writeTextFile(`${gateway.stateDir}/elsewhere/x`, "x");
    await Deno.readTextFile(`${root}/index.html`);
    await ask(gateway.port, "/__openclaw__/canvas/");
    await pause(500);
    assert.deepEqual(heard, []);
    await Deno.writeTextFile(`${root}/seen.txt`, "x");
    await eventually("a change that counts", () => heard.length === 1);
    await hangUp(socket);
  },
  "the origin `null` needs a capability, a foreign one never gets in": async (gateway) => {
    const { client, cap } = await placeOf(gateway);
    const status = async (path: string, headers: Record<string, string>) => {
      const socket = await dial(`${gateway.url}${path}`, headers);
      if (typeof socket === "number") return socket;
      await hangUp(socket);
      return 101;
    };
    assert.equal(await status(`${cap}${WS}`, { origin: "null" }), 101);
    assert.equal(await status(`${cap}${WS}`, { origin: gateway.httpUrl }), 101);
    assert.equal(await status(`${cap}${WS}`, { origin: "https://evil.example" }), 403);
    assert.equal(await status(WS, { origin: gateway.httpUrl }), 101);
    assert.equal(await status(WS, { origin: "null" }), 401);
    assert.equal(await status(WS, { origin: "https://evil.example" }), 401);
    assert.equal(await status(WS, { "x-forwarded-for": "203.0.113.7" }), 401);
    assert.equal(await status(WS, { "x-forwarded-for": "203.0.113.7", authorization: `Bearer ${gateway.token}` }), 101);
    assert.equal(await status(`${cap}x${WS}`, { origin: "null" }), 401);
    assert.equal(await status(`${cap}${WS}`, { host: "rebound.example" }), 403);
    assert.equal(await status("/__openclaw__/canvas/", {}), 404);
    assert.equal(await status(`${cap}/__openclaw__/other`, { origin: "null" }), 404);
    await client.close();
  },
  "only so many pages may listen, and what they say is not heard": async (gateway) => {
    const sockets = await Promise.all(Array.from({ length: 64 }, () => listen(`${gateway.url}${WS}`)));
    assert.equal(await dial(`${gateway.url}${WS}`), 503);
    const closed = new Promise<number>((resolve) => sockets[0]?.once("close", resolve));
    sockets[0]?.send("x".repeat(10_000));
    assert.equal(await closed, 1009);
    sockets[1]?.send("hello");
    await eventually("room for another", async () => {
      const socket = await dial(`${gateway.url}${WS}`);
      if (typeof socket === "number") return false;
      await hangUp(socket);
      return true;
    });
    await Promise.all(sockets.slice(1).map(hangUp));
  },
});

Deno.test("with live reload switched off there is no socket and pages do not ask for one", async () => {
  await using gateway = await TestGateway.start({ config: { canvasHost: { liveReload: false } } });
  assert.match((await ask(gateway.port, "/__openclaw__/canvas/")).text, /bridge\.js"><\/script>/u);
  assert.equal((await ask(gateway.port, WS)).status, 404);
  assert.equal(await dial(`${gateway.url}${WS}`), 404);
});

Deno.test("a gateway that stops lets go of the pages that listen", async () => {
  await using gateway = await TestGateway.start();
  const socket = await listen(`${gateway.url}${WS}`);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await gateway.kill("SIGTERM");
  await closed;
});
