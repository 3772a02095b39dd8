/** Pages of other origins and foreign names for the gateway are turned away. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Visitor } from "./chromium.ts";
import { browserTest } from "./steps.ts";

browserTest("A page of another origin", {}, {
  "cannot open a connection to the gateway": async ({ gateway }) => {
    const server = createServer((_, res) => res.setHeader("content-type", "text/html").end("<title>elsewhere</title>"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    try {
      await using visitor = await Visitor.come();
      const page = await visitor.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const answer = await page.evaluate(connectFrom, { url: gateway.url, token: gateway.token });
      assert.match(answer, /origin not allowed/);
      assert.match(answer, /CONTROL_UI_ORIGIN_NOT_ALLOWED/);
      assert.match(answer, /closed 1008/);
    } finally {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  },
  "is not served under a name that the gateway does not know": async ({ gateway }) => {
    await using visitor = await Visitor.come({ args: ["--host-resolver-rules=MAP rebound.test 127.0.0.1"] });
    // The browser's own words on a refused page, and on a header that only counts for secure pages.
    visitor.expected.push(/Failed to load resource/, /Cross-Origin-Opener-Policy header has been ignored/);
    const page = await visitor.tab();
    const response = await page.goto(`http://rebound.test:${gateway.port}/`);
    assert.ok(response && response.status() >= 400 && response.status() < 500, `status ${response?.status()}`);
    assert.equal(await page.locator("#app").count(), 0);
  },
});

/** Runs in the foreign page: tries to connect with the right token, returns the answer and how the socket ended. */
function connectFrom({ url, token }: { url: string; token: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    let answer = "";
    const params = {
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: "webchat-ui", version: "1", platform: "web", mode: "webchat" },
      scopes: ["operator.read"],
      auth: { token },
    };
    socket.onmessage = ({ data }) => {
      if (String(data).includes("connect.challenge")) {
        socket.send(JSON.stringify({ type: "req", id: "1", method: "connect", params }));
      } else answer += String(data);
    };
    socket.onclose = ({ code }) => resolve(`${answer} closed ${code}`);
  });
}
