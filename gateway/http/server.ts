/** Listens on the gateway's addresses: HTTP goes to the routes, upgrades pass the same middleware, then go to `ws`. */
import type { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type RequestListener, type Server, STATUS_CODES } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { Sockets } from "../connection/sockets.ts";
import type { Peer } from "../connection/handshake.ts";
import type { Log } from "../observe/log.ts";
import type { TakeSocket } from "../canvas/host.ts";
import type { HttpBindings } from "./bindings.ts";

export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
  /** A missing optional address (such as ::1 on a host without IPv6) does not stop the start. */
  readonly optional?: boolean;
}

export interface HttpOptions {
  readonly routes: { fetch(request: Request, env: HttpBindings): Response | Promise<Response> };
  /** Takes the upgrades that no route takes for itself; absent: there are no others. */
  readonly sockets?: Pick<Sockets, "accept">;
  readonly log: Log;
  /** HTTPS with this certificate and key, in PEM; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** Time for headers and body of a request; slower ones are cut. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;

export class HttpServer {
  readonly #servers: Server[] = [];
  constructor(private readonly options: HttpOptions) {}

  /** Opens every address. Throws when one that is not optional cannot be opened, after closing the others. */
  async listen(addresses: readonly ListenAddress[]): Promise<ListenAddress[]> {
    const open: ListenAddress[] = [];
    for (const address of addresses) {
      try {
        open.push({ ...address, port: await this.#open(address) });
      } catch (error) {
        if (address.optional && open.length > 0) {
          this.options.log.info("http.address.skipped", { hostname: address.hostname, error });
          continue;
        }
        await this.close();
        throw error;
      }
    }
    return open;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.splice(0).map((server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        })
      ),
    );
  }

  #open(address: ListenAddress): Promise<number> {
    const listener = getRequestListener(
      (request, env) => this.options.routes.fetch(request, this.#bindings(env.incoming)),
      { overrideGlobalObjects: false },
    );
    const server = this.#create((request, response) => void listener(request, response));
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.on("upgrade", (request, socket, head) => void this.#upgrade(request, socket, head));
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port: address.port, host: address.hostname, ipv6Only: address.hostname.includes(":") }, () => {
        server.off("error", reject);
        server.on("error", (error) => this.options.log.error("http.error", { error }));
        this.#servers.push(server);
        const bound = server.address();
        resolve(typeof bound === "object" && bound !== null ? bound.port : address.port);
      });
    });
  }

  #create(listener: RequestListener): Server {
    const { tls } = this.options;
    const limits = { maxHeaderSize: MAX_HEADER_BYTES };
    // Without ALPN: this runtime's own WebSocket client offers no name that the server would know, and is then refused.
    return tls === undefined ? createServer(limits, listener) : createSecureServer(
      { ...limits, cert: tls.cert, key: tls.key, minVersion: "TLSv1.2", ALPNProtocols: [] },
      listener,
    );
  }

  #bindings({ url = "/", socket }: Asking): HttpBindings {
    return { remoteAddress: socket.remoteAddress ?? "", target: url, secure: this.options.tls !== undefined };
  }

  #peer(request: IncomingMessage): Peer {
    const header = (name: string): string | undefined => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    };
    const { remoteAddress: address, secure } = this.#bindings(request);
    return { address, host: header("host"), origin: header("origin"), secure, headers: { get: header } };
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", (error) => this.options.log.debug("socket.error", { error }));
    try {
      let taken: TakeSocket | undefined;
      const upgrade = { take: (take: TakeSocket) => void (taken = take) };
      const verdict = await this.options.routes.fetch(asRequest(request), { ...this.#bindings(request), upgrade });
      if (verdict.status !== 204) return await refuse(socket, verdict);
      if (socket.destroyed) return;
      if (taken !== undefined) taken(request, socket, head);
      else this.options.sockets?.accept(request, socket, head, this.#peer(request));
    } catch (error) {
      this.options.log.warn("http.upgrade.failed", { error });
      socket.destroy();
    }
  }
}

/** What the bindings need of a request, of either HTTP. */
interface Asking {
  readonly url?: string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** The upgrade as a Request for the middleware: the headers that decide. Which path it is stands in the bindings. */
function asRequest(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    // Those of the connection itself say nothing about who asks.
    if (typeof value === "string" && !/^(connection|upgrade|sec-websocket-.*)$/u.test(name)) headers.set(name, value);
  }
  return new Request("http://gateway.invalid/", { headers });
}

async function refuse(socket: Duplex, verdict: Response): Promise<void> {
  const body = await verdict.text();
  const head = [
    `HTTP/1.1 ${verdict.status} ${STATUS_CODES[verdict.status] ?? "Refused"}`,
    "Connection: close",
    `Content-Type: ${verdict.headers.get("content-type") ?? "application/json"}`,
    `Content-Length: ${new TextEncoder().encode(body).length}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
