/** The HTTP surface of the gateway port: routes and nothing else. */
import { Hono } from "hono";
import type { CanvasHost } from "../canvas/host.ts";
import type { HttpBindings } from "./bindings.ts";
import { serveCanvas } from "./canvas_routes.ts";
import { frameSources, securityHeaders } from "./security_headers.ts";
import type { StaticFiles } from "./static_files.ts";
import type { Webhooks } from "./webhooks.ts";

export interface RouteDeps {
  /** WebChat. */
  readonly files: StaticFiles;
  /** The page that makes a browser a node. */
  readonly nodeFiles: StaticFiles;
  /** Where pages may frame the canvas from; undefined while the canvas host has no port of its own. */
  readonly canvasPort: () => number | undefined;
  readonly publicUrl: URL | undefined;
  /** Whether the Host header names this gateway; a foreign one is DNS rebinding or a misconfigured proxy. */
  readonly isKnownHost: (host: string | undefined) => boolean;
  /** Whether one more socket from this address may wait for its handshake. */
  readonly hasRoom: (address: string) => boolean;
  readonly ready: () => boolean;
  readonly webhooks: Webhooks;
  /** Undefined: it is switched off. */
  readonly canvas: CanvasHost | undefined;
}

const FOREIGN_HOST = {
  error: {
    type: "foreign_host",
    message:
      "Cannot serve this page: the Host header does not name this gateway. Open it by an address it listens on, " +
      "or set gateway.publicUrl to the address you use",
  },
};

/** Answers 204 to an upgrade that may go on; anything else is the refusal that goes back to the client. */
export function createRoutes(deps: RouteDeps): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  // Before the check of Host: a platform calls by whatever name its owner gave it. A claimed path reaches its worker only.
  app.use("*", async (c, next) => {
    const served = c.env.upgrade ? undefined : deps.webhooks.serve(c.req.raw);
    if (served === undefined) return await next();
    return await served;
  });
  // Before everything of WebChat's: what agents wrote is served under headers of its own.
  app.use("*", async (c, next) => {
    const served = deps.canvas && serveCanvas(deps.canvas, c.req.raw, c.env);
    if (served === undefined) return await next();
    return await served;
  });
  app.use("/healthz", securityHeaders("api"));
  app.use("/readyz", securityHeaders("api"));
  app.use("/health", securityHeaders("api"));
  app.get("/healthz", (c) => c.json({ ok: true, status: "live" }));
  app.get("/health", (c) => c.json({ ok: true, status: "live" }));
  app.get("/readyz", (c) => deps.ready() ? c.json({ ready: true }) : c.json({ ready: false }, 503));

  const frames = (host: string | undefined) => frameSources(host, deps.canvasPort(), deps.publicUrl);
  // The narrower path comes first: of two that set a header, the first to be named is the last to write.
  app.use("/node/*", securityHeaders("node", frames));
  app.use("/frame.html", securityHeaders("frame"));
  app.use("*", securityHeaders("webchat", frames));
  app.use("*", async (c, next) => {
    if (c.env.upgrade) return await next();
    if (!deps.isKnownHost(c.req.header("host"))) return c.json(FOREIGN_HOST, 403);
    await next();
  });
  app.use("*", async (c, next) => {
    if (!c.env.upgrade) return await next();
    return upgradeRefusal(deps, c.req.header("origin"), c.req.header("host"), c.env.remoteAddress) ?? c.body(null, 204);
  });
  // The page's own addresses are relative to `/node`. A redirect keeps the fragment, and with it a one-use code.
  app.get("/node/", (c) => c.redirect("/node", 308));
  app.get("/node/*", deps.nodeFiles.handler("/node"));
  app.get("*", deps.files.handler());
  app.all("*", (c) => c.text("Method Not Allowed\n", 405, { Allow: "GET, HEAD" }));
  return app;
}

/**
 * Refuses before the WebSocket handshake what no honest client sends: a browser under a foreign Host, or the origin
 * `null` of a sandboxed page. A wrong but honest Origin is refused later, with a code that a page can show.
 */
function upgradeRefusal(
  deps: RouteDeps,
  origin: string | undefined,
  host: string | undefined,
  address: string,
): Response | undefined {
  if (!deps.hasRoom(address)) {
    const error = {
      type: "too_many_connections",
      message: "Too many sockets wait for their handshake; try again later",
    };
    return Response.json({ error }, { status: 503, headers: { "Retry-After": "5" } });
  }
  if (origin === undefined) return undefined;
  if (!deps.isKnownHost(host)) return Response.json(FOREIGN_HOST, { status: 403 });
  if (origin === "null") {
    const error = { type: "origin_not_allowed", message: "A page with the origin null cannot connect to the gateway" };
    return Response.json({ error }, { status: 403 });
  }
  return undefined;
}
