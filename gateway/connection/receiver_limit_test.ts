import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { raiseReceiverLimit } from "./receiver_limit.ts";

Deno.test("raiseReceiverLimit() lets a larger frame through that the server's own limit refuses", async () => {
  const server = createServer();
  const wss = new WebSocketServer({ server, maxPayload: 1_000 });
  const received: number[] = [];
  const closed: number[] = [];
  wss.on("connection", (socket, request) => {
    if (request.url === "/raised") raiseReceiverLimit(socket, 100_000);
    socket.on("message", (data: { length: number }) => received.push(data.length));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  for (const path of ["/raised", "/plain"]) {
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await once(client, "open");
    client.send("x".repeat(50_000));
    client.send("y");
    if (path === "/raised") setTimeout(() => client.close(1000), 50);
    const [code] = await once(client, "close");
    closed.push(Number(code));
  }
  wss.close();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(received, [50_000, 1]);
  assert.deepEqual(closed, [1000, 1009]);
});

Deno.test("raiseReceiverLimit() says so when ws keeps its limit elsewhere", () => {
  const changed = Object.create(WebSocket.prototype);
  Reflect.set(changed, "_receiver", { limit: 1 });
  assert.throws(() => raiseReceiverLimit(changed, 1), /no longer keeps it/u);
});
