/** Serves a built page from memory. Only files that the build wrote are known; a path never reaches the disk. */
import type { Handler } from "hono";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  webmanifest: "application/manifest+json",
};

interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  readonly html: boolean;
}

export class StaticFiles {
  readonly #files = new Map<string, Promise<StaticFile>>();
  #names: ReadonlySet<string> | undefined;

  /** `root`: folder of the built files, as an absolute path. Read on first use. */
  constructor(private readonly root: string) {}

  /**
   * A handler for GET below `base`, such as `/node`; the base itself is index.html. Answers undefined names with 404 and a
   * missing build with 503.
   */
  handler(base = ""): Handler {
    return async (c) => {
      const name = c.req.path.slice(base.length + 1) || "index.html";
      const names = this.#names ??= await listNames(this.root);
      if (names.size === 0) return c.text("This page is not built. Run: deno task build\n", 503);
      if (!names.has(name)) return c.text("Not Found\n", 404);
      const file = await this.#read(name);
      const headers = {
        "Content-Type": file.type,
        "ETag": file.etag,
        "Cache-Control": file.html ? "no-store" : "no-cache",
      };
      if (c.req.header("if-none-match") === file.etag) return c.body(null, 304, headers);
      return c.body(file.bytes, 200, headers);
    };
  }

  #read(name: string): Promise<StaticFile> {
    let file = this.#files.get(name);
    if (!file) this.#files.set(name, file = load(`${this.root}/${name}`, name));
    return file;
  }
}

/** Names below `root`, with `/` where the build made folders. */
async function listNames(root: string, below = ""): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  try {
    for await (const entry of Deno.readDir(`${root}/${below}`)) {
      const name = below + entry.name;
      if (entry.isDirectory) { for (const inner of await listNames(root, `${name}/`)) names.add(inner); }
      else if (entry.isFile && TYPES[extension(entry.name)] !== undefined) names.add(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

async function load(path: string, name: string): Promise<StaticFile> {
  const bytes = await Deno.readFile(path);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 20);
  const type = TYPES[extension(name)] ?? "application/octet-stream";
  return { bytes, type, etag: `"${hash}"`, html: type.startsWith("text/html") };
}

const extension = (name: string): string => name.slice(name.lastIndexOf(".") + 1).toLowerCase();
