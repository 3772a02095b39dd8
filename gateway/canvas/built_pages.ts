/** The built files of the canvas host: the bridge, and the A2UI pages. Read from the build alone, kept in memory. */
import { contentType, isHtml } from "./content_type.ts";
import { type Audience, type Content, responseHeaders } from "./headers.ts";
import { text, withBridge } from "./serve.ts";
import type { CanvasTarget } from "./target.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** `folder`: of the built web parts, with `canvas` and `a2ui` in it. */
export class BuiltPages {
  readonly #files = new Map<string, Promise<Bytes | undefined>>();
  constructor(private readonly folder: string) {}

  /** `bridge.js` or `snapshot.js`. */
  async bridge(file: string, audience: Audience): Promise<Response> {
    const bytes = await this.#read(`canvas/${file}`);
    if (bytes === undefined) return text("The bridge is not built. Run: deno task build\n", 503, audience);
    return answer(bytes, file, "canvas", audience);
  }

  /** The renderer's page, by default that of v0.8; beside it only the files that lie flat in its folder. */
  async a2ui(target: Extract<CanvasTarget, { area: "a2ui" }>, audience: Audience): Promise<Response> {
    const version = new URLSearchParams(target.search).get("v") ?? "0.8";
    const page = VERSIONS.get(version);
    if (page === undefined) return text("not found", 404, audience);
    const index = target.segments.length === 0 || target.segments.join("/") === "index.html";
    const name = index ? `${page}.html` : target.segments[0] ?? "";
    if (!index && (target.segments.length > 1 || target.folder || !/^[a-z0-9_-]+\.[a-z0-9]+$/iu.test(name))) {
      return text("not found", 404, audience);
    }
    const bytes = await this.#read(`a2ui/${name}`);
    if (bytes !== undefined) {
      return answer(bytes, name, (index ? page : name).startsWith("v0_9") ? "a2ui-v0.9" : "a2ui-v0.8", audience);
    }
    return index ? text("A2UI assets not found", 503, audience) : text("not found", 404, audience);
  }

  #read(path: string): Promise<Bytes | undefined> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = Deno.readFile(`${this.folder}/${path}`).catch((error: unknown) => {
      // Asked for again after the next build; and a name that is no file takes no room.
      this.#files.delete(path);
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    this.#files.set(path, file);
    return file;
  }
}

const VERSIONS: ReadonlyMap<string, string> = new Map([
  ["0.8", "v0_8"],
  ["v0.8", "v0_8"],
  ["0.9", "v0_9"],
  ["v0.9", "v0_9"],
]);

function answer(bytes: Bytes, name: string, content: Content, audience: Audience): Response {
  const type = contentType(name);
  const headers = { ...responseHeaders(content, audience), "Content-Type": type };
  return new Response(isHtml(type) ? withBridge(bytes, audience.prefix, false) : bytes, { headers });
}
