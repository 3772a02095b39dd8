/** The canvas host on a port: on its own one there is nothing else. */
import type { CanvasHost } from "../canvas/host.ts";
import type { HttpBindings } from "./bindings.ts";

/** Undefined: the request is not for the canvas host. */
export function serveCanvas(canvas: CanvasHost, request: Request, env: HttpBindings): Promise<Response> | undefined {
  const { remoteAddress: address, secure, target, upgrade } = env;
  const get = (name: string): string | undefined => request.headers.get(name) ?? undefined;
  return canvas.serve({
    request,
    target,
    peer: { address, host: get("host"), secure, headers: { get } },
    take: upgrade?.take,
  });
}

/** The routes of the canvas port. */
export function canvasRoutes(canvas: CanvasHost) {
  return {
    fetch: (request: Request, env: HttpBindings): Response | Promise<Response> =>
      serveCanvas(canvas, request, env) ?? nothingHere(),
  };
}

function nothingHere(): Response {
  return new Response("not found", {
    status: 404,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-store",
    },
  });
}
