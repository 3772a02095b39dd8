/**
 * The program behind `deno task bundle`: bundles static/webchat into static/dist/webchat when the sources changed.
 * Started by itself, because it needs `--unstable-bundle`, which the gateway must not have.
 */
import { join, relative } from "node:path";
import { PROJECT_DIR } from "../config/paths.ts";
import { streamSink } from "./output.ts";

export interface BuildOptions {
  readonly sourceDir: string;
  readonly outDir: string;
  /** What decides about staleness beside the sources: the pinned packages. */
  readonly lockFile: string;
  readonly force?: boolean;
}

export type BuildResult = { readonly built: boolean; readonly files: number; readonly bytes: number };

const ENTRY = "main.tsx";
const STAMP = ".stamp";
/** Files that the bundle holds or that are no part of the page. */
const NOT_COPIED = /\.(ts|tsx|md)$|(^|\/)\./u;

/** Bundles, copies what is no code, and writes the stamp last: a build that was cut off counts as stale. */
export async function buildWeb(options: BuildOptions): Promise<BuildResult> {
  const { sourceDir, outDir } = options;
  const sources = await filesBelow(sourceDir);
  if (!sources.includes(join(sourceDir, ENTRY))) {
    throw new Error(`Cannot build the web parts: "${join(sourceDir, ENTRY)}" is missing`);
  }
  const stamp = await hashOf([...sources, options.lockFile]);
  if (!options.force && await readIfThere(join(outDir, STAMP)) === stamp) return { built: false, files: 0, bytes: 0 };
  const temporary = `${outDir}.new`;
  await Deno.remove(temporary, { recursive: true }).catch(() => {});
  await Deno.mkdir(temporary, { recursive: true });
  const bytes = await bundle(join(sourceDir, ENTRY), join(temporary, "app.js"));
  const copied = sources.filter((path) => !NOT_COPIED.test(relative(sourceDir, path)));
  for (const path of copied) await copy(path, join(temporary, relative(sourceDir, path)));
  await Deno.writeTextFile(join(temporary, STAMP), stamp);
  await Deno.remove(outDir, { recursive: true }).catch(() => {});
  await Deno.rename(temporary, outDir);
  return { built: true, files: copied.length + 1, bytes };
}

/** Writes one minified module for browsers. Returns its size in bytes. */
async function bundle(entry: string, target: string): Promise<number> {
  const result = await Deno.bundle({
    entrypoints: [entry],
    outputPath: target,
    platform: "browser",
    format: "esm",
    minify: true,
    write: false,
  });
  if (!result.success) {
    throw new Error(`Cannot bundle "${entry}": ${result.errors.map(({ text }) => text).join("; ")}`);
  }
  const code = result.outputFiles?.[0]?.contents;
  if (code === undefined) throw new Error(`Cannot bundle "${entry}": the bundler wrote nothing`);
  await Deno.writeFile(target, code);
  return code.length;
}

/** Every file below `dir`, sorted, tests left out: they are no part of the page. */
async function filesBelow(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) found.push(...await filesBelow(path));
    else if (entry.isFile && !/_test\.tsx?$/u.test(entry.name)) found.push(path);
  }
  return found.sort();
}

/** SHA-256 over names and contents. */
async function hashOf(paths: readonly string[]): Promise<string> {
  const parts = await Promise.all(paths.map(async (path) => {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
    return `${relative(PROJECT_DIR, path)} ${new Uint8Array(digest).toHex()}`;
  }));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\n")))).toHex();
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(join(to, ".."), { recursive: true });
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
    const { built, files, bytes } = await buildWeb({
      sourceDir: join(PROJECT_DIR, "static", "webchat"),
      outDir: join(PROJECT_DIR, "static", "dist", "webchat"),
      lockFile: join(PROJECT_DIR, "deno.lock"),
      force: args.includes("--force"),
    });
    if (built) out.write(`Built static/dist/webchat: ${files} files, app.js ${Math.ceil(bytes / 1024)} KiB\n`);
    if (args.includes("--force")) out.write("For an executable of this gateway: deno task compile\n");
    return 0;
  } catch (error) {
    err.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

if (import.meta.main) Deno.exitCode = await buildMain(Deno.args);
