/**
 * One GET over a connection whose far end was checked before a byte was sent. `fetch` cannot do that: it resolves the name
 * by itself, so a name that points into the private network (or changes between two look-ups) would be followed.
 */
import { type IncomingMessage, request } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { AddressRule } from "./addresses.ts";

export interface MediaResponse {
  /** Set for a redirect; the rest is empty then. */
  readonly location: string | undefined;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly mimeType: string | undefined;
  readonly fileName: string | undefined;
}

export interface RequestLimits {
  readonly maxBytes: number;
  readonly allowAddress: AddressRule;
  readonly signal: AbortSignal;
}

/** Rejects with an Error whose message is a reason without the address. */
export async function requestMedia(url: URL, limits: RequestLimits): Promise<MediaResponse> {
  limits.signal.throwIfAborted();
  const socket = await connectChecked(url, limits);
  const abort = () => void socket.destroy(new Error("it was aborted"));
  limits.signal.addEventListener("abort", abort, { once: true });
  try {
    const stream = url.protocol === "https:" ? await secured(socket, url) : socket;
    return await exchange(stream, url, limits.maxBytes);
  } finally {
    limits.signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

export const portOf = (url: URL): number => Number(url.port) || (url.protocol === "https:" ? 443 : 80);
const nameOf = (url: URL): string => url.hostname.replace(/^\[|\]$/gu, "");

function connectChecked(url: URL, { allowAddress, signal }: RequestLimits): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host: nameOf(url), port: portOf(url) });
  const abort = () => void socket.destroy(new Error("it was aborted"));
  signal.addEventListener("abort", abort, { once: true });
  socket.once("error", () => reject(new Error("it cannot be reached")));
  socket.once("close", () => {
    signal.removeEventListener("abort", abort);
    reject(new Error("it cannot be reached"));
  });
  socket.once("connect", () => {
    if (allowAddress(socket.remoteAddress ?? "")) return resolve(socket);
    reject(new Error("its name stands for an address that is not public"));
    socket.destroy();
  });
  return promise;
}

function secured(socket: Socket, url: URL): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const host = nameOf(url);
  const name = isIP(host) === 0 ? { servername: host } : { host };
  const tls = connectTls({ socket, ...name, ALPNProtocols: ["http/1.1"] });
  tls.once("secureConnect", () => resolve(tls));
  tls.once("error", (error) => reject(new Error(`its certificate or connection is not usable (${error.message})`)));
  socket.once("close", () => reject(new Error("it closed the connection")));
  return promise;
}

function exchange(socket: Socket, url: URL, maxBytes: number): Promise<MediaResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<MediaResponse>();
  const sent = request({
    createConnection: () => socket,
    method: "GET",
    host: nameOf(url),
    port: portOf(url),
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, accept: "*/*", "accept-encoding": "identity", connection: "close" },
  }, (response) => read(response, maxBytes).then(resolve, reject));
  sent.once("error", () => reject(new Error("the connection broke")));
  socket.once("close", () => reject(new Error("the connection broke")));
  sent.end();
  return promise;
}

async function read(response: IncomingMessage, maxBytes: number): Promise<MediaResponse> {
  const status = response.statusCode ?? 0;
  const { location } = response.headers;
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined) {
    response.destroy();
    return { location, data: new Uint8Array(), mimeType: undefined, fileName: undefined };
  }
  if (status !== 200) throw new Error(`it answered with status ${status}`);
  const encoding = response.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new Error(`it sent the encoding "${encoding.slice(0, 32)}"`);
  }
  if (Number(response.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const data = await collect(response, maxBytes);
  const [, fileName] = /filename="?([^";]+)"?/iu.exec(response.headers["content-disposition"] ?? "") ?? [];
  const mimeType = response.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  return { location: undefined, data, mimeType, fileName };
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response) {
    if (!(piece instanceof Uint8Array)) continue;
    size += piece.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    pieces.push(piece);
  }
  if (!response.complete) throw new Error("the connection broke");
  const data = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.byteLength;
  }
  return data;
}

const tooLarge = (maxBytes: number): Error => new Error(`it is larger than ${(maxBytes / 1024 / 1024).toFixed(1)} MB`);
