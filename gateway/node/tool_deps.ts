/** What the tools of nodes work with. */
import type { ExecApprovals } from "../approval/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Nodes } from "./types.ts";

export interface NodeToolDeps {
  readonly nodes: Pick<Nodes, "list" | "find" | "invoke"> & {
    /** What owners approved, also of nodes that are away now. */
    readonly pairing: Pick<Nodes["pairing"], "list">;
  };
  readonly approvals: Pick<ExecApprovals, "ask" | "allowed" | "cancel" | "file">;
  readonly clock: Clock;
}
