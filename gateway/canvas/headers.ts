/** Response headers of the canvas host. Everything it serves is hostile: a page gets a sandbox and its own files. */
import { hostName } from "../auth/known_hosts.ts";

/** Whom a response is for. */
export interface Audience {
  /** The Host header, already checked. */
  readonly host: string;
  /** `/__openclaw__/cap/<token>`, or empty for who came without a capability. */
  readonly prefix: string;
  readonly gatewayPort: number | undefined;
  readonly publicUrl: URL | undefined;
}

/** What stands in a page's place decides about its policy. `text`: our own answers, such as `not found`. */
export type Content = "canvas" | "a2ui-v0.8" | "a2ui-v0.9" | "text";

const EVERYWHERE = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  // A name that is looked up tells its owner what the page knows.
  "X-DNS-Prefetch-Control": "off",
  "Permissions-Policy":
    "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), serial=(), hid=()",
} as const;

/**
 * A sandboxed page has an origin of its own, so that its own files are foreign to it: under a capability every page may
 * read them, since who knows the capability may. Without one only pages of the same origin may, and none is served there.
 */
export function responseHeaders(content: Content, audience: Audience): Record<string, string> {
  const shared = audience.prefix !== "";
  return {
    ...EVERYWHERE,
    "Content-Security-Policy": policy(content, audience),
    "Cross-Origin-Resource-Policy": shared ? "cross-origin" : "same-origin",
    ...(shared
      ? { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Content-Range, Accept-Ranges" }
      : {}),
  };
}

/** design: the rows "agent-written canvas" and "A2UI frame"; sources are paths, where those rows have a whole origin. */
function policy(content: Content, audience: Audience): string {
  const own = sources(["http", "https"], audience);
  const live = sources(["http", "https", "ws", "wss"], audience);
  const ancestors = `frame-ancestors ${ancestorsOf(audience)}`;
  const closed = `base-uri 'none'; form-action 'none'; ${ancestors}`;
  if (content === "text") return `sandbox; default-src 'none'; ${closed}`;
  if (content !== "canvas") {
    const style = content === "a2ui-v0.8" ? "; style-src-attr 'unsafe-inline'" : "";
    return `sandbox allow-scripts; default-src 'none'; script-src ${own}; style-src ${own}${style}; ` +
      `img-src ${own} data:; font-src ${own}; connect-src 'none'; ${closed}`;
  }
  return `sandbox allow-scripts; default-src 'none'; script-src ${own} 'unsafe-inline' 'unsafe-eval'; ` +
    `style-src ${own} 'unsafe-inline'; img-src ${own} data: blob:; media-src ${own} data: blob:; ` +
    `font-src ${own} data:; connect-src ${live}; base-uri ${own}; form-action 'none'; ${ancestors}`;
}

/**
 * The canvas host's own paths as sources, so that a page cannot even ask the rest of its origin, such as the gateway's
 * socket. An IPv6 address cannot be written as a source: there it is the origin, whose socket refuses the origin `null`.
 */
function sources(schemes: readonly string[], { host, prefix }: Audience): string {
  if (host.startsWith("[")) return "'self'";
  return schemes.map((scheme) => `${scheme}://${host}${prefix}/__openclaw__/`).join(" ");
}

/** Who may show the page in a frame: the gateway's own pages, on either of its ports. */
function ancestorsOf({ host, gatewayPort, publicUrl }: Audience): string {
  const name = hostName(host);
  const gateway = name === undefined || host.startsWith("[") || gatewayPort === undefined
    ? []
    : [`http://${name}:${gatewayPort}`, `https://${name}:${gatewayPort}`];
  return ["'self'", ...gateway, ...(publicUrl === undefined ? [] : [publicUrl.origin])].join(" ");
}
