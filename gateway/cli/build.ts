/**
 * The program behind `deno task bundle`: makes static/dist/<page> of static/<page> for each page whose sources changed.
 * Started by itself, because it needs `--unstable-bundle`, which the gateway must not have.
 */
import { dirname, join, relative } from "node:path";
import { PROJECT_DIR } from "../config/paths.ts";
import { type PageEntry, WEB_PAGES } from "./build_pages.ts";
import { filesBelow, hashOf, withImports } from "./build_sources.ts";
import { streamSink } from "./output.ts";

export interface BuildOptions {
  readonly sourceDir: string;
  readonly outDir: string;
  readonly entries: readonly PageEntry[];
  /** Files to copy as they are: path → name in `outDir`. */
  readonly copies?: Readonly<Record<string, string>>;
  /** What decides about staleness beside the sources: the pinned packages. */
  readonly lockFile: string;
  readonly force?: boolean;
}

/** `scripts`: bytes of each bundle by its name. */
export type BuildResult = {
  readonly built: boolean;
  readonly files: number;
  readonly scripts: Readonly<Record<string, number>>;
};

const STAMP = ".stamp";
/** Files that a bundle holds or that are no part of the page. */
const NOT_COPIED = /\.(ts|tsx|md)$|(^|\/)\./u;

/** Bundles, copies what is no code, and writes the stamp last: a build that was cut off counts as stale. */
export async function buildPage(options: BuildOptions): Promise<BuildResult> {
  const { sourceDir, outDir, entries, copies = {} } = options;
  const own = entries.length === 0 ? [] : await filesBelow(sourceDir);
  for (const { from } of entries) {
    if (!own.includes(join(sourceDir, from))) {
      throw new Error(`Cannot build the web parts: "${join(sourceDir, from)}" is missing`);
    }
  }
  const stamp = await hashOf(
    [...await withImports(own), options.lockFile],
    PROJECT_DIR,
    JSON.stringify([entries, copies]),
  );
  if (!options.force && await readIfThere(join(outDir, STAMP)) === stamp) {
    return { built: false, files: 0, scripts: {} };
  }
  // Two builds at once, as of `deno task dev` beside `deno task test`, must not write into one folder.
  const temporary = `${outDir}.new-${Deno.pid}`;
  try {
    const scripts: Record<string, number> = {};
    for (const entry of entries) {
      scripts[entry.to] = await bundle(join(sourceDir, entry.from), join(temporary, entry.to), entry.format);
    }
    const copied = own.filter((path) => !NOT_COPIED.test(relative(sourceDir, path)));
    for (const path of copied) await copy(path, join(temporary, relative(sourceDir, path)));
    for (const [path, name] of Object.entries(copies)) await copy(path, join(temporary, name));
    await Deno.writeTextFile(join(temporary, STAMP), stamp);
    await putInPlace(temporary, outDir, stamp);
    return { built: true, files: copied.length + entries.length + Object.keys(copies).length, scripts };
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
  }
}

/** Replaces the old build. Another process that put the same build there first has done the work. */
async function putInPlace(temporary: string, outDir: string, stamp: string): Promise<void> {
  await Deno.remove(outDir, { recursive: true }).catch(() => {});
  try {
    await Deno.rename(temporary, outDir);
  } catch (error) {
    if (await readIfThere(join(outDir, STAMP)) !== stamp) throw error;
  }
}

/** Writes one minified script for browsers. Returns its size in bytes. */
async function bundle(entry: string, target: string, format: PageEntry["format"]): Promise<number> {
  const result = await Deno.bundle({
    entrypoints: [entry],
    outputPath: target,
    platform: "browser",
    format,
    minify: true,
    write: false,
  });
  if (!result.success) {
    throw new Error(`Cannot bundle "${entry}": ${result.errors.map(({ text }) => text).join("; ")}`);
  }
  const code = result.outputFiles?.[0]?.contents;
  if (code === undefined) throw new Error(`Cannot bundle "${entry}": the bundler wrote nothing`);
  await Deno.mkdir(dirname(target), { recursive: true });
  await Deno.writeFile(target, code);
  return code.length;
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.writeFile(to, await Deno.readFile(from));
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** `.dev/openclaw.json` for `deno task dev`: the built-in model, so that working on the gateway costs nothing. */
export async function writeDevConfig(dir: string): Promise<void> {
  await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  const config = { agents: { defaults: { model: { primary: "builtin/offline" } } } };
  try {
    await Deno.writeTextFile(join(dir, "openclaw.json"), `${JSON.stringify(config, null, 2)}\n`, {
      createNew: true,
      mode: 0o600,
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** The command line: `--force`, `--dev-config`. Returns the exit code. */
export async function buildMain(args: readonly string[]): Promise<number> {
  const [out, err] = [streamSink(Deno.stdout), streamSink(Deno.stderr)];
  try {
    if (args.includes("--dev-config")) await writeDevConfig(join(PROJECT_DIR, ".dev"));
    for (const page of WEB_PAGES) {
      const { built, files, scripts } = await buildPage({
        sourceDir: join(PROJECT_DIR, "static", page.name),
        outDir: join(PROJECT_DIR, "static", "dist", page.name),
        entries: page.entries,
        copies: Object.fromEntries(
          Object.entries(page.copies ?? {}).map(([path, name]) => [join(PROJECT_DIR, "node_modules", path), name]),
        ),
        lockFile: join(PROJECT_DIR, "deno.lock"),
        force: args.includes("--force"),
      });
      const sizes = Object.entries(scripts).map(([name, bytes]) => `${name} ${Math.ceil(bytes / 1024)} KiB`);
      if (built) out.write(`Built static/dist/${page.name}: ${[`${files} files`, ...sizes].join(", ")}\n`);
    }
    if (args.includes("--force")) out.write("For an executable of this gateway: deno task compile\n");
    return 0;
  } catch (error) {
    err.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

if (import.meta.main) Deno.exitCode = await buildMain(Deno.args);
