/** Tests of the web build's staleness. Bundling itself runs in every `deno task gateway` and `deno task test`. */
import assert from "node:assert/strict";
import { PROJECT_DIR } from "../config/paths.ts";

async function inTempDir(action: (dir: string) => Promise<void>): Promise<void> {
  const parent = `${PROJECT_DIR}/static/dist`;
  await Deno.mkdir(parent, { recursive: true });
  const dir = await Deno.makeTempDir({ dir: parent });
  try {
    await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const MAIN = { from: "main.tsx", to: "app.js", format: "esm" };

/** The build needs --unstable-bundle, so it runs as the program that it is. */
async function build(dir: string, { entries = [MAIN], copies = {}, force = false } = {}) {
  const script = `
    import { buildPage } from ${JSON.stringify(`file://${PROJECT_DIR}/gateway/cli/build.ts`)};
    const result = await buildPage({
      sourceDir: "${dir}/src", outDir: "${dir}/out", lockFile: "${dir}/lock", force: ${force},
      entries: ${JSON.stringify(entries)}, copies: ${JSON.stringify(copies)},
    });
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result)));
  `;
  await Deno.writeTextFile(`${dir}/run.ts`, script);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--unstable-bundle",
      `--allow-read=${PROJECT_DIR}`,
      `--allow-write=${dir}`,
      `${dir}/run.ts`,
    ],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr), ...JSON.parse(new TextDecoder().decode(stdout) || "{}") };
}

Deno.test("a build is made once, again when a source or the lock changes, and holds page files but no tests", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/src/sub`, { recursive: true });
    await Deno.writeTextFile(`${dir}/src/main.tsx`, 'import { x } from "./sub/x.ts"; document.title = x;');
    await Deno.writeTextFile(`${dir}/src/sub/x.ts`, 'export const x: string = "one";');
    await Deno.writeTextFile(`${dir}/src/sub/x_test.ts`, "");
    await Deno.writeTextFile(`${dir}/src/index.html`, "<p>");
    await Deno.writeTextFile(`${dir}/lock`, "1");
    const first = await build(dir);
    assert.equal(first.built, true, first.stderr);
    assert.match(await Deno.readTextFile(`${dir}/out/app.js`), /one/u);
    assert.deepEqual([...Deno.readDirSync(`${dir}/out`)].map(({ name }) => name).sort(), [
      ".stamp",
      "app.js",
      "index.html",
    ]);
    assert.equal((await build(dir)).built, false);
    await Deno.writeTextFile(`${dir}/src/sub/x.ts`, 'export const x: string = "two";');
    assert.equal((await build(dir)).built, true);
    assert.match(await Deno.readTextFile(`${dir}/out/app.js`), /two/u);
    await Deno.writeTextFile(`${dir}/lock`, "2");
    assert.equal((await build(dir)).built, true);
  }));

Deno.test("a source with a mistake keeps the old build and says what is wrong", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/src`);
    await Deno.mkdir(`${dir}/out`);
    await Deno.writeTextFile(`${dir}/out/app.js`, "old");
    await Deno.writeTextFile(`${dir}/lock`, "1");
    await Deno.writeTextFile(`${dir}/src/main.tsx`, 'import "./nowhere.ts";');
    const { code, stderr } = await build(dir);
    assert.notEqual(code, 0);
    assert.match(stderr, /nowhere/u);
    assert.equal(await Deno.readTextFile(`${dir}/out/app.js`), "old");
  }));

Deno.test("what a page imports from elsewhere decides about it too; what it imports as a type does not", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/src`);
    await Deno.mkdir(`${dir}/shared`);
    await Deno.writeTextFile(`${dir}/lock`, "1");
    await Deno.writeTextFile(`${dir}/shared/deep.ts`, "export const deep = 1;");
    await Deno.writeTextFile(`${dir}/shared/x.ts`, 'export * from "./deep.ts";');
    await Deno.writeTextFile(`${dir}/shared/t.ts`, "export type T = number;");
    await Deno.writeTextFile(
      `${dir}/src/main.tsx`,
      'import {\n  deep,\n} from "../shared/x.ts";\nimport type { T } from "../shared/t.ts";\nconst t: T = deep; document.title = `${t}`;',
    );
    assert.equal((await build(dir)).built, true);
    await Deno.writeTextFile(`${dir}/shared/t.ts`, "export type T = number | 2;");
    assert.equal((await build(dir)).built, false);
    await Deno.writeTextFile(`${dir}/shared/deep.ts`, "export const deep = 2;");
    assert.equal((await build(dir)).built, true);
  }));

Deno.test("a page of several scripts: each is its own file, classic ones without import or export", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/src`);
    await Deno.writeTextFile(`${dir}/lock`, "1");
    await Deno.writeTextFile(`${dir}/src/a.ts`, 'import { x } from "./x.ts"; export const a = x; document.title = a;');
    await Deno.writeTextFile(`${dir}/src/b.ts`, 'import { x } from "./x.ts"; document.title = x;');
    await Deno.writeTextFile(`${dir}/src/x.ts`, 'export const x = "shared";');
    const entries = [
      { from: "a.ts", to: "a.js", format: "iife" },
      { from: "b.ts", to: "b.js", format: "esm" },
    ];
    const { scripts, stderr } = await build(dir, { entries });
    assert.deepEqual(Object.keys(scripts ?? {}), ["a.js", "b.js"], stderr);
    assert.doesNotMatch(await Deno.readTextFile(`${dir}/out/a.js`), /\b(import|export)\b/u);
    assert.match(await Deno.readTextFile(`${dir}/out/b.js`), /shared/u);
    const missing = await build(dir, { entries: [...entries, { from: "c.ts", to: "c.js", format: "esm" }] });
    assert.match(missing.stderr, /c\.ts" is missing/u);
  }));

Deno.test("files of packages are copied as they are, also where there is no page", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/lock`, "1");
    await Deno.writeTextFile(`${dir}/package.json`, '{"a": 1}');
    const copies = { [`${dir}/package.json`]: "schema.json" };
    const first = await build(dir, { entries: [], copies });
    assert.deepEqual([first.built, first.files], [true, 1], first.stderr);
    assert.equal(await Deno.readTextFile(`${dir}/out/schema.json`), '{"a": 1}');
    assert.equal((await build(dir, { entries: [], copies })).built, false);
  }));
