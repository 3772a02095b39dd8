/** Response headers per surface. What a page may load is decided here and nowhere else. */
import type { MiddlewareHandler } from "hono";

const EVERYWHERE = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "DENY",
} as const;

export type Surface = "webchat" | "node" | "frame" | "api";

const PAGE =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
  "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'";

/** `frames`: where the page may show frames from, beside its own origin. */
const CSP: Readonly<Record<Surface, (frames: readonly string[]) => string>> = {
  webchat: (frames) => `${PAGE}; frame-src ${["'self'", ...frames].join(" ")}`,
  node: (frames) => `${PAGE}; frame-src ${["'self'", ...frames].join(" ")}`,
  // The page that shows a page of the web inside our pages. Their own `frame-src` stays narrow by it: what an agent wrote
  // cannot send its frame to another site, and with it what somebody typed there.
  frame: () =>
    "default-src 'none'; script-src 'sha256-q50zUWTdTssGSyWLth3UoAih13QMAhmxXirdlX/z+Bc='; " +
    "style-src 'sha256-jzbYPkRoDB2N/zultIj/e4u5rsIj79zdoLTqsuhiSWs='; " +
    "frame-src https: http:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  api: () => "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** The node page alone may use the device. Frames get none of it: they would need an `allow` of their own. */
const PERMISSIONS: Readonly<Record<Surface, string>> = {
  webchat: "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
  node: "camera=(self), microphone=(self), geolocation=(self), display-capture=(self), payment=(), usb=()",
  frame: "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
  api: "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
};

/**
 * The canvas host as a page sees it that was asked for as `host`: the same name, the canvas port. Nothing for a page that
 * came through `publicUrl`, or under an IPv6 address, which a policy cannot name: there the canvas is on the page's own
 * origin (canvas/surfaces.ts). Without a scheme a source follows that of the page.
 */
export function frameSources(
  host: string | undefined,
  canvasPort: number | undefined,
  publicUrl: URL | undefined,
): readonly string[] {
  if (canvasPort === undefined || host === undefined || host.toLowerCase() === publicUrl?.host) return [];
  const name = /^([a-z0-9.-]+)(?::\d{1,5})?$/iu.exec(host)?.[1];
  return name === undefined ? [] : [`${name.toLowerCase()}:${canvasPort}`];
}

/** Sets the headers of a surface on every response, errors included. `frames`: by the request's Host. */
export function securityHeaders(
  surface: Surface,
  frames: (host: string | undefined) => readonly string[] = () => [],
): MiddlewareHandler {
  return async function securityHeaders(c, next) {
    await next();
    for (const [name, value] of Object.entries(EVERYWHERE)) c.res.headers.set(name, value);
    if (surface === "frame") c.res.headers.set("X-Frame-Options", "SAMEORIGIN");
    c.res.headers.set("Permissions-Policy", PERMISSIONS[surface]);
    c.res.headers.set("Content-Security-Policy", CSP[surface](frames(c.req.header("host"))));
    // A browser ignores it on an origin it does not trust, and complains on the console of every page.
    if (isTrustworthy(c.req.url)) c.res.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  };
}

/** HTTPS, or a name of this host that browsers treat like it. */
function isTrustworthy(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
