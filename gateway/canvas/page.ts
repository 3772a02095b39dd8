/** Which pages a screen may show. */
import { invalid } from "../../schemas/error.ts";
import type { PresentedPage } from "../../schemas/event/canvas.ts";

const MAX_CHARS = 2048;

/** An address of the canvas host, with or without a capability. */
const OWN = /^(?:\/__openclaw__\/cap\/[^/]+)?\/__openclaw__\/canvas(?:\/(.*))?$/u;

/**
 * Agents know canvas files by their address too. Shown as a page of the web such a file would lose the frame that keeps in
 * what is typed there. `isOwn`: whether a host, with its port, is this gateway.
 */
export function ownPage(page: PresentedPage, isOwn: (host: string) => boolean): PresentedPage {
  const url = page.kind === "url" ? URL.parse(page.url) : null;
  const match = url && isOwn(url.host) ? OWN.exec(url.pathname) : null;
  return match === null ? page : { kind: "path", path: decoded(match[1] ?? "") };
}

/** The page in the form that is kept. Throws INVALID_REQUEST for what is no path below the root and no web address. */
export function checkPage(page: PresentedPage): PresentedPage {
  if (page.kind === "url") return { kind: "url", url: checkUrl(page.url) };
  return page.kind === "path" ? { kind: "path", path: checkPath(page.path) } : page;
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/u.test(url.protocol) || text.length > MAX_CHARS) {
    throw invalid(`Cannot present "${text.slice(0, 200)}": it is no http or https address`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid("Cannot present this address: it has a name or a password in it");
  }
  return url.href;
}

/** A query and a fragment may follow the path; whether the file exists is seen when it is asked for. */
function checkPath(text: string): string {
  const path = text.replace(/^\/+/u, "");
  const file = path.split(/[?#]/u)[0] ?? "";
  const outside = file.split(/[/\\]/u).some((part) => decoded(part) === "..");
  if (outside || file.includes("\\") || file.includes("\0") || path.length > MAX_CHARS) {
    throw invalid(`Cannot present "${text.slice(0, 200)}": it is no path below the canvas root`);
  }
  return path;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
