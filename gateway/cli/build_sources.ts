/** Which files a web part is made of, and their hash: what decides whether it has to be built again. */
import { dirname, join, relative } from "node:path";

const CODE = /\.tsx?$/u;
/** Relative modules that code imports or exports from; types are left out, since they are no part of a bundle. */
const RELATIVE_IMPORT = /\b(?:import|export)\s+(?!type\b)(?:[^"';]*?\bfrom\s+)?["'](\.{1,2}\/[^"']+)["']/gu;

/** Every file below `dir`, sorted, tests left out: they are no part of the page. */
export async function filesBelow(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) found.push(...await filesBelow(path));
    else if (entry.isFile && !/_test\.tsx?$/u.test(entry.name)) found.push(path);
  }
  return found.sort();
}

/** `files`, and what their code imports from elsewhere in the project. A missing import is the bundler's to report. */
export async function withImports(files: readonly string[]): Promise<string[]> {
  const found = new Set(files);
  for (const path of found) {
    if (!CODE.test(path)) continue;
    for (const [, specifier] of (await Deno.readTextFile(path)).matchAll(RELATIVE_IMPORT)) {
      const target = join(dirname(path), specifier ?? "");
      if (await Deno.stat(target).then(({ isFile }) => isFile, () => false)) found.add(target);
    }
  }
  return [...found].sort();
}

/** SHA-256 over `recipe` and the names (below `base`) and contents of the files. */
export async function hashOf(paths: readonly string[], base: string, recipe: string): Promise<string> {
  const parts = await Promise.all(paths.map(async (path) => {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
    return `${relative(base, path)} ${new Uint8Array(digest).toHex()}`;
  }));
  const text = [recipe, ...parts].join("\n");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}
