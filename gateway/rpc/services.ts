/** What method handlers may use. `app.ts` builds it once; handlers see these interfaces and nothing behind them. */
import type { ModelCatalog, RunService, Tool } from "../agent/types.ts";
import type { DeviceTokens, PairingStore } from "../auth/types.ts";
import type { Bus } from "../bus.ts";
import type { Config } from "../config/types.ts";
import type { Client } from "../connection/client.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { HealthService } from "../presence/health.ts";
import type { PresenceList } from "../presence/presence.ts";
import type { SessionStore, Transcript } from "../session/types.ts";
import type { Db } from "../storage/db.ts";

export interface Services {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly db: Db;
  readonly bus: Bus;
  readonly sessions: SessionStore;
  readonly transcript: Transcript;
  readonly runs: RunService;
  readonly models: ModelCatalog;
  readonly pairing: PairingStore;
  readonly deviceTokens: DeviceTokens;
  readonly presence: PresenceList;
  readonly health: HealthService;
  readonly connections: Connections;
  readonly version: string;
  readonly startedAtMs: number;
  /** Sentences that say what waits for a restart; empty when nothing does. */
  readonly restartReasons: () => readonly string[];
  /** The tools that every agent has. */
  readonly tools: readonly Pick<Tool, "name" | "description">[];
  /** The gateway's own device id and public key. */
  readonly identity: { readonly deviceId: string; readonly publicKey: string };
}

/** The live sockets, for handlers that list or close them. */
export interface Connections {
  list(): Iterable<Client>;
  /** Closes every socket of the device (and role, when given). Returns how many. */
  closeDevice(deviceId: string, role: string | undefined, code: number, reason: string): number;
}
