/** Files that a node shows: inside its folders by real paths, and nothing else. */
import assert from "node:assert/strict";
import { NodeError } from "./error.ts";
import { Folders, isWithin } from "./folders.ts";

async function inFolders(action: (root: string, folders: Folders) => Promise<void>): Promise<void> {
  const base = await Deno.realPath(await Deno.makeTempDir({ prefix: "ocfold-" }));
  try {
    await Deno.mkdir(`${base}/root/state/identity`, { recursive: true });
    await Deno.mkdir(`${base}/root/..odd`);
    await Deno.mkdir(`${base}/other`);
    await Deno.writeTextFile(`${base}/root/a.txt`, "häh");
    await Deno.writeTextFile(`${base}/root/..odd/b`, "b");
    await Deno.writeTextFile(`${base}/root/state/identity/node.json`, "key");
    await Deno.writeTextFile(`${base}/other/secret`, "secret");
    await Deno.symlink(`${base}/other`, `${base}/root/folder-out`);
    await Deno.symlink(`${base}/other/secret`, `${base}/root/file-out`);
    await Deno.symlink(`${base}/root/a.txt`, `${base}/root/inside`);
    await Deno.symlink(`${base}/root/state`, `${base}/root/to-state`);
    await Deno.symlink(`${base}/root/loop`, `${base}/root/loop`);
    await action(`${base}/root`, new Folders([`${base}/root`], [`${base}/root/state`]));
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  const error = await attempt.then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof NodeError, String(error));
  return error.message;
};
const text = { maxBytes: 1000, encoding: "utf8" } as const;

Deno.test("only real paths inside the folders are read; links may stay inside", () =>
  inFolders(async (root, folders) => {
    assert.equal((await folders.read(`${root}/a.txt`, text)).text, "häh");
    assert.equal((await folders.read("inside", text)).path, `${root}/a.txt`);
    assert.equal((await folders.read("..odd/b", text)).text, "b");
    for (
      const path of [
        "../other/secret",
        "file-out",
        "folder-out/secret",
        `${root}/../other/secret`,
        "/etc/passwd",
        "state/identity/node.json",
        "to-state/identity/node.json",
      ]
    ) {
      assert.match(await refusal(folders.read(path, text)), /outside the folders/u, path);
    }
    assert.match(await refusal(folders.list("folder-out")), /outside the folders/u);
    assert.match(await refusal(folders.read("loop", text)), /Cannot use/u);
    assert.match(await refusal(folders.read("none", text)), /does not exist/u);
    assert.match(await refusal(folders.read("..odd", text)), /it is no file/u);
    assert.match(await refusal(folders.list("a.txt")), /it is no folder/u);
  }));

Deno.test("a list names what there is without following it, and leaves our own state out", () =>
  inFolders(async (root, folders) => {
    const { entries } = await folders.list(root);
    assert.deepEqual(entries.map(({ name, type }) => `${name} ${type}`), [
      "..odd directory",
      "a.txt file",
      "file-out link",
      "folder-out link",
      "inside link",
      "loop link",
      "to-state link",
    ]);
    assert.equal(entries[1]?.size, 4);
    assert.deepEqual((await folders.list(undefined)).entries, [{ name: root, type: "directory" }]);
  }));

Deno.test("a text that is cut ends at a whole character, bytes that are no text are asked for as base64", () =>
  inFolders(async (root, folders) => {
    const cut = await folders.read("a.txt", { maxBytes: 2, encoding: "utf8" });
    assert.deepEqual([cut.text, cut.truncated, cut.bytes, cut.size], ["h", true, 2, 4]);
    await Deno.writeFile(`${root}/bytes`, new Uint8Array([255, 0]));
    assert.match(await refusal(folders.read("bytes", text)), /encoding base64/u);
    assert.equal((await folders.read("bytes", { maxBytes: 9, encoding: "base64" })).base64, "/wA=");
  }));

Deno.test("without a folder nothing is shown, with several a path has to be whole", async () => {
  assert.match(await refusal(new Folders([], []).read("/etc/passwd", text)), /FILE_DISABLED/u);
  assert.match(await refusal(new Folders(["/a", "/b"], []).read("x", text)), /several folders/u);
});

Deno.test("within means the folder itself and what lies below it", () => {
  for (
    const [path, folder, expected] of [
      ["/a", "/a", true],
      ["/a/b", "/a", true],
      ["/ab", "/a", false],
      ["/a/..b", "/a", true],
      ["/", "/a", false],
      ["/x", "/", true],
    ] as const
  ) {
    assert.equal(isWithin(path, folder), expected, `${path} in ${folder}`);
  }
});
