/** Skeleton; engineer D builds it. */
import type { Bus } from "../bus.ts";
import type { ConfigStore } from "../config/types.ts";
import type { ExecApprovals } from "../approval/types.ts";
import type { PairingStore } from "../auth/types.ts";
import type { Screens } from "../canvas/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Log } from "../observe/log.ts";
import type { Db } from "../storage/db.ts";
import type { Nodes } from "./types.ts";

export interface NodesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly config: Pick<ConfigStore, "current">;
  /** Devices with role node, connected or not. */
  readonly devices: Pick<PairingStore, "list" | "get">;
  readonly approvals: Pick<ExecApprovals, "redeem">;
  /** What canvas commands show is checked and kept here before the node gets it. */
  readonly screens: Screens;
  /** Where large results wait on disk. */
  readonly stateDir: string;
}

export function createNodes(_deps: NodesDeps): Nodes {
  const quiet = new Set(["connected", "disconnected"]);
  return new Proxy(Object.create(null), {
    get: (_target, name) => () => {
      if (!quiet.has(String(name))) throw new Error(`Cannot use nodes.${String(name)}: not built`);
    },
  });
}
