/** Tests of the watch over the canvas root: folders that come and go faster than they can be looked at. */
import assert from "node:assert/strict";
import { eventually } from "../../tests/helpers/wait.ts";
import { systemClock } from "../observe/clock.ts";
import { watchRoot } from "./watch.ts";

Deno.test("folders that are gone before they are watched do not end the watch", async () => {
  const root = await Deno.makeTempDir({ prefix: "ocgw-watch-" });
  const seen = { changes: 0, faults: [] as unknown[] };
  const stop = watchRoot({
    root,
    clock: systemClock,
    changed: () => void seen.changes++,
    failed: (error) => seen.faults.push(error),
  });
  try {
    for (let round = 0; round < 150; round++) {
      const folder = `${root}/f${round % 5}`;
      await Deno.mkdir(folder, { recursive: true });
      await Deno.mkdir(`${folder}/inner`, { recursive: true });
      await Deno.remove(folder, { recursive: true });
      if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(seen.faults, []);
    const before = seen.changes;
    await eventually("a change after the storm", async () => {
      await Deno.writeTextFile(`${root}/page.html`, String(Math.random()));
      return seen.changes > before;
    }, 5_000);
  } finally {
    stop();
    await Deno.remove(root, { recursive: true });
  }
});
