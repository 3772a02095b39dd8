/** What a canvas command names: a page below the canvas root, a page of the web, or the A2UI surfaces. */
import { type Fields, fields, word } from "../../client/read.ts";
import { invalid } from "../host/failure.ts";

export type A2uiVersion = "v0.8" | "v0.9";

export type Page =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "a2ui"; readonly version: A2uiVersion };

const CANVAS = "/__openclaw__/canvas/";
const A2UI = "/__openclaw__/a2ui/";
const CAPABILITY = /^\/__openclaw__\/cap\/[^/]+(?=\/)/;

/** `url` of canvas.present: http(s), or a path inside the canvas root; empty is its first page. */
export function pageOf(url: string, base: string): Page {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    return { kind: "path", path: url.replace(/^\/+/, "").replace(/^__openclaw__\/canvas\//, "") };
  }
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw invalid("url must be an http(s) address or a path inside the canvas folder; a browser shows no others");
  }
  const host = new URL(base);
  // Agents know the canvas host by its plain address; the capability in ours opens it.
  if (parsed.hostname === host.hostname || parsed.origin === host.origin) {
    // Also with a capability and without the last slash: as pages of the web they would lose the frame that keeps them in.
    const path = `${parsed.pathname.replace(CAPABILITY, "")}/`;
    if (path.startsWith(CANVAS)) {
      return { kind: "path", path: path.slice(CANVAS.length, -1) + parsed.search + parsed.hash };
    }
    if (path.startsWith(A2UI)) {
      return { kind: "a2ui", version: parsed.searchParams.get("v") === "0.9" ? "v0.9" : "v0.8" };
    }
  }
  // A page that came over HTTPS shows no page that did not.
  if (parsed.protocol === "https:" || host.protocol === "http:") return { kind: "url", url: parsed.href };
  throw invalid("this node page came over https, so it can show https pages only");
}

/** Our page that frames pages of the web: the node page itself may frame nothing but the canvas host. */
const WEB_FRAME = "/frame.html";

/** The address of a page for the frame. Throws INVALID_REQUEST for a path that leads out of the canvas root. */
export function addressOf(page: Page, base: string): string {
  if (page.kind === "url") return WEB_FRAME;
  if (page.kind === "a2ui") return `${base}${A2UI}?v=${page.version.slice(1)}`;
  const root = `${base}${CANVAS}`;
  const url = URL.parse(page.path, root);
  if (!url?.href.startsWith(root)) throw invalid(`"${page.path.slice(0, 200)}" is no path inside the canvas folder`);
  return url.href;
}

/** How the page is called in front of the person. */
export const nameOf = (page: Page): string =>
  page.kind === "url" ? new URL(page.url).host : page.kind === "a2ui" ? "A2UI" : page.path || "index.html";

/** The gateway's record of what this node shows; undefined for nothing, and for what no browser can show. */
export function readPage(value: unknown, base: string): Page | undefined {
  const page = fields(value);
  if (page["kind"] === "path") return { kind: "path", path: word(page["path"]) ?? "" };
  if (page["kind"] === "a2ui") return { kind: "a2ui", version: page["version"] === "v0.9" ? "v0.9" : "v0.8" };
  if (page["kind"] !== "url") return undefined;
  try {
    return pageOf(word(page["url"]) ?? "", base);
  } catch {
    return undefined;
  }
}

/** Messages of version 0.9 say so, those of 0.8 carry no version. */
export const versionOf = (messages: readonly Fields[]): A2uiVersion =>
  messages.some((message) => word(message["version"])?.startsWith("v0.9")) ? "v0.9" : "v0.8";

/** One JSON object a line; blank lines are ignored. */
export function readJsonl(text: string, max: number): Fields[] {
  const messages: Fields[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw invalid(`line ${index + 1} of jsonl is not JSON`);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw invalid(`line ${index + 1} of jsonl is no object`);
    }
    messages.push({ ...value });
    if (messages.length > max) throw invalid(`jsonl holds more than ${max} messages`);
  }
  if (messages.length === 0) throw invalid("jsonl holds no message");
  return messages;
}
