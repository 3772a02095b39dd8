/** Listens on the gateway's addresses: HTTP goes to the routes, upgrades pass the same middleware, then go to `ws`. */
import type { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { Sockets } from "../connection/sockets.ts";
import type { Peer } from "../connection/handshake.ts";
import type { Log } from "../observe/log.ts";
import type { HttpBindings } from "./routes.ts";

export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
  /** A missing optional address (such as ::1 on a host without IPv6) does not stop the start. */
  readonly optional?: boolean;
}

export interface HttpOptions {
  readonly routes: Hono<{ Bindings: HttpBindings }>;
  readonly sockets: Sockets;
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
      (request, env) => this.options.routes.fetch(request, { remoteAddress: env.incoming.socket.remoteAddress ?? "" }),
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

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", (error) => this.options.log.debug("socket.error", { error }));
    try {
      const address = peerAddress(request);
      const verdict = await this.options.routes.fetch(asRequest(request), { remoteAddress: address, upgrade: true });
      if (verdict.status !== 204) return await refuse(socket, verdict);
      if (!socket.destroyed) {
        this.options.sockets.accept(request, socket, head, peerOf(request, address, this.options.tls !== undefined));
      }
    } catch (error) {
      this.options.log.warn("http.upgrade.failed", { error });
      socket.destroy();
    }
  }
}

const peerAddress = (request: IncomingMessage): string => request.socket.remoteAddress ?? "";

function peerOf(request: IncomingMessage, address: string, secure: boolean): Peer {
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
  return { address, host: header("host"), origin: header("origin"), secure, headers: { get: header } };
}

/** The upgrade as a Request for the middleware: its address and the headers that decide. */
function asRequest(request: IncomingMessage): Request {
  const headers = new Headers();
  for (const name of ["host", "origin", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "user-agent"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  return new Request("http://gateway.invalid/", { headers });
}

async function refuse(socket: Duplex, verdict: Response): Promise<void> {
  const body = await verdict.text();
  const head = [
    `HTTP/1.1 ${verdict.status} ${verdict.status === 503 ? "Service Unavailable" : "Forbidden"}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${new TextEncoder().encode(body).length}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
