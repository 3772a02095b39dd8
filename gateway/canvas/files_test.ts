/** Tests of the agent's canvas files. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { CANVAS_LIMITS, type CanvasLimits, createCanvasFiles } from "./files.ts";
import type { CanvasFiles } from "./types.ts";

type Change = Partial<CanvasLimits>;

async function withFiles(
  action: (files: CanvasFiles, dir: string, again: () => CanvasFiles) => Promise<void>,
  limits: Change = {},
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "ocgw-canvas-" });
  try {
    const make = () =>
      createCanvasFiles({
        root: join(dir, "root"),
        historyDir: join(dir, "history"),
        clock: new FakeClock(),
        limits: { ...CANVAS_LIMITS, ...limits },
      });
    await action(make(), dir, make);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const refused = (promise: Promise<unknown>, pattern: RegExp) =>
  assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, "INVALID_REQUEST");
    assert.match(error.message, pattern);
    return true;
  });

Deno.test("a file is written, listed, read, patched and removed; empty folders go with it", () =>
  withFiles(async (files, dir) => {
    const entry = await files.write("report/week/index.html", "<h1>Week</h1>");
    assert.deepEqual([entry.path, entry.bytes], ["report/week/index.html", 13]);
    await files.write("a.txt", new Uint8Array([104, 105]));
    assert.deepEqual((await files.list()).map(({ path }) => path), ["a.txt", "report/week/index.html"]);
    assert.deepEqual((await files.list("report")).map(({ path }) => path), ["report/week/index.html"]);
    assert.equal(await files.read("a.txt"), "hi");
    await files.patch("report/week/index.html", "Week", "Month");
    assert.equal(await files.read("report/week/index.html"), "<h1>Month</h1>");
    await files.remove("report/week/index.html");
    assert.deepEqual((await files.list()).map(({ path }) => path), ["a.txt"]);
    await assert.rejects(Deno.lstat(join(dir, "root", "report")), Deno.errors.NotFound);
    assert.equal((await Deno.stat(join(dir, "root"))).mode! & 0o777, 0o700);
    assert.equal((await Deno.stat(join(dir, "root", "a.txt"))).mode! & 0o777, 0o600);
  }));

Deno.test("paths that lead out, hidden names, links and folders are refused with a sentence", () =>
  withFiles(async (files, dir) => {
    await files.write("ok.txt", "ok");
    for (
      const path of ["../x", "/etc/passwd", "a/../../x", ".env", "a/.git/x", "a\\b", "x\0", "", "1/2/3/4/5/6/7/8/9"]
    ) {
      await refused(files.write(path, "x"), /^Cannot write ".*": /u);
      await refused(files.read(path), /^Cannot read ".*": /u);
      await refused(files.remove(path), /^Cannot remove ".*": /u);
    }
    await Deno.writeTextFile(join(dir, "outside"), "outside");
    await Deno.symlink(join(dir, "outside"), join(dir, "root", "link"));
    await Deno.symlink(dir, join(dir, "root", "folder"));
    await refused(files.read("link"), /links and special files/u);
    await refused(files.write("link", "changed"), /links and special files/u);
    await refused(files.remove("link"), /links and special files/u);
    await refused(files.write("folder/outside", "changed"), /links and special files/u);
    await refused(files.write("folder/new", "changed"), /links and special files/u);
    await refused(files.list("folder"), /no such folder/u);
    assert.equal(await Deno.readTextFile(join(dir, "outside")), "outside");
    await Deno.mkdir(join(dir, "root", "sub"));
    await refused(files.write("sub", "x"), /it is a folder/u);
    await refused(files.write("ok.txt/x", "x"), /it is no folder/u);
    assert.deepEqual((await files.list()).map(({ path }) => path), ["ok.txt"], "links are not listed");
  }));

Deno.test("a patch must find its text exactly once, in a text", () =>
  withFiles(async (files) => {
    await files.write("a.txt", "one two one");
    await refused(files.patch("a.txt", "one", "1"), /more than once/u);
    await refused(files.patch("a.txt", "three", "3"), /not in the file/u);
    await refused(files.patch("a.txt", "", "3"), /is empty/u);
    await refused(files.patch("none.txt", "a", "b"), /no such file/u);
    await files.write("b.bin", new Uint8Array([0xff, 0xfe, 0]));
    await refused(files.patch("b.bin", "a", "b"), /no text/u);
    await refused(files.read("b.bin"), /no text/u);
    await files.patch("a.txt", "two", "$& $1");
    assert.equal(await files.read("a.txt"), "one $& $1 one", "the replacement is taken as it is");
  }));

Deno.test("sizes and numbers have limits, and the sentence says which", () =>
  withFiles(async (files) => {
    await refused(files.write("big", "x".repeat(101)), /would have 101 bytes, and a file has at most 100/u);
    await files.write("1", "x".repeat(100));
    await refused(files.read("1", 50), /has 100 bytes, and at most 50/u);
    await refused(files.read("1"), /at most 80/u);
    await files.write("2", "x".repeat(100));
    await refused(files.write("3", "x".repeat(60)), /the canvas would have 260 bytes, and at most 250/u);
    await files.write("3", "");
    await refused(files.write("4", ""), /has 3 files already/u);
    await files.write("3", "x".repeat(50));
  }, { fileBytes: 100, files: 3, totalBytes: 250, readBytes: 80 }));

Deno.test("changes are taken back one by one, of one file or of any, after a restart too", () =>
  withFiles(async (files, _dir, again) => {
    await files.write("a.txt", "first");
    await files.write("b.txt", "b");
    await files.patch("a.txt", "first", "second");
    await files.remove("b.txt");
    const next = again();
    assert.deepEqual(await next.undo("a.txt"), { path: "a.txt", change: "patch" });
    assert.equal(await next.read("a.txt"), "first");
    assert.deepEqual(await next.undo(), { path: "b.txt", change: "remove" });
    assert.equal(await next.read("b.txt"), "b");
    assert.deepEqual(await next.undo(), { path: "b.txt", change: "write" });
    assert.deepEqual(await next.undo(), { path: "a.txt", change: "write" });
    assert.deepEqual(await next.list(), []);
    assert.equal(await next.undo(), undefined);
  }));

Deno.test("a file that somebody else has changed since is left alone", () =>
  withFiles(async (files, dir) => {
    await files.write("a.txt", "agent");
    await Deno.writeTextFile(join(dir, "root", "a.txt"), "person");
    await refused(files.undo(), /somebody else has changed the file since/u);
    assert.equal(await files.read("a.txt"), "person");
  }));

Deno.test("a change that was recorded and never made is passed over", () =>
  withFiles(async (files, dir, again) => {
    await files.write("a.txt", "one");
    await files.write("a.txt", "two");
    await Deno.writeTextFile(join(dir, "root", "a.txt"), "one");
    const next = again();
    assert.deepEqual(await next.undo(), { path: "a.txt", change: "write" });
    assert.deepEqual(await next.list(), []);
  }));

Deno.test("the history keeps the newest changes within its limits, and a torn record does not count", () =>
  withFiles(async (files, dir, again) => {
    for (let count = 0; count < 6; count++) await files.write("a.txt", `${count}`.repeat(10));
    const kept = [...Deno.readDirSync(join(dir, "history"))].filter(({ name }) => name.endsWith(".json"));
    assert.equal(kept.length, 3);
    await Deno.writeTextFile(join(dir, "history", "0000000099.json"), '{"path":"a.t');
    await Deno.writeTextFile(join(dir, "history", "0000000098.before"), "left over");
    const next = again();
    for (const digit of [4, 3, 2]) {
      await next.undo();
      assert.equal(await next.read("a.txt"), `${digit}`.repeat(10));
    }
    assert.equal(await next.undo(), undefined);
    assert.deepEqual([...Deno.readDirSync(join(dir, "history"))], []);
  }, { history: { changes: 3, bytes: 1_000 } }));

Deno.test("the bytes of the history are limited too", () =>
  withFiles(async (files) => {
    for (let count = 0; count < 5; count++) await files.write("a.txt", "x".repeat(40 + count));
    assert.ok(await files.undo());
    assert.ok(await files.undo());
    assert.equal(await files.undo(), undefined);
  }, { history: { changes: 50, bytes: 90 } }));

Deno.test("many changes at once happen one after the other and leave no temporary file", () =>
  withFiles(async (files, dir) => {
    await files.write("a.txt", "0");
    await Promise.all(Array.from({ length: 20 }, (_, index) => files.write(`f${index}.txt`, "x")));
    await Promise.all([files.patch("a.txt", "0", "1"), files.patch("a.txt", "1", "2")]);
    assert.equal(await files.read("a.txt"), "2");
    const hidden = [...Deno.readDirSync(join(dir, "root"))].filter(({ name }) => name.startsWith("."));
    assert.deepEqual(hidden, []);
  }));
