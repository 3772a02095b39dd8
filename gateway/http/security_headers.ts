/** Response headers per surface. What a page may load is decided here and nowhere else. */
import type { MiddlewareHandler } from "hono";

const EVERYWHERE = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "DENY",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
} as const;

export const CSP = {
  webchat:
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
    "connect-src 'self'; font-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
  api: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
} as const;

/** Sets the headers of a surface on every response, errors included. */
export function securityHeaders(surface: keyof typeof CSP): MiddlewareHandler {
  return async function securityHeaders(c, next) {
    await next();
    for (const [name, value] of Object.entries(EVERYWHERE)) c.res.headers.set(name, value);
    c.res.headers.set("Content-Security-Policy", CSP[surface]);
    // A browser ignores it on an origin it does not trust, and complains on the console of every page.
    if (isTrustworthy(c.req.url)) c.res.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  };
}

/** HTTPS, or a name of this host that browsers treat like it. */
function isTrustworthy(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
