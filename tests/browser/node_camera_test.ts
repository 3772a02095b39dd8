/** The camera of a browser node, with Chromium's fake one: pictures, clips, refusals, and a Stop that stops. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually } from "../helpers/wait.ts";
import { ALLOW_ALL, NodePage, nodeVisitor } from "./node_page.ts";
import { bytesOf, clipFormat, jpegSize } from "./node_pictures.ts";
import { browserTest } from "./steps.ts";

browserTest("The camera of a browser node", { builtIn: true, config: ALLOW_ALL }, {
  "is off until the person switches it on, whatever the owner allows": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    for (const command of ["camera.list", "camera.snap", "camera.clip"]) {
      assert.match(await node.refusal(command, {}), /CAMERA_DISABLED: the camera is switched off/);
    }
    await node.switchOn("Camera");
    const { devices } = await node.ask("camera.list");
    assert.deepEqual(Object.keys(Object(devices)[0]).sort(), ["deviceType", "id", "name", "position"]);
    // The choice outlives a reload.
    await node.page.reload();
    await node.connectedAgain();
    assert.equal(await node.toggle("Camera").getAttribute("aria-checked"), "true");
    assert.equal((await node.ask("camera.snap", { maxWidth: 64 }))["width"], 64);
    await node.toggle("Camera").click();
    assert.match(await node.refusal("camera.snap", {}), /CAMERA_DISABLED/);
  },
  "takes real JPEGs of the stated size, smaller when asked": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.switchOn("Camera");
    const picture = await node.ask("camera.snap", {});
    assert.equal(picture["format"], "jpg");
    const { width, height } = picture;
    assert.deepEqual(jpegSize(picture["base64"]), { width, height });
    assert.ok(String(picture["base64"]).length < 5_000_000);
    const small = await node.ask("camera.snap", { facing: "front", maxWidth: 320, quality: 0.3, format: "jpeg" });
    assert.equal(jpegSize(small["base64"]).width, 320);
    assert.ok(String(small["base64"]).length < String(picture["base64"]).length);
    const { devices } = await node.ask("camera.list");
    const deviceId = Object(devices)[0].id;
    assert.equal(jpegSize((await node.ask("camera.snap", { deviceId, maxWidth: 100 }))["base64"]).width, 100);
    assert.match(await node.refusal("camera.snap", { deviceId: "no-such-camera" }), /INVALID_REQUEST.*no camera/);
    // Several at once wait for one another; one too many is told so.
    const answers = await Promise.all(Array.from({ length: 8 }, () => node.call("camera.snap", { maxWidth: 32 })));
    const words = answers.map((one) => one.ok ? "done" : String(one.error?.message));
    assert.ok(words.filter((word) => word === "done").length >= 4, words.join("\n"));
    assert.ok(words.some((word) => /UNAVAILABLE: the camera is busy/.test(word)), words.join("\n"));
  },
  "checks what it is asked for before it does anything": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.switchOn("Camera");
    const wrong: [string, unknown, RegExp][] = [
      ["camera.snap", { maxWidth: 0 }, /maxWidth must be a number from 16 to 8192/],
      ["camera.snap", { maxWidth: 99.5 }, /maxWidth must be a whole number/],
      ["camera.snap", { quality: 2 }, /quality must be a number from 0 to 1/],
      ["camera.snap", { facing: "sideways" }, /facing must be "front" or "back"/],
      ["camera.snap", { format: "bmp" }, /format must be "jpg" or "jpeg"/],
      ["camera.snap", [1], /must be an object/],
      ["camera.clip", { durationMs: 60_001 }, /durationMs must be a number from 100 to 60000/],
      ["camera.clip", { includeAudio: "yes" }, /includeAudio must be true or false/],
    ];
    for (const [command, params, words] of wrong) {
      const text = await node.refusal(command, params);
      assert.match(text, /^INVALID_REQUEST: /);
      assert.match(text, words);
    }
    assert.match(await node.refusal("camera.clip", { durationMs: 30_000 }, 5_000), /does not fit.*raise timeoutMs/);
  },
  "records clips with and without sound, in sight of the person": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.switchOn("Camera");
    const running = node.ask("camera.clip", { durationMs: 1_500 });
    await node.page.locator(".job").getByText("The camera is on").waitFor();
    await node.page.locator(".job video").waitFor();
    await node.page.locator(".job .time", { hasText: /of 2 s/ }).waitFor();
    assert.equal(await node.page.title(), "● OpenClaw node");
    const clip = await running;
    assert.equal(clipFormat(clip["base64"]), clip["format"]);
    assert.ok(bytesOf(clip["base64"]).length > 1_000);
    assert.ok(Math.abs(Number(clip["durationMs"]) - 1_500) < 700, String(clip["durationMs"]));
    assert.equal(clip["hasAudio"], false, "the person has not switched sound on");
    await node.page.locator(".job").waitFor({ state: "detached" });
    assert.match(
      await node.refusal("camera.clip", { includeAudio: true, durationMs: 500 }),
      /MIC_PERMISSION_REQUIRED: the microphone is switched off/,
    );
    await node.switchOn("Sound in clips");
    const loud = await node.ask("camera.clip", { durationMs: 600, format: "webm" });
    assert.equal(loud["format"], "webm");
    assert.equal(clipFormat(loud["base64"]), "webm");
    assert.equal(loud["hasAudio"], true);
    assert.equal((await node.ask("camera.clip", { durationMs: 300, includeAudio: false }))["hasAudio"], false);
  },
  "stops at once when the person presses Stop, and the caller is told": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.page.evaluate(rememberTracks);
    await node.switchOn("Camera");
    const running = node.refusal("camera.clip", { durationMs: 15_000 });
    await node.page.locator(".job video").waitFor();
    await node.stopButton.click();
    assert.equal(await running, "UNAVAILABLE: stopped by the person at this device");
    await node.page.locator(".job").waitFor({ state: "detached" });
    assert.deepEqual(await trackStates(node.page), ["ended"]);
    // The switch stops it, too.
    const again = node.refusal("camera.clip", { durationMs: 15_000 });
    await node.page.locator(".job video").waitFor();
    await node.toggle("Camera").click();
    assert.match(await again, /CAMERA_DISABLED: the person switched the camera off/);
    assert.deepEqual(await trackStates(node.page), ["ended"]);
  },
  "does nothing in the background, and stops when the page goes there": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.switchOn("Camera");
    const running = node.refusal("camera.clip", { durationMs: 15_000 });
    await node.page.locator(".job video").waitFor();
    await node.page.evaluate(setVisibility, "hidden");
    assert.match(await running, /NODE_BACKGROUND_UNAVAILABLE: the node page went to the background/);
    for (const [command, params] of [["camera.snap", {}], ["canvas.present", {}], ["canvas.snapshot", {}]] as const) {
      assert.match(await node.refusal(command, params), /NODE_BACKGROUND_UNAVAILABLE: the node page must be in front/);
    }
    await node.page.evaluate(setVisibility, "visible");
    assert.equal(jpegSize((await node.ask("camera.snap", { maxWidth: 80 }))["base64"]).width, 80);
  },
  "waits for the owner: what is not allowed is shown on the page": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await gateway.writeConfig({ agents: { defaults: { model: { primary: "builtin/offline" } } } });
    await gateway.restart();
    await using fresh = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, fresh);
    await node.switchOn("Camera");
    assert.match(await node.refusal("camera.snap", {}), /not allowed/);
    await node.page.getByRole("heading", { name: "Waiting for the owner" }).waitFor({ timeout: 40_000 });
    await node.page.getByText(`openclaw nodes allow ${node.nodeId.slice(0, 12)} camera.clip camera.list camera.snap`)
      .waitFor();
    await fresh.request("node.commands.set", { nodeId: node.nodeId, allowCommands: ["camera.snap"] });
    assert.equal((await node.ask("camera.snap", { maxWidth: 48 }))["width"], 48);
    await owner.close();
  },
});

browserTest("A browser that refuses", { builtIn: true, config: ALLOW_ALL }, {
  "leaves the switch off and says where to change it": async ({ gateway }) => {
    await using owner = await gateway.connect();
    // Without the fake prompt a browser that was given no permission refuses.
    await using visitor = await nodeVisitor({ permissions: [] });
    await visitor.context.addInitScript(refuseCamera);
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.toggle("Camera").click();
    await node.page.waitForFunction(() => Reflect.get(globalThis, "cameraAsked") === true);
    assert.equal(await node.toggle("Camera").getAttribute("aria-checked"), "false");
    assert.match(await node.refusal("camera.snap", {}), /CAMERA_DISABLED/);
  },
  "later, after the switch went on, gets no prompt from a call": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.switchOn("Camera", "Location");
    await visitor.context.clearPermissions();
    await visitor.context.grantPermissions([], { origin: gateway.httpUrl });
    await node.page.getByText("The browser blocks it").first().waitFor();
    const camera = await eventually("the browser's refusal", async () => {
      const text = await node.refusal("camera.snap", {});
      return /PERMISSION_REQUIRED/.test(text) ? text : undefined;
    });
    assert.match(camera, /CAMERA_PERMISSION_REQUIRED: the browser blocks the camera/);
    assert.match(await node.refusal("location.get", {}), /LOCATION_PERMISSION_REQUIRED/);
  },
});

/** Runs in the page: every track that a camera gives is kept, so that its end can be seen. */
function rememberTracks(): void {
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  const tracks: MediaStreamTrack[] = [];
  Reflect.set(globalThis, "tracks", tracks);
  devices.getUserMedia = async (constraints) => {
    const stream = await original(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
}

/** The states there are among all tracks that were ever opened. */
const trackStates = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const tracks = Reflect.get(globalThis, "tracks");
    return [...new Set(tracks.map(({ readyState }: MediaStreamTrack) => readyState))] as string[];
  });

/** Runs in the page: as if another tab or the lock screen came in front. A headless browser has no such thing. */
function setVisibility(state: string): void {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  document.dispatchEvent(new Event("visibilitychange"));
}

/** Runs before the page: a person who says no. */
function refuseCamera(): void {
  navigator.mediaDevices.getUserMedia = () => {
    Reflect.set(globalThis, "cameraAsked", true);
    return Promise.reject(new DOMException("Permission denied", "NotAllowedError"));
  };
}
