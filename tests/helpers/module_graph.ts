/** The module graph as Deno sees it, reduced to files of this project, and the source files on disk. */
import { ROOT } from "./gateway.ts";

export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** A type-only import leaves nothing at run time. */
  readonly typeOnly: boolean;
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly { readonly code?: Target; readonly type?: Target; readonly specifier: string }[];
  }[];
}
interface Target {
  readonly specifier?: string;
  readonly error?: string;
}

/** Every arrow reachable from `entries` (paths from the root). Throws when an import does not resolve. */
export async function moduleGraph(entries: readonly string[]): Promise<Arrow[]> {
  const graphs = await Promise.all(entries.map(arrowsFrom));
  const unique = new Map(graphs.flat().map((arrow) => [`${arrow.from} ${arrow.to} ${arrow.typeOnly}`, arrow]));
  return [...unique.values()];
}

async function arrowsFrom(entry: string): Promise<Arrow[]> {
  const { stdout, code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(`Cannot read module graph of "${entry}": ${new TextDecoder().decode(stderr)}`);
  const info: Info = JSON.parse(new TextDecoder().decode(stdout));
  return info.modules.flatMap((module) => {
    if (module.error) throw new Error(`Cannot read module "${module.specifier}": ${module.error}`);
    const from = local(module.specifier);
    if (from === undefined) return [];
    return (module.dependencies ?? []).flatMap((dependency) => {
      const target = dependency.code?.specifier ?? dependency.type?.specifier;
      if (target === undefined) throw new Error(`Cannot resolve "${dependency.specifier}" of "${from}"`);
      return [{ from, to: local(target) ?? target, typeOnly: dependency.code === undefined }];
    });
  });
}

/** The path from the root; undefined for packages and built-in modules. */
function local(specifier: string): string | undefined {
  const prefix = `file://${ROOT}`;
  if (!specifier.startsWith(prefix) || specifier.includes("/node_modules/")) return undefined;
  return specifier.slice(prefix.length);
}

/** Groups of files that import each other at run time (strongly connected, more than one file). */
export function cycles(arrows: readonly Arrow[]): string[][] {
  const next = Map.groupBy(arrows.filter((arrow) => !arrow.typeOnly), (arrow) => arrow.from);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const { to } of next.get(file) ?? []) {
      if (!index.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file) ?? 0, low.get(to) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group);
  };
  for (const file of next.keys()) if (!index.has(file)) visit(file);
  return found;
}

export interface SourceFile {
  /** From the root. */
  readonly path: string;
  readonly text: string;
}

/** The TypeScript files below these folders (or single files). */
export async function sources(folders: readonly string[]): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  const visit = async (path: string): Promise<void> => {
    const { isDirectory } = await Deno.stat(ROOT + path);
    if (!isDirectory) return void found.push({ path, text: await Deno.readTextFile(ROOT + path) });
    for await (const entry of Deno.readDir(ROOT + path)) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory && !/^(node_modules|dist|generated|fixtures)$/u.test(entry.name)) await visit(inside);
      else if (/\.tsx?$/u.test(entry.name)) await visit(inside);
    }
  };
  for (const folder of folders) await visit(folder);
  return found;
}

/** The source without comments, line structure kept: rules speak about code. Strings stay. */
export function withoutComments(text: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/gu;
  return text.replaceAll(token, (part) => part.startsWith("/") ? part.replaceAll(/[^\n]/gu, " ") : part);
}

/** `path:line: text` of every line that matches. */
export function matches(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    withoutComments(file.text).split("\n").flatMap((line, index) =>
      pattern.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}`] : []
    )
  );
}
