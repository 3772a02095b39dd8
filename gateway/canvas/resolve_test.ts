/** Tests of the way from a written path to a file. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeOnce, lookUp, openFile, parsePath } from "./resolve.ts";

/** A root with `site/page.html`, and a file beside the root that must stay unread. */
async function inRoot(action: (root: string, outside: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "ocgw-canvas-" });
  try {
    const root = join(dir, "root");
    await Deno.mkdir(join(root, "site"), { recursive: true });
    await Deno.writeTextFile(join(root, "site", "page.html"), "inside");
    await Deno.mkdir(join(dir, "outside"));
    await Deno.writeTextFile(join(dir, "outside", "page.html"), "SECRET");
    await action(root, join(dir, "outside"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function contentOf(root: string, path: string): Promise<string | undefined> {
  const opened = await openFile(root, path.split("/"));
  if (opened === undefined) return undefined;
  try {
    return await opened.handle.readFile("utf8");
  } finally {
    await opened.handle.close();
  }
}

Deno.test("plain names are taken, and nothing that could mean another place", () => {
  const ok = (text: string) => parsePath(text).ok;
  for (const path of ["", "index.html", "a/b/c.js", "über uns.html", "日本/ページ.html", "a..b", "100%.txt", "~x"]) {
    assert.ok(ok(path), path);
  }
  const bad = [
    "..",
    "../x",
    "a/../b",
    ".",
    "a/./b",
    ".env",
    "a/.git/config",
    "/etc/passwd",
    "a//b",
    "a/",
    "a\\b",
    "..\\x",
    "C:/x",
    "file.txt:stream",
    "a\0b",
    "a\nb",
    "a\u007f",
    "x.",
    "x ",
    "．．/x",
    "\u2024\u2024/x",
    "‥/x",
    "a／b",
    "a＼b",
    "\ud800",
    "n".repeat(256),
    "a/".repeat(40) + "b",
    "x".repeat(2_000),
  ];
  for (const path of bad) assert.ok(!ok(path), JSON.stringify(path));
  assert.ok(!parsePath("1/2/3/4/5/6/7/8/9", 8).ok);
  assert.deepEqual(parsePath("e\u0301.txt"), { ok: true, segments: ["\u00e9.txt"] }, "one spelling for one name");
});

Deno.test("a path is decoded once, and what is no UTF-8 is no path", () => {
  assert.equal(decodeOnce("a%20b"), "a b");
  assert.equal(decodeOnce("%252e%252e"), "%2e%2e");
  for (const raw of ["%c0%ae%c0%ae", "%c0%af", "%e0%80%af", "%ff", "%", "%2", "%zz"]) {
    assert.equal(decodeOnce(raw), undefined, raw);
  }
});

Deno.test("files are found and read; folders and missing names are told apart", () =>
  inRoot(async (root) => {
    assert.equal(await contentOf(root, "site/page.html"), "inside");
    assert.equal((await lookUp(root, ["site"])).kind, "directory");
    assert.equal((await lookUp(root, [])).kind, "directory");
    assert.equal((await lookUp(root, ["none"])).kind, "missing");
    assert.equal((await lookUp(root, ["site", "page.html", "x"])).kind, "missing");
    assert.equal((await lookUp(join(root, "none"), [])).kind, "missing");
  }));

Deno.test("links of every kind, pipes and second names are refused", () =>
  inRoot(async (root, outside) => {
    await Deno.symlink(join(outside, "page.html"), join(root, "file-link"));
    await Deno.symlink(outside, join(root, "folder-link"));
    await Deno.symlink("site/page.html", join(root, "inner-link"));
    await Deno.symlink("loop", join(root, "loop"));
    await Deno.link(join(outside, "page.html"), join(root, "hard-link"));
    await new Deno.Command("mkfifo", { args: [join(root, "pipe")] }).output();
    for (const path of ["file-link", "folder-link", "inner-link", "loop", "hard-link", "pipe"]) {
      assert.equal((await lookUp(root, [path])).kind, "refused", path);
      assert.equal(await contentOf(root, path), undefined, path);
    }
    assert.equal(await contentOf(root, "folder-link/page.html"), undefined);
  }));

Deno.test("a root that is a link itself is the owner's wish", () =>
  inRoot(async (root) => {
    await Deno.symlink(root, `${root}-link`);
    assert.equal(await contentOf(`${root}-link`, "site/page.html"), "inside");
  }));

/** Exchanges a folder for a link to the outside and back, as fast as it can, until it is killed. */
const SWAP = `
const [root, outside] = Deno.args;
Deno.symlinkSync(outside, root + "/other");
for (;;) {
  for (const [from, to] of [["site", "kept"], ["other", "site"], ["site", "other"], ["kept", "site"]]) {
    try { Deno.renameSync(root + "/" + from, root + "/" + to); } catch { /* the next round */ }
  }
}`;

Deno.test("a folder that is swapped for a link again and again never gives a file from outside", () =>
  inRoot(async (root, outside) => {
    const script = join(root, "..", "swap.ts");
    await Deno.writeTextFile(script, SWAP);
    const args = ["run", "--no-prompt", "--quiet", "--allow-read", "--allow-write", script, root, outside];
    const swapper = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "null" }).spawn();
    try {
      const seen = new Set<string | undefined>();
      let fooled = 0;
      const end = Date.now() + 3_000;
      while (Date.now() < end) {
        // What a reader gets that does not look: the swapping does happen.
        if (await Deno.readTextFile(join(root, "site", "page.html")).catch(() => "") === "SECRET") fooled++;
        const tries = Array.from({ length: 4 }, () => contentOf(root, "site/page.html"));
        for (const content of await Promise.all(tries)) seen.add(content);
      }
      assert.ok(!seen.has("SECRET"), "a file from outside was read");
      assert.ok(fooled > 0, "nothing was swapped");
    } finally {
      swapper.kill("SIGKILL");
      await swapper.status;
    }
  }));

Deno.test("a file in a folder that is written to is read in the end", () =>
  inRoot(async (root) => {
    let writing = true;
    const writes = (async () => {
      for (let count = 0; writing && count < 20; count++) {
        await Deno.writeTextFile(join(root, "site", `new-${count}`), "x");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    assert.equal(await contentOf(root, "site/page.html"), "inside");
    writing = false;
    await writes;
  }));
