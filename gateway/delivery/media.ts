/**
 * Fetches an attachment that a caller named by its address. The address is a stranger's choice: http(s) only, no private
 * network, no more than so many bytes and so long, and no host that the process has no right to.
 */
import { type AddressRule, createPublicAddressRule } from "./addresses.ts";
import { cleanFileName, mediaKind, sniffMimeType } from "./media_type.ts";
import { type MediaResponse, portOf, requestMedia } from "./media_request.ts";
import type { MediaOut } from "./types.ts";

const MAX_REDIRECTS = 3;
const DEFAULT_TIMEOUT_MS = 20_000;

/** A sentence for the caller. Holds the host and never the rest of the address, which may carry a token. */
export class MediaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MediaError";
  }
}

export interface FetchMediaOptions {
  readonly maxBytes: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Which addresses may be connected to; default: public ones. For tests. */
  readonly allowAddress?: AddressRule;
  /** Whether the process has the right to connect to `host:port`; default: asks Deno. */
  readonly holdsNet?: (host: string) => boolean;
}

/** Throws MediaError. */
export async function fetchMedia(address: string, options: FetchMediaOptions): Promise<MediaOut> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = AbortSignal.any([timeout.signal, ...options.signal ? [options.signal] : []]);
  try {
    return await follow(address, options, signal);
  } catch (error) {
    if (timeout.signal.aborted) throw new MediaError(`Cannot fetch media from "${hostOf(address)}": it took too long`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function follow(address: string, options: FetchMediaOptions, signal: AbortSignal): Promise<MediaOut> {
  const allowAddress = options.allowAddress ?? createPublicAddressRule();
  const holdsNet = options.holdsNet ?? held;
  let url = parse(address, undefined);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    check(url, allowAddress, holdsNet);
    const { maxBytes } = options;
    const response = await requestMedia(url, { maxBytes, allowAddress, signal }).catch((error: unknown) => {
      throw new MediaError(`Cannot fetch media from "${url.host}": ${reasonOf(error)}`);
    });
    if (response.location === undefined) return toMedia(url, response);
    url = parse(response.location, url);
  }
  throw new MediaError(`Cannot fetch media from "${url.host}": more than ${MAX_REDIRECTS} redirects`);
}

function parse(address: string, base: URL | undefined): URL {
  const url = URL.parse(address, base);
  if (url === null) throw new MediaError("Cannot fetch media: the address is not a URL");
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new MediaError(`Cannot fetch media: "${url.protocol.slice(0, 16)}" is not http or https`);
  }
  if (base?.protocol === "https:" && url.protocol === "http:") {
    throw new MediaError(`Cannot fetch media from "${base.host}": it redirects from https to http`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new MediaError(`Cannot fetch media from "${url.host}": the address holds a name or password`);
  }
  return url;
}

/** Before anything is sent. The name is checked again as the address that it stands for, once connected. */
function check(url: URL, allowAddress: AddressRule, holdsNet: (host: string) => boolean): void {
  const isAddress = url.hostname.startsWith("[") || /^[\d.]+$/u.test(url.hostname);
  if (isAddress && !allowAddress(url.hostname)) {
    throw new MediaError(`Cannot fetch media from "${url.host}": the address is not public`);
  }
  const target = `${url.hostname}:${portOf(url)}`;
  if (!holdsNet(target)) {
    throw new MediaError(
      `Cannot fetch media from "${url.host}": the gateway was not started with the right to reach it; ` +
        `restart it with --allow-net=${target} added to its flags`,
    );
  }
}

function toMedia(url: URL, { data, mimeType: said, fileName }: MediaResponse): MediaOut {
  const mimeType = sniffMimeType(data, said);
  const name = fileName ?? decoded(url.pathname.split("/").at(-1) ?? "");
  return { kind: mediaKind(mimeType), mimeType, fileName: cleanFileName(name), data };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const hostOf = (address: string): string => URL.parse(address)?.host ?? "an address";
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.message !== "" ? error.message : "it failed";
const held = (host: string): boolean => Deno.permissions.querySync({ name: "net", host }).state === "granted";
