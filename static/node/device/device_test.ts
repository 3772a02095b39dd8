/** The parts of the devices that need no browser: sizes, formats, bit rates, what is read from labels and positions. */
import assert from "node:assert/strict";
import { Params } from "../host/params.ts";
import { positionOf, readClip, readSnap } from "./camera.ts";
import { deviceFamily } from "./facts.ts";
import { describe, readLocation } from "./location.ts";
import { readNotify } from "./notify.ts";
import { fit, smaller } from "./picture.ts";
import { pickType, videoBits } from "./recorder.ts";
import { readScreen, thinkingTime } from "./screen.ts";

const params = (value: unknown) => Params.parse(JSON.stringify(value));

Deno.test("parameters that are not given have the values of the protocol", () => {
  assert.deepEqual(readSnap(params({})), {
    facing: undefined,
    deviceId: undefined,
    maxWidth: 1600,
    quality: 0.9,
    delayMs: 0,
  });
  const { durationMs, format, includeAudio } = readClip(params({}));
  assert.deepEqual({ durationMs, format, includeAudio }, { durationMs: 3000, format: "mp4", includeAudio: undefined });
  assert.deepEqual(readScreen(params({})), { durationMs: 10_000, fps: 10, format: "mp4", includeAudio: false });
  assert.deepEqual(readLocation(params({ timeoutMs: 0 })), { timeoutMs: 10_000, maxAgeMs: 0, accuracy: "balanced" });
});

Deno.test("a picture keeps its shape, never grows, and gets smaller until it fits", () => {
  assert.deepEqual(fit({ width: 4000, height: 3000 }, 1600), { width: 1600, height: 1200 });
  assert.deepEqual(fit({ width: 640, height: 480 }, 1600), { width: 640, height: 480 });
  assert.deepEqual(fit({ width: 9000, height: 2 }, 16), { width: 16, height: 1 });
  let next = { size: { width: 1600, height: 1200 }, quality: 0.9 };
  const steps: number[] = [];
  for (let turn = 0; turn < 8; turn++) {
    next = smaller(next.size, next.quality);
    steps.push(next.size.width * next.size.height * next.quality);
  }
  assert.deepEqual(steps, [...steps].sort((a, b) => b - a), "each try is smaller than the one before");
  assert.ok(next.size.width < 800 && next.quality >= 0.4);
});

Deno.test("a clip is MP4 where the browser writes it, WebM where not, and says which", () => {
  assert.equal(pickType("mp4", () => true)?.format, "mp4");
  assert.equal(pickType("mp4", (type) => type.startsWith("video/webm"))?.format, "webm");
  assert.equal(pickType("webm", () => true)?.format, "webm");
  assert.equal(pickType("mp4", () => false), undefined);
  for (const durationMs of [100, 3_000, 60_000]) {
    const bytes = videoBits(durationMs) / 8 * durationMs / 1000;
    assert.ok(bytes * 4 / 3 < 20 * 2 ** 20, `${durationMs} ms are ${bytes} bytes`);
  }
});

Deno.test("a recording of the screen leaves the person time to answer, or is refused", () => {
  const wish = readScreen(params({ durationMs: 10_000 }));
  assert.equal(thinkingTime(wish, 30_000), 18_000);
  assert.throws(() => thinkingTime(wish, 14_000), /timeoutMs must be 15 s at least for 10000 ms/);
});

Deno.test("the side of a camera is read from its name, as far as it tells", () => {
  assert.equal(positionOf("camera2 0, facing back"), "back");
  assert.equal(positionOf("FaceTime HD Camera"), "front");
  assert.equal(positionOf("USB Camera"), "unspecified");
});

Deno.test("a position leaves out what the device does not know", () => {
  const coords = { latitude: 1, longitude: 2, accuracy: 30, altitude: null, speed: NaN, heading: 90 };
  const found = { coords: { ...coords, altitudeAccuracy: null, toJSON: () => ({}) }, timestamp: 0, toJSON: () => ({}) };
  assert.deepEqual(describe(found), {
    lat: 1,
    lon: 2,
    accuracyMeters: 30,
    headingDeg: 90,
    timestamp: "1970-01-01T00:00:00.000Z",
    isPrecise: true,
    source: "browser",
  });
});

Deno.test("a notification needs words; a passive one makes no sound, a timely one stays", () => {
  assert.throws(() => readNotify(params({ sound: "bell" })), /title or body is required/);
  assert.deepEqual(readNotify(params({ body: "b", priority: "passive" })), {
    title: "OpenClaw",
    body: "b",
    silent: true,
    stays: false,
    delivery: "system",
  });
  const { stays, delivery } = readNotify(params({ title: "t", priority: "timeSensitive", delivery: "overlay" }));
  assert.deepEqual({ stays, delivery }, { stays: true, delivery: "overlay" });
});

Deno.test("the kind of device is read from what the browser says of itself", () => {
  assert.equal(deviceFamily("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"), "iPhone");
  assert.equal(deviceFamily("Mozilla/5.0 (Linux; Android 15; Pixel 9)"), "Android");
  assert.equal(deviceFamily("Mozilla/5.0 (X11; Linux x86_64)"), "Desktop");
});
