/** Tests of spool.ts: order, halves of characters, limits, sweeping, rights of the files. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { Spool, SPOOL_TTL_MS } from "./spool.ts";

async function withSpool(limit: number | undefined, use: (spool: Spool, clock: FakeClock, dir: string) => unknown) {
  const dir = await Deno.makeTempDir();
  const clock = new FakeClock();
  try {
    await use(new Spool(dir, clock, limit), clock, `${dir}/node-results`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const files = (dir: string): string[] => [...Deno.readDirSync(dir)].map(({ name }) => name);

Deno.test("a folder that was taken away is made anew; a disk that refuses is an error that callers know", async () => {
  await withSpool(undefined, async (spool, _clock, dir) => {
    spool.create().append("a");
    await Deno.remove(dir, { recursive: true });
    const file = spool.create();
    file.append("b");
    assert.equal(await file.read(), "b");
    await Deno.remove(dir, { recursive: true });
    assert.throws(() => file.append("c"), { code: "UNAVAILABLE", message: /^Cannot keep the result on disk: / });
    await Deno.writeTextFile(dir, "no folder");
    assert.throws(() => spool.create(), { code: "UNAVAILABLE" });
  });
});

Deno.test("pieces are read as one text, also when a character is cut in two", async () => {
  await withSpool(undefined, async (spool, _clock, dir) => {
    const file = spool.create();
    for (const piece of ['{"a":"', "\ud83d", "\ude00", "é", '"}']) file.append(piece);
    assert.equal(await file.read(), '{"a":"😀é"}');
    assert.equal(file.bytes, new TextEncoder().encode('{"a":"😀é"}').length);
    const [name] = files(dir);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(`${dir}/${name}`)).mode! & 0o777, 0o600);
      assert.equal((await Deno.stat(dir)).mode! & 0o777, 0o700);
    }
    file.remove();
    assert.deepEqual(files(dir), []);
  });
});

Deno.test("all files together stay within the limit, and a removed one makes room", async () => {
  await withSpool(10, (spool) => {
    const first = spool.create();
    first.append("12345678");
    const second = spool.create();
    assert.throws(() => second.append("12345"), { code: "UNAVAILABLE" });
    assert.equal(spool.bytes, 8);
    first.remove();
    second.append("12345");
    assert.equal(spool.bytes, 5);
  });
});

Deno.test("old files are swept, and what an earlier process left is removed at the start", async () => {
  await withSpool(undefined, (spool, clock, dir) => {
    spool.create().append("old");
    clock.advance(SPOOL_TTL_MS);
    spool.create().append("new");
    clock.advance(1);
    spool.sweep();
    assert.equal(files(dir).length, 1);
    new Spool(dir.replace(/\/node-results$/u, ""), clock);
    assert.throws(() => files(dir), Deno.errors.NotFound);
  });
});
