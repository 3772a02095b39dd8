/** The canvas host of a running gateway: files, ranges, pages, both ports, who gets in. */
import assert from "node:assert/strict";
import { freePort, gatewayTest, TestGateway } from "../helpers/gateway.ts";
import { makeIdentity, TestClient } from "../helpers/client.ts";
import { ask, placeOf, rootOf } from "./asking.ts";

const CANVAS = "/__openclaw__/canvas/";

gatewayTest("canvas files", {}, {
  "a demo page stands in a folder that is open to its owner alone": async (gateway) => {
    assert.equal((await Deno.stat(rootOf(gateway))).mode! & 0o777, 0o700);
    const page = await ask(gateway.port, CANVAS);
    assert.equal(page.status, 200);
    assert.match(page.text, /sendUserAction/u);
    assert.match(page.text, /<script src="\/__openclaw__\/bridge\.js" data-reload><\/script><\/body>/u);
  },
  "every file comes with its type and its policy, on both ports, with and without a capability": async (gateway) => {
    const root = rootOf(gateway);
    const files: Record<string, string> = {
      "a.js": "text/javascript; charset=utf-8",
      "a.css": "text/css; charset=utf-8",
      "a.json": "application/json; charset=utf-8",
      "a.svg": "image/svg+xml",
      "a.png": "image/png",
      "a.md": "text/plain; charset=utf-8",
      "a.bin": "application/octet-stream",
    };
    for (const name of Object.keys(files)) await Deno.writeTextFile(`${root}/${name}`, "content");
    const { client, cap, canvasPort } = await placeOf(gateway);
    for (const port of [gateway.port, canvasPort]) {
      for (const prefix of ["", cap]) {
        for (const [name, type] of Object.entries(files)) {
          const answer = await ask(port, `${prefix}${CANVAS}${name}`);
          assert.deepEqual([answer.status, answer.headers["content-type"], answer.text], [200, type, "content"]);
          assert.match(answer.headers["content-security-policy"] ?? "", /^sandbox allow-scripts; default-src 'none'/u);
          assert.equal(answer.headers["cache-control"], "no-store");
          assert.equal(answer.headers["x-content-type-options"], "nosniff");
          assert.equal(answer.headers["x-frame-options"], undefined);
          assert.equal(answer.headers["access-control-allow-origin"], prefix === "" ? undefined : "*");
          const policy = prefix === "" ? "same-origin" : "cross-origin";
          assert.equal(answer.headers["cross-origin-resource-policy"], policy);
        }
      }
    }
    await client.close();
  },
  "folders lead to their page, missing ones say which to write, missing files are not found": async (gateway) => {
    await Deno.mkdir(`${rootOf(gateway)}/report`);
    const empty = await ask(gateway.port, `${CANVAS}report/`);
    assert.equal(empty.status, 404);
    assert.match(empty.text, /<code>report\/index\.html<\/code>/u);
    await Deno.writeTextFile(`${rootOf(gateway)}/report/index.html`, "<p>report</p>");
    assert.match((await ask(gateway.port, `${CANVAS}report/`)).text, /^<p>report<\/p><script src="[^"]+"/u);
    const slash = await ask(gateway.port, `${CANVAS}report?x=1`);
    assert.deepEqual([slash.status, slash.headers["location"]], [302, `${CANVAS}report/?x=1`]);
    const prefix = await ask(gateway.port, CANVAS.slice(0, -1));
    assert.deepEqual([prefix.status, prefix.headers["location"]], [302, CANVAS]);
    const missing = await ask(gateway.port, `${CANVAS}none.png`);
    assert.deepEqual([missing.status, missing.text], [404, "not found"]);
    assert.equal((await ask(gateway.port, `${CANVAS}report/index.html/`)).status, 404);
    const hostile = await ask(gateway.port, `${CANVAS}%3Cscript%3Ealert(1)%3C%2Fscript%3E`);
    assert.ok(!hostile.text.includes("<script>alert"));
    const name = await ask(gateway.port, `${CANVAS}%3Cimg%20src=x%3E/`);
    assert.ok(name.status === 404 && !name.text.includes("<img"), name.text);
  },
  "ranges, HEAD and other methods are answered as HTTP says": async (gateway) => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
    await Deno.writeFile(`${rootOf(gateway)}/film.mp4`, bytes);
    const range = (value: string) => ask(gateway.port, `${CANVAS}film.mp4`, { headers: { range: value } });
    const whole = await ask(gateway.port, `${CANVAS}film.mp4`);
    assert.deepEqual([whole.status, whole.headers["content-length"]], [200, "300000"]);
    assert.deepEqual(whole.bytes, bytes);
    const middle = await range("bytes=100000-200000");
    assert.deepEqual([middle.status, middle.headers["content-range"]], [206, "bytes 100000-200000/300000"]);
    assert.deepEqual(middle.bytes, bytes.subarray(100_000, 200_001));
    assert.deepEqual((await range("bytes=-5")).bytes, bytes.subarray(-5));
    const beyond = await range("bytes=300000-");
    assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, "bytes */300000"]);
    assert.equal((await range("bytes=0-1,4-5")).status, 200);
    const head = await ask(gateway.port, `${CANVAS}film.mp4`, { method: "HEAD", headers: { range: "bytes=0-9" } });
    assert.deepEqual([head.status, head.headers["content-length"], head.bytes.length], [206, "10", 0]);
    const page = await ask(gateway.port, CANVAS);
    const pageHead = await ask(gateway.port, CANVAS, { method: "HEAD" });
    assert.equal(pageHead.headers["content-length"], String(page.bytes.length));
    await Deno.writeTextFile(`${rootOf(gateway)}/empty.txt`, "");
    assert.deepEqual((await ask(gateway.port, `${CANVAS}empty.txt`)).headers["content-length"], "0");
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const answer = await ask(gateway.port, `${CANVAS}film.mp4`, { method });
      assert.deepEqual([answer.status, answer.text, answer.headers["allow"]], [405, "Method Not Allowed", "GET, HEAD"]);
    }
  },
  "a client that goes away in the middle of a file leaves nothing open": async (gateway) => {
    await Deno.writeFile(`${rootOf(gateway)}/large.bin`, new Uint8Array(30_000_000));
    for (let round = 0; round < 200; round++) {
      const stop = new AbortController();
      const answer = await fetch(`${gateway.httpUrl}${CANVAS}large.bin`, { signal: stop.signal });
      assert.equal(answer.status, 200, `round ${round}`);
      stop.abort();
      await answer.body?.cancel().catch(() => {});
    }
    assert.equal((await ask(gateway.port, `${CANVAS}large.bin`)).bytes.length, 30_000_000);
  },
  "the bridge is put before the last </body> or at the end, whatever the page's encoding": async (gateway) => {
    const write = (text: string | Uint8Array<ArrayBuffer>) =>
      Deno.writeFile(`${rootOf(gateway)}/p.html`, typeof text === "string" ? new TextEncoder().encode(text) : text);
    const page = async () => await ask(gateway.port, `${CANVAS}p.html`);
    await write("<body>one</body><!-- </body> --></BODY></html>");
    assert.match((await page()).text, /--><script src="[^"]+" data-reload><\/script><\/BODY><\/html>$/u);
    await write("no body");
    assert.match((await page()).text, /^no body<script /u);
    const latin = Uint8Array.from([0x3c, 0x70, 0x3e, 0xe9, 0xff, 0x80]);
    await write(latin);
    assert.deepEqual((await page()).bytes.subarray(0, latin.length), latin);
  },
  "the bridge, its picture maker and the socket's path answer; the A2UI page does or says that it is not built": async (
    gateway,
  ) => {
    for (const name of ["bridge.js", "snapshot.js"]) {
      const answer = await ask(gateway.port, `/__openclaw__/${name}`);
      assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "text/javascript; charset=utf-8"]);
    }
    const socket = await ask(gateway.port, "/__openclaw__/ws");
    assert.deepEqual([socket.status, socket.text], [426, "upgrade required"]);
    const a2ui = await ask(gateway.port, "/__openclaw__/a2ui/");
    if (a2ui.status === 503) assert.equal(a2ui.text, "A2UI assets not found");
    else assert.match(a2ui.text, /\/__openclaw__\/bridge\.js"><\/script>/u);
    assert.equal((await ask(gateway.port, "/__openclaw__/a2ui/?v=7")).status, 404);
    assert.equal((await ask(gateway.port, "/__openclaw__/a2ui/none.js")).status, 404);
  },
  "on the canvas port there is nothing but the canvas": async (gateway) => {
    const { client, canvasPort } = await placeOf(gateway);
    for (const path of ["/", "/healthz", "/index.html", "/app.js", "/node", "/__openclaw", "/favicon.ico"]) {
      const answer = await ask(canvasPort, path);
      assert.deepEqual([answer.status, answer.text], [404, "not found"], path);
    }
    await assert.rejects(TestClient.open(`ws://127.0.0.1:${canvasPort}/`));
    await client.close();
  },
});

gatewayTest("who may read the canvas", {}, {
  "a capability gets in from anywhere; a wrong one nobody": async (gateway) => {
    const { client, cap, canvasPort } = await placeOf(gateway);
    const far = { "x-forwarded-for": "203.0.113.7" };
    for (const port of [gateway.port, canvasPort]) {
      assert.equal((await ask(port, `${cap}${CANVAS}`, { headers: far })).status, 200);
      for (const target of [`${cap}x${CANVAS}`, `${cap.slice(0, -1)}${CANVAS}`, `/__openclaw__/cap/x${CANVAS}`]) {
        const answer = await ask(port, target);
        assert.equal(answer.status, 401, target);
        assert.deepEqual(JSON.parse(answer.text), { error: { message: "Unauthorized", type: "unauthorized" } });
      }
    }
    await client.close();
  },
  "hello-ok carries the address, in the place that each generation knows": async (gateway) => {
    const four = await gateway.connect();
    const three = await gateway.connect({ protocol: 3 });
    const [newer, older] = [Object(four.hello["pluginSurfaceUrls"])["canvas"], three.hello["canvasHostUrl"]];
    for (const url of [newer, older]) {
      assert.match(String(url), /^http:\/\/127\.0\.0\.1:\d+\/__openclaw__\/cap\/[\w-]{24,}$/u);
      assert.equal(Number(new URL(String(url)).port), gateway.port + 4);
      const page = await fetch(`${url}${CANVAS}`);
      assert.equal(page.status, 200);
      await page.body?.cancel();
    }
    assert.notEqual(newer, older);
    await four.close();
    await three.close();
  },
  "hello-ok keeps the address from an operator who may not read": async (gateway) => {
    for (const protocol of [3, 4]) {
      for (const scopes of [[], ["operator.approvals"], ["operator.pairing"]]) {
        const client = await gateway.connect({ protocol, scopes });
        assert.deepEqual([client.hello["pluginSurfaceUrls"], client.hello["canvasHostUrl"]], [undefined, undefined]);
        await client.close();
      }
    }
  },
  "the address is refreshed by operators and nodes, and by nobody for another surface": async (gateway) => {
    const { client, url } = await placeOf(gateway);
    const again = await client.request("plugin.surface.refresh", {});
    assert.equal(Object(Object(again)["pluginSurfaceUrls"])["canvas"], url);
    const refused = await client.call("plugin.surface.refresh", { surface: "other" });
    assert.equal(refused.error?.code, "INVALID_REQUEST");
    await client.close();
    const node = await gateway.connect({ role: "node", device: makeIdentity() });
    const own = await node.request("node.pluginSurface.refresh", {});
    assert.match(String(Object(Object(own)["pluginSurfaceUrls"])["canvas"]), /\/__openclaw__\/cap\//u);
    await node.close();
  },
  "without a capability only this host and the bearer of the secret get in": async (gateway) => {
    const far = { "x-forwarded-for": "203.0.113.7" };
    const status = async (headers: Record<string, string>) => (await ask(gateway.port, CANVAS, { headers })).status;
    assert.equal(await status({}), 200);
    assert.equal(await status(far), 401);
    assert.equal(await status({ ...far, authorization: `Bearer ${gateway.token}` }), 200);
    assert.equal(await status({ ...far, authorization: "Bearer wrong" }), 401);
    assert.equal(await status({ origin: "https://evil.example" }), 401);
    assert.equal(await status({ origin: "null" }), 401);
    assert.equal(await status({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }), 401);
  },
  "under a name that is not ours nobody gets in, on either port": async (gateway) => {
    const { client, cap, canvasPort } = await placeOf(gateway);
    for (const port of [gateway.port, canvasPort]) {
      for (const host of ["rebound.example", `rebound.example:${port}`, "127.0.0.1.example"]) {
        for (const target of [CANVAS, `${cap}${CANVAS}`]) {
          const answer = await ask(port, target, { headers: { host } });
          assert.equal(answer.status, 403, `${host} ${target}`);
          assert.match(answer.text, /foreign_host/u);
        }
      }
    }
    await client.close();
  },
  "a person who opens the canvas by hand is sent on to a capability; other pages' frames are not": async (gateway) => {
    const visit = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none" };
    const sent = await ask(gateway.port, `${CANVAS}?x=1`, { headers: visit });
    assert.equal(sent.status, 302);
    assert.match(sent.headers["location"] ?? "", /^\/__openclaw__\/cap\/[\w-]{43}\/__openclaw__\/canvas\/\?x=1$/u);
    assert.equal((await ask(gateway.port, sent.headers["location"] ?? "")).status, 200);
    const status = async (change: Record<string, string>) =>
      (await ask(gateway.port, CANVAS, { headers: { ...visit, ...change } })).status;
    assert.equal(await status({ "sec-fetch-site": "cross-site" }), 200);
    assert.equal(await status({ "sec-fetch-dest": "iframe" }), 401, "a frame of ours has a capability");
  },
});

Deno.test("when the canvas port is taken the gateway starts, says so, and serves the canvas on its own port", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const config = { canvasHost: { port: taken.addr.port } };
    await using gateway = await TestGateway.start({ config });
    assert.match(
      gateway.output,
      new RegExp(`Canvas +Cannot open the canvas port 127\\.0\\.0\\.1:${taken.addr.port}`, "u"),
    );
    const { client, url } = await placeOf(gateway);
    assert.equal(Number(new URL(url).port), gateway.port);
    const page = await fetch(`${url}${CANVAS}`);
    assert.equal(page.status, 200);
    await page.body?.cancel();
    const status = await client.request("status", {});
    assert.match(JSON.stringify(status), /another program uses that port/u);
    await client.close();
  } finally {
    taken.close();
  }
});

Deno.test("a canvas host that is switched off has no port, no paths and no address", async () => {
  await using gateway = await TestGateway.start({ config: { canvasHost: { enabled: false, port: freePort() } } });
  assert.doesNotMatch(gateway.output, /Canvas/u);
  const client = await gateway.connect();
  assert.equal(client.hello["pluginSurfaceUrls"], undefined);
  const refused = await client.call("plugin.surface.refresh", {});
  assert.equal(refused.error?.code, "UNAVAILABLE");
  assert.match(refused.error?.message ?? "", /canvasHost\.enabled/u);
  assert.notEqual((await ask(gateway.port, CANVAS)).status, 200);
  await assert.rejects(Deno.stat(rootOf(gateway)), Deno.errors.NotFound);
  await client.close();
});
