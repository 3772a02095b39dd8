/** The canvas host: one handler for both ports. Decides who may read, then serves files, A2UI pages, bridge and reloads. */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { PeerFacts } from "../auth/locality.ts";
import type { Log } from "../observe/log.ts";
import type { Clock } from "../observe/clock.ts";
import {
  type Access,
  type AccessDeps,
  decideAccess,
  isAtThisHost,
  isCodeForOurPages,
  isKnownHost,
  isOwnOrigin,
} from "./access.ts";
import { BuiltPages } from "./built_pages.ts";
import { type Audience, responseHeaders } from "./headers.ts";
import { LiveReload } from "./live_reload.ts";
import { CanvasPages, pathOf, redirect, text } from "./serve.ts";
import { type CapabilityCheck, LOCAL_HOLDER } from "./surfaces.ts";
import { type CanvasTarget, readTarget } from "./target.ts";

export interface CanvasHostDeps extends Omit<AccessDeps, "capabilities"> {
  readonly root: string;
  /** Folder of the built web parts. */
  readonly staticDir: string;
  readonly liveReload: boolean;
  readonly publicUrl: URL | undefined;
  readonly capabilities: CapabilityCheck;
  readonly gatewayPort: () => number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Takes over the socket of an upgrade that was answered with 204. */
export type TakeSocket = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A request with what the server knows beside it. */
export interface CanvasCall {
  readonly request: Request;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  readonly peer: PeerFacts;
  /** Set for a WebSocket upgrade; is called before the answer 204. */
  readonly take?: ((take: TakeSocket) => void) | undefined;
}

export interface CanvasHost {
  /** Undefined: the path is not the canvas host's. */
  serve(call: CanvasCall): Promise<Response> | undefined;
  stop(): void;
}

export function createCanvasHost(deps: CanvasHostDeps): CanvasHost {
  const reload = deps.liveReload ? new LiveReload(deps) : undefined;
  const pages = new CanvasPages({ root: deps.root, liveReload: deps.liveReload });
  const built = new BuiltPages(deps.staticDir);

  const answer = async (call: CanvasCall, target: CanvasTarget): Promise<Response> => {
    const audience = audienceOf(deps, call, target);
    if (audience === undefined) return foreignHost();
    const access = decideAccess(deps, call.peer, target.token);
    if (!access.ok) return await unauthorized(deps, access, audience);
    if (target.area === "ws") return socket(deps, reload, call, target, audience);
    if (call.take !== undefined) return text("not found", 404, audience);
    const { method } = call.request;
    if (method !== "GET" && method !== "HEAD") {
      return text("Method Not Allowed", 405, audience, { Allow: "GET, HEAD" });
    }
    if (target.area === "none" || isCodeForOurPages(call.peer)) return text("not found", 404, audience);
    if (target.area === "bridge") return await built.bridge(target.file, audience);
    if (isVisit(call, access)) return withCapability(deps, target, audience);
    if (target.area === "canvas") return await pages.serve(call.request, target, audience);
    if (target.segments.length === 0 && !target.folder) return redirect(`${pathOf(target)}/${target.search}`, audience);
    return await built.a2ui(target, audience);
  };

  return {
    serve(call) {
      const target = readTarget(call.target);
      if (target === undefined) return undefined;
      return answer(call, target).then((response) => withoutBody(call, response), (error) => {
        deps.log.warn("canvas.failed", { error });
        return text("error", 500, { host: "", prefix: "", gatewayPort: undefined, publicUrl: undefined });
      });
    },
    stop: () => reload?.stop(),
  };
}

function audienceOf(deps: CanvasHostDeps, { peer }: CanvasCall, { prefix }: CanvasTarget): Audience | undefined {
  if (!isKnownHost(peer.host, deps.hosts)) return undefined;
  return { host: peer.host, prefix, gatewayPort: deps.gatewayPort(), publicUrl: deps.publicUrl };
}

/**
 * A person at this host who opens a page by hand is sent on to a capability: a sandboxed page is foreign to its own
 * files, and without one they are nobody else's. Only for a whole tab, and never when a page of another site sent it.
 */
function isVisit({ peer: { headers } }: CanvasCall, access: Access): boolean {
  return access.ok && access.by === "local" && headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document" && headers.get("sec-fetch-site") !== "cross-site";
}

function withCapability(deps: CanvasHostDeps, target: Parameters<typeof pathOf>[0], audience: Audience): Response {
  const { token } = deps.capabilities.issue(LOCAL_HOLDER);
  const prefix = `/__openclaw__/cap/${token}`;
  const slash = target.folder || target.segments.length === 0 ? "/" : "";
  return redirect(`${pathOf({ ...target, prefix })}${slash}${target.search}`, audience);
}

/** Live reload. `null` is the origin of a sandboxed page: it counts only together with a capability. */
function socket(
  deps: CanvasHostDeps,
  reload: LiveReload | undefined,
  call: CanvasCall,
  target: CanvasTarget,
  audience: Audience,
): Response {
  if (reload?.on !== true) return text("not found", 404, audience);
  if (call.take === undefined) return text("upgrade required", 426, audience, { Upgrade: "websocket" });
  const origin = call.peer.headers.get("origin");
  const sandboxed = origin === "null" && target.token !== undefined;
  if (!sandboxed && !isOwnOrigin(origin, call.peer.host)) return text("origin not allowed", 403, audience);
  if (!reload.hasRoom) return text("too many sockets", 503, audience, { "Retry-After": "5" });
  const { token } = target;
  const { capabilities } = deps;
  const here = isAtThisHost(deps, call.peer);
  const stillAllowed = () => {
    if (token === undefined) return true;
    // A page that was opened by hand at this host goes on as long as it listens: its person needs no capability.
    if (here) capabilities.prolong(LOCAL_HOLDER, token);
    return capabilities.allows(token);
  };
  call.take((request, stream, head) => reload.accept(request, stream, head, stillAllowed));
  return new Response(null, { status: 204 });
}

async function unauthorized(
  { clock }: CanvasHostDeps,
  { delayMs, retryAfterMs }: Extract<Access, { ok: false }>,
  audience: Audience,
): Promise<Response> {
  if (delayMs > 0) await new Promise<void>((resolve) => clock.after(delayMs, resolve));
  const headers = responseHeaders("text", { ...audience, prefix: "" });
  return Response.json({ error: { message: "Unauthorized", type: "unauthorized" } }, {
    status: 401,
    headers: retryAfterMs > 0 ? { ...headers, "Retry-After": String(Math.ceil(retryAfterMs / 1_000)) } : headers,
  });
}

function foreignHost(): Response {
  const message = "Cannot serve the canvas: the Host header does not name this gateway";
  return Response.json({ error: { message, type: "foreign_host" } }, {
    status: 403,
    headers: responseHeaders("text", { host: "", prefix: "", gatewayPort: undefined, publicUrl: undefined }),
  });
}

/** HEAD has the headers of GET and nothing else. */
function withoutBody({ request }: CanvasCall, response: Response): Response {
  if (request.method !== "HEAD" || response.body === null) return response;
  return new Response(null, { status: response.status, headers: response.headers });
}
