/** Answers one request for a canvas file: folder pages, the bridge in HTML, ranges, and nothing that is no plain file. */
import { contentType, isHtml } from "./content_type.ts";
import { type Audience, responseHeaders } from "./headers.ts";
import { readRange } from "./range.ts";
import { lookUp, type OpenedFile, openFile } from "./resolve.ts";
import type { CanvasTarget } from "./target.ts";

export type FileTarget = Extract<CanvasTarget, { segments: readonly string[] }>;

export interface ServeDeps {
  readonly root: string;
  /** Whether pages reload when a file changes. */
  readonly liveReload: boolean;
}

/** Files that are sent at the same time; a slow reader holds one open. */
const MAX_OPEN = 128;
const PIECE_BYTES = 64 * 1024;
/** A larger page is sent as it is, without the bridge. */
const MAX_HTML_BYTES = 8 * 1024 * 1024;

export class CanvasPages {
  #open = 0;
  constructor(private readonly deps: ServeDeps) {}

  /** `request` is GET or HEAD. */
  async serve(request: Request, target: FileTarget, audience: Audience): Promise<Response> {
    const place = await lookUp(this.deps.root, target.segments);
    if (place.kind === "directory") return await this.#folder(request, target, audience);
    if (place.kind !== "file" || target.folder) return missing(target, audience);
    return await this.#file(request, target.segments, target, audience);
  }

  async #folder(request: Request, target: FileTarget, audience: Audience): Promise<Response> {
    // Relative addresses in the page count from its folder only after a slash.
    if (!target.folder) return redirect(`${pathOf(target)}/${target.search}`, audience);
    return await this.#file(request, [...target.segments, "index.html"], target, audience);
  }

  async #file(request: Request, segments: readonly string[], target: FileTarget, audience: Audience) {
    if (this.#open >= MAX_OPEN) return text("busy\n", 503, audience, { "Retry-After": "1" });
    this.#open++;
    const close = once(() => this.#open--);
    try {
      const file = await openFile(this.deps.root, segments);
      if (file === undefined) {
        close();
        return missing(target, audience);
      }
      return await this.#answer(request, segments.at(-1) ?? "", file, audience, close);
    } catch (error) {
      close();
      throw error;
    }
  }

  async #answer(request: Request, name: string, file: OpenedFile, audience: Audience, done: () => void) {
    const type = contentType(name);
    const headers = { ...responseHeaders("canvas", audience), "Content-Type": type };
    const end = async () => {
      done();
      await file.handle.close();
    };
    try {
      if (isHtml(type) && file.bytes <= MAX_HTML_BYTES) {
        const page = withBridge(new Uint8Array(await file.handle.readFile()), audience.prefix, this.deps.liveReload);
        await end();
        return body(request, headers, page.length, (start, stop) => page.subarray(start, stop + 1));
      }
      const answer = body(request, headers, file.bytes, (start, stop) => streamOf(file, start, stop, end));
      if (answer.body === null) await end();
      return answer;
    } catch (error) {
      await end().catch(() => {});
      throw error;
    }
  }
}

/** The whole or one range of `size` bytes; `bytes` is asked only when the answer has a body. */
function body(
  request: Request,
  headers: Record<string, string>,
  size: number,
  bytes: (start: number, end: number) => Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
): Response {
  const range = readRange(
    request.headers.get("range") ?? undefined,
    request.headers.get("if-range") ?? undefined,
    size,
  );
  const common = { ...headers, "Accept-Ranges": "bytes" };
  if (range.kind === "unsatisfiable") {
    return new Response(null, {
      status: 416,
      headers: { ...common, "Content-Range": `bytes */${size}`, "Content-Length": "0" },
    });
  }
  const { start, end } = range.kind === "part" ? range : { start: 0, end: size - 1 };
  const length = { "Content-Length": String(end - start + 1) };
  const part = range.kind === "part" ? { "Content-Range": `bytes ${start}-${end}/${size}` } : {};
  const content = request.method === "HEAD" || size === 0 ? null : bytes(start, end);
  return new Response(content, {
    status: range.kind === "part" ? 206 : 200,
    headers: { ...common, ...length, ...part },
  });
}

/** Reads the file piece by piece as the client takes it. `end` is called once, whatever happens. */
function streamOf(
  { handle }: OpenedFile,
  start: number,
  last: number,
  end: () => Promise<void>,
): ReadableStream<Uint8Array> {
  let at = start;
  const finish = once(() => void end().catch(() => {}));
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const piece = new Uint8Array(Math.min(PIECE_BYTES, last + 1 - at));
        const { bytesRead } = await handle.read(piece, 0, piece.length, at);
        // Shorter than announced: the connection is cut, so that nobody takes the part for the whole.
        if (bytesRead === 0) throw new Error("Cannot send the file: it became shorter");
        at += bytesRead;
        controller.enqueue(piece.subarray(0, bytesRead));
        if (at > last) {
          controller.close();
          finish();
        }
      } catch (error) {
        finish();
        controller.error(error);
      }
    },
    cancel: finish,
  }, { highWaterMark: 0 });
}

/** Inserted before the last `</body>`, else appended. Other bytes stay as they are, whatever their encoding. */
export function withBridge(
  page: Uint8Array<ArrayBuffer>,
  prefix: string,
  liveReload: boolean,
): Uint8Array<ArrayBuffer> {
  const reload = liveReload ? " data-reload" : "";
  const tag = new TextEncoder().encode(`<script src="${prefix}/__openclaw__/bridge.js"${reload}></script>`);
  // Latin-1 keeps one character a byte, so that the index is one of bytes.
  const at = new TextDecoder("latin1").decode(page).toLowerCase().lastIndexOf("</body>");
  const cut = at === -1 ? page.length : at;
  const all = new Uint8Array(page.length + tag.length);
  all.set(page.subarray(0, cut));
  all.set(tag, cut);
  all.set(page.subarray(cut), cut + tag.length);
  return all;
}

/** A short answer in plain text. */
export function text(message: string, status: number, audience: Audience, more: Record<string, string> = {}): Response {
  const headers = { ...responseHeaders("text", audience), "Content-Type": "text/plain; charset=utf-8", ...more };
  return new Response(message, { status, headers });
}

export function redirect(location: string, audience: Audience): Response {
  return new Response(null, { status: 302, headers: { ...responseHeaders("text", audience), Location: location } });
}

function missing(target: FileTarget, audience: Audience): Response {
  if (!target.folder) return text("not found", 404, audience);
  const file = [...target.segments, "index.html"].join("/");
  const page = `<!doctype html><meta charset="utf-8"><title>Nothing here yet</title>` +
    `<p>There is no page here. Create <code>${escape(file)}</code> below the canvas root.`;
  const headers = { ...responseHeaders("text", audience), "Content-Type": "text/html; charset=utf-8" };
  return new Response(page, { status: 404, headers });
}

/** A folder's own address, without its last slash. */
export const pathOf = ({ prefix, area, segments }: FileTarget): string =>
  `${prefix}/__openclaw__/${[area, ...segments].map(encodeURIComponent).join("/")}`;

const escape = (words: string): string => words.replace(/[&<>"']/gu, (sign) => `&#${sign.codePointAt(0)};`);

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
