/** What the server tells its routes about a request, beside the request. */
import type { TakeSocket } from "../canvas/host.ts";

/** What the server passes with each request. */
export interface HttpBindings {
  readonly remoteAddress: string;
  /** Path and query as they stand in the request line; the Request's own address was cleaned up. */
  readonly target: string;
  /** Whether it came over our own TLS. */
  readonly secure: boolean;
  /** Decide about a WebSocket upgrade instead of serving; `take` gives the socket to somebody else than the gateway. */
  readonly upgrade?: { take(take: TakeSocket): void };
}
