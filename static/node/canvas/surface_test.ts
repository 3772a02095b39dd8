/** The address of the canvas host is kept fresh while something is shown, whatever the clocks say. */
import assert from "node:assert/strict";
import type { Timers } from "../../client/link.ts";
import { Surface } from "./surface.ts";

function scene(lifeMs: number | undefined, skewMs = 0) {
  let time = 1_000_000;
  let jobs: { at: number; run(): void }[] = [];
  let asked = 0;
  let works = true;
  const timers: Timers = {
    now: () => time,
    after: (ms, run) => {
      const job = { at: time + ms, run };
      jobs.push(job);
      return () => void (jobs = jobs.filter((one) => one !== job));
    },
  };
  const surface = new Surface({
    timers,
    request: (method) => {
      assert.equal(method, "node.pluginSurface.refresh");
      asked++;
      if (!works) return Promise.reject(new Error("not connected"));
      const url = lifeMs === undefined ? {} : { canvas: `http://h/cap/${asked}` };
      return Promise.resolve({ pluginSurfaceUrls: url, expiresAtMs: time + skewMs + (lifeMs ?? 0) });
    },
  });
  const pass = async (ms: number) => {
    const end = time + ms;
    for (let next; (next = jobs.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]);) {
      time = next.at;
      jobs = jobs.filter((job) => job !== next);
      next.run();
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
    time = end;
  };
  return { surface, pass, asked: () => asked, break: (on: boolean) => void (works = !on) };
}

Deno.test("an address from the hello is used at once and prolonged soon; later ones before they end", async () => {
  const { surface, pass, asked } = scene(600_000);
  surface.learned("http://h/cap/0");
  assert.equal(await surface.base(), "http://h/cap/0");
  surface.want(true);
  await pass(11_000);
  assert.equal(asked(), 1);
  await pass(600_000);
  assert.ok(asked() >= 3 && asked() <= 5, `${asked()} requests in ten minutes`);
  const before = asked();
  surface.want(false);
  await pass(3_600_000);
  assert.equal(asked(), before, "nothing is shown, nothing is prolonged");
  assert.equal(await surface.base(), `http://h/cap/${before + 1}`, "an old address is not given out");
});

Deno.test("clocks that differ neither flood the gateway nor let the address end", async () => {
  for (const skewMs of [-7_200_000, 7_200_000]) {
    const { surface, pass, asked } = scene(600_000, skewMs);
    surface.learned("http://h/cap/0");
    surface.want(true);
    await pass(600_000);
    assert.ok(asked() >= 2 && asked() <= 61, `${asked()} requests with a skew of ${skewMs}`);
  }
});

Deno.test("without a canvas host it says so, and a gateway that does not answer leaves the last address", async () => {
  const none = scene(undefined);
  none.surface.learned(undefined);
  await assert.rejects(none.surface.base(), /A2UI_HOST_NOT_CONFIGURED/);
  const { surface, pass, ...lab } = scene(600_000);
  surface.learned("http://h/cap/0");
  lab.break(true);
  await pass(20_000);
  assert.equal(await surface.base(), "http://h/cap/0");
});
