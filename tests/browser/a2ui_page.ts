/** A server with the A2UI pages under the policy that the canvas host gives them, and a page that frames one of them. */
import type { Frame, Page } from "playwright-core";
import { join } from "node:path";
import { ROOT } from "../helpers/gateway.ts";
import type { Visitor } from "./chromium.ts";

type Version = "v0.8" | "v0.9";
type Message = Readonly<Record<string, unknown>>;

const FOLDER = join(ROOT, "static", "dist", "a2ui");
const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" };
const PARENT = `<!doctype html><meta charset="utf-8"><title>Parent</title><style>
  html, body { margin: 0; height: 100% } iframe { width: 100%; height: 100%; border: 0 }
</style><body></body>`;

/** What the canvas host answers with (gateway/canvas/headers.ts), without a capability in the path. */
function policy(version: Version, host: string): string {
  const own = `http://${host}/__openclaw__/`;
  const attributes = version === "v0.8" ? "; style-src-attr 'unsafe-inline'" : "";
  return `sandbox allow-scripts; default-src 'none'; script-src ${own}; style-src ${own}${attributes}; ` +
    `img-src ${own} data:; font-src ${own}; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`;
}

/** Serves until it is disposed. `asked`: the paths that were asked for. */
export class A2uiServer implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => this.#answer(request),
  );
  readonly url = `http://127.0.0.1:${this.#server.addr.port}`;

  async #answer(request: Request): Promise<Response> {
    const { pathname, host } = new URL(request.url);
    this.asked.push(pathname);
    if (pathname === "/favicon.ico") return new Response(null, { status: 204 });
    if (pathname === "/") return new Response(PARENT, { headers: { "Content-Type": "text/html" } });
    const name = pathname.split("/").at(-1) ?? "";
    const version = name.startsWith("v0_8") ? "v0.8" : "v0.9";
    const bytes = await Deno.readFile(join(FOLDER, name)).catch(() => undefined);
    if (!bytes) return new Response("not found", { status: 404 });
    const headers = {
      "Content-Type": TYPES[name.split(".").at(-1) ?? ""] ?? "",
      "Content-Security-Policy": policy(version, host),
      "Cross-Origin-Resource-Policy": "cross-origin",
    };
    return new Response(bytes, { headers });
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
    const file = version === "v0.8" ? "v0_8.html" : "v0_9.html";
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
    }, { src: `/__openclaw__/a2ui/${file}`, theme });
    const frame = page.frames().find((one) => one.url().includes(file));
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
