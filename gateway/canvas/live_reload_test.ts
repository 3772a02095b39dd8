/** Tests of the sockets of live reload: how long they live, and what a fault of the watcher costs. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket } from "ws";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { eventually } from "../../tests/helpers/wait.ts";
import { type Log, silentLog } from "../observe/log.ts";
import { LiveReload } from "./live_reload.ts";

interface Lab {
  readonly clock: FakeClock;
  readonly reload: LiveReload;
  readonly lines: string[];
  /** Connects a page that is let in as long as `allowed` says so. */
  page(allowed?: () => boolean): Promise<WebSocket>;
}

async function inLab(root: string | undefined, action: (lab: Lab) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "ocgw-reload-" });
  const clock = new FakeClock();
  const lines: string[] = [];
  const log: Log = { ...silentLog, warn: (event) => lines.push(event) };
  const reload = new LiveReload({ root: root ?? dir, clock, log });
  const rights: (() => boolean)[] = [];
  const server = createServer();
  server.on("upgrade", (request, socket, head) => reload.accept(request, socket, head, rights.shift() ?? (() => true)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const page = async (allowed = () => true) => {
    rights.push(allowed);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await new Promise((resolve) => socket.once("open", resolve));
    return socket;
  };
  try {
    await action({ clock, reload, lines, page });
  } finally {
    reload.stop();
    await new Promise((resolve) => server.close(resolve));
    await Deno.remove(dir, { recursive: true });
  }
}

const ended = (socket: WebSocket) => new Promise((resolve) => socket.once("close", resolve));

Deno.test("a page that answers pings stays, one whose capability has ended goes", () =>
  inLab(undefined, async ({ clock, page }) => {
    let allowed = true;
    const [kept, expired] = [await page(), await page(() => allowed)];
    for (let round = 0; round < 5; round++) {
      const pinged = [kept, expired].map((socket) => new Promise((resolve) => socket.once("ping", resolve)));
      clock.advance(10_000);
      await Promise.all(pinged);
      // The answers to the pings have to arrive.
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    allowed = false;
    const gone = ended(expired);
    clock.advance(10_000);
    await gone;
    assert.equal(kept.readyState, WebSocket.OPEN);
    kept.terminate();
    await ended(kept);
  }));

Deno.test("a page that answers no ping is let go", () =>
  inLab(undefined, async ({ clock, page }) => {
    const silent = await page();
    silent.pause();
    const gone = ended(silent);
    clock.advance(10_000);
    clock.advance(10_000);
    silent.resume();
    await gone;
  }));

Deno.test("a root that cannot be watched switches live reload off with one line", () =>
  inLab("/nowhere/at/all", async ({ reload, lines, page }) => {
    const socket = await page();
    await ended(socket);
    await eventually("the end of live reload", () => !reload.on);
    assert.deepEqual(lines, ["canvas.live_reload.off"]);
  }));
