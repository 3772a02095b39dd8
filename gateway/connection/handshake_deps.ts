/** What the handshake works with. Its own file, so that the parts of the handshake do not import each other in a circle. */
import type { Auth } from "../auth/create.ts";
import type { Bus } from "../bus.ts";
import type { Config } from "../config/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";

export interface HandshakeDeps extends Auth {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
}
