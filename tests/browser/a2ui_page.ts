/** A server with the A2UI pages under the policy that the canvas host gives them, and a page that frames one of them. */
import type { Frame, Page } from "playwright-core";
import { join } from "node:path";
import { BuiltPages } from "../../gateway/canvas/built_pages.ts";
import { readTarget } from "../../gateway/canvas/target.ts";
import { ROOT } from "../helpers/gateway.ts";
import type { Visitor } from "./chromium.ts";

type Version = "v0.8" | "v0.9";
type Message = Readonly<Record<string, unknown>>;

/** A capability as the gateway gives them out. */
const PREFIX = `/__openclaw__/cap/${"a".repeat(43)}`;
const PARENT = `<!doctype html><meta charset="utf-8"><title>Parent</title><style>
  html, body { margin: 0; height: 100% } iframe { width: 100%; height: 100%; border: 0 }
</style><body></body>`;

/** Where the pages are, without the version. */
export const A2UI_PATH = `${PREFIX}/__openclaw__/a2ui/`;

/** Serves until it is disposed: the canvas host's own answers, without its doors. `asked`: the paths that were asked for. */
export class A2uiServer implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #pages = new BuiltPages(join(ROOT, "static", "dist"));
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => this.#answer(request),
  );
  readonly url = `http://127.0.0.1:${this.#server.addr.port}`;

  async #answer(request: Request): Promise<Response> {
    const { pathname, search, host } = new URL(request.url);
    this.asked.push(pathname);
    if (pathname === "/favicon.ico") return new Response(null, { status: 204 });
    if (pathname === "/") return new Response(PARENT, { headers: { "Content-Type": "text/html" } });
    const target = readTarget(pathname + search);
    const audience = { host, prefix: PREFIX, gatewayPort: undefined, publicUrl: undefined };
    if (target?.area === "bridge") return await this.#pages.bridge(target.file, audience);
    if (target?.area === "a2ui") return await this.#pages.a2ui(target, audience);
    return new Response("not found", { status: 404 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A parent page with one sandboxed A2UI frame, as WebChat and the node page have it. */
export class A2uiPage {
  private constructor(readonly page: Page, readonly frame: Frame) {}

  static async open(visitor: Visitor, server: A2uiServer, version: Version, theme: "light" | "dark" = "light") {
    const page = await visitor.open(server.url);
    const path = `${A2UI_PATH}?v=${version.slice(1)}`;
    await page.evaluate(async ({ src, theme }) => {
      const got: unknown[] = [];
      Object.assign(globalThis, { got });
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-scripts");
      frame.src = src;
      const ready = new Promise<void>((done) =>
        addEventListener("message", ({ source, data }) => {
          if (source !== frame.contentWindow) return;
          got.push(data);
          if (Reflect.get(Object(data), "type") === "ready") done();
        })
      );
      document.body.append(frame);
      await ready;
      const hello = { openclaw: 1, type: "hello", nonce: "n-1", theme, prefersReducedMotion: true };
      frame.contentWindow?.postMessage(hello, "*");
    }, { src: path, theme });
    const frame = page.frames().find((one) => one.url().endsWith(path));
    if (!frame) throw new Error("Cannot test: the frame is not there");
    return new A2uiPage(page, frame);
  }

  /** Sends to the frame with its nonce, which `message` may replace. */
  async send(message: Message): Promise<void> {
    await this.page.evaluate((sent) => {
      document.querySelector("iframe")?.contentWindow?.postMessage({ openclaw: 1, nonce: "n-1", ...sent }, "*");
    }, message);
  }

  /** Everything that the frame said, newest last. */
  async got(): Promise<readonly Record<string, unknown>[]> {
    return await this.page.evaluate(() => Reflect.get(globalThis, "got"));
  }

  /** The next thing of this type that the frame says, or has said. */
  async wait(type: string, id?: string): Promise<Record<string, unknown>> {
    const handle = await this.page.waitForFunction(
      ({ type, id }) =>
        Reflect.get(globalThis, "got").findLast((item: Record<string, unknown>) =>
          item["type"] === type && (id === undefined || item["id"] === id)
        ),
      { type, id },
    );
    return await handle.jsonValue();
  }

  /** Shows messages and returns the frame's answer. */
  async apply(messages: readonly unknown[]): Promise<Record<string, unknown>> {
    const id = crypto.randomUUID();
    await this.send({ type: "a2ui", id, messages });
    return await this.wait("result", id);
  }
}
