/** What the tools of nodes work with. */
import type { ExecApprovals } from "../approval/types.ts";
import type { Clock } from "../observe/clock.ts";
import type { Nodes } from "./types.ts";

export interface NodeToolDeps {
  readonly nodes: Pick<Nodes, "list" | "find" | "invoke">;
  readonly approvals: Pick<ExecApprovals, "ask" | "allowed" | "cancel" | "file">;
  readonly clock: Clock;
}
