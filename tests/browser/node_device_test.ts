/** Location, notifications, screen and facts of a browser node, with Chromium's fake devices. */
import assert from "node:assert/strict";
import { ALLOW_ALL, LISBON, NodePage, nodeVisitor } from "./node_page.ts";
import { bytesOf, clipFormat } from "./node_pictures.ts";
import { browserTest } from "./steps.ts";

browserTest("Location and notifications of a browser node", { builtIn: true, config: ALLOW_ALL }, {
  "tells where it is, once the person has switched that on": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    assert.match(await node.refusal("location.get"), /LOCATION_DISABLED: the location is switched off/);
    await node.switchOn("Location");
    const place = await node.ask("location.get", { desiredAccuracy: "precise", timeoutMs: 5_000 });
    assert.equal(place["lat"], LISBON.latitude);
    assert.equal(place["lon"], LISBON.longitude);
    assert.equal(place["accuracyMeters"], LISBON.accuracy);
    assert.equal(place["isPrecise"], true);
    assert.match(String(place["timestamp"]), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    await visitor.context.setGeolocation({ latitude: 48.2, longitude: 16.37, accuracy: 900 });
    const moved = await node.ask("location.get", { maxAgeMs: 0 });
    assert.deepEqual([moved["lat"], moved["isPrecise"]], [48.2, false]);
    assert.match(await node.refusal("location.get", { desiredAccuracy: "exact" }), /INVALID_REQUEST: desiredAccuracy/);
  },
  "says honestly that no position was found, and how": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.switchOn("Location");
    await visitor.context.setGeolocation(null);
    assert.match(await node.refusal("location.get"), /^LOCATION_UNAVAILABLE: /);
    await node.page.evaluate(() =>
      navigator.geolocation.getCurrentPosition = (_found, failed) => {
        const error = { code: 3, message: "late", PERMISSION_DENIED: 1, POSITION_UNAVAILABLE: 2, TIMEOUT: 3 } as const;
        setTimeout(() => failed?.(error), 20);
      }
    );
    assert.match(await node.refusal("location.get", { timeoutMs: 50 }), /^LOCATION_TIMEOUT: /);
    // One that never answers: Stop ends the call all the same.
    await node.page.evaluate(() => navigator.geolocation.getCurrentPosition = () => {});
    const waiting = node.refusal("location.get");
    await node.page.locator(".job").getByText("Finding the location").waitFor();
    await node.stopButton.click();
    assert.equal(await waiting, "UNAVAILABLE: stopped by the person at this device");
    assert.match(await node.refusal("location.get", {}, 1_000), /not finished in \d+ ms|timed out/);
  },
  "shows notifications of the system, in the page, and where only a service worker may": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    await visitor.context.addInitScript(watchNotifications);
    const node = await NodePage.approved(visitor, gateway, owner);
    assert.match(
      await node.refusal("system.notify", { title: "x" }),
      /UNAVAILABLE: showing notifications is switched off/,
    );
    await node.switchOn("Notifications");
    assert.deepEqual(await node.ask("system.notify", { title: "Tea", body: "is ready", priority: "passive" }), {});
    assert.deepEqual(await node.page.evaluate(() => Reflect.get(globalThis, "shownNotices")), [
      { title: "Tea", body: "is ready", silent: true, stays: false },
    ]);
    assert.deepEqual(await node.ask("system.notify", { body: "<b>Only</b> here", delivery: "overlay" }), {});
    await node.page.locator(".notice-card").getByText("<b>Only</b> here").waitFor();
    await node.page.locator(".notice-card").getByRole("button", { name: "Close" }).click();
    await node.page.locator(".notice-card").waitFor({ state: "detached" });
    assert.match(await node.refusal("system.notify", {}), /INVALID_REQUEST: title or body is required/);
    // Android: a page may not construct one.
    await node.page.evaluate(() => Reflect.set(globalThis, "noConstructor", true));
    assert.deepEqual(await node.ask("system.notify", { title: "By the worker" }), {});
    const titles = await node.page.evaluate(async () => {
      const [registration] = await navigator.serviceWorker.getRegistrations();
      return (await registration?.getNotifications() ?? []).map(({ title }) => title);
    });
    assert.deepEqual(titles, ["By the worker"]);
  },
  "tells of itself, without a switch": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    const info = await node.ask("device.info");
    assert.equal(info["deviceFamily"], "Desktop");
    assert.equal(info["timeZone"], Intl.DateTimeFormat().resolvedOptions().timeZone);
    const status = await node.ask("device.status", {});
    assert.deepEqual(Object(status["network"]).online, true);
    assert.match(await node.refusal("system.run", { command: ["ls"] }), /not declared|not allowed/);
  },
});

browserTest("The screen of a browser node", { builtIn: true, config: ALLOW_ALL }, {
  "is recorded only after the person agreed to this very recording": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    assert.match(
      await node.refusal("screen.record", {}),
      /SCREEN_PERMISSION_REQUIRED: screen recording is switched off/,
    );
    await node.switchOn("Screen recording");
    for (const _ of ["first", "second"]) {
      const running = node.ask("screen.record", { durationMs: 1_200, fps: 5 });
      const dialog = node.page.getByRole("dialog", { name: "Record this screen?" });
      await dialog.getByText("for 2 s").waitFor();
      await dialog.getByText(/\d+ s left to answer/).waitFor();
      await dialog.getByRole("button", { name: "Allow" }).click();
      await node.page.locator(".job").getByText("The screen is being recorded").waitFor();
      const film = await running;
      assert.equal(clipFormat(film["base64"]), film["format"]);
      assert.ok(bytesOf(film["base64"]).length > 500);
      assert.deepEqual([film["fps"], film["screenIndex"], film["hasAudio"]], [5, 0, false]);
    }
  },
  "is not when the person says no, does not answer, or stops it": async ({ gateway }) => {
    await using owner = await gateway.connect();
    await using visitor = await nodeVisitor();
    const node = await NodePage.approved(visitor, gateway, owner);
    await node.switchOn("Screen recording");
    const dialog = node.page.getByRole("dialog", { name: "Record this screen?" });
    const refused = node.refusal("screen.record", { durationMs: 500 });
    await dialog.getByRole("button", { name: "Deny" }).click();
    assert.equal(await refused, "SCREEN_PERMISSION_REQUIRED: the person refused the recording");
    // Escape is a no as well, and the focus begins on it.
    const escaped = node.refusal("screen.record", { durationMs: 500 });
    await dialog.waitFor();
    await node.page.keyboard.press("Escape");
    assert.match(await escaped, /the person refused/);
    assert.match(await node.refusal("screen.record", { durationMs: 500 }, 6_000), /nobody agreed within \d s/);
    await dialog.waitFor({ state: "detached" });
    const stopped = node.refusal("screen.record", { durationMs: 10_000 });
    await dialog.getByRole("button", { name: "Allow" }).click();
    await node.stopButton.click();
    assert.equal(await stopped, "UNAVAILABLE: stopped by the person at this device");
    assert.match(await node.refusal("screen.record", { screenIndex: 1 }), /INVALID_REQUEST: screenIndex must be 0/);
    assert.match(
      await node.refusal("screen.record", { durationMs: 60_000 }, 20_000),
      /INVALID_REQUEST: a person must agree.*65 s at least/,
    );
  },
});

/** Runs before the page: notes what is shown, and can behave like Android. */
function watchNotifications(): void {
  const shown: unknown[] = [];
  Reflect.set(globalThis, "shownNotices", shown);
  const Original = Notification;
  class Watched extends EventTarget {
    static readonly permission = "granted";
    static requestPermission = () => Original.requestPermission();
    onclick: unknown;
    constructor(title: string, options: NotificationOptions) {
      super();
      if (Reflect.get(globalThis, "noConstructor") === true) throw new TypeError("Illegal constructor");
      const { body, silent, requireInteraction: stays } = options;
      shown.push({ title, body, silent, stays });
    }
    close(): void {}
  }
  Reflect.set(globalThis, "Notification", Watched);
}
