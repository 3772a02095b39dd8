/** What the tools of the canvas work with. */
import type { Nodes } from "../node/types.ts";
import type { CanvasFiles, Screens } from "./types.ts";

export interface CanvasToolDeps {
  readonly files: Omit<CanvasFiles, "root">;
  readonly screens: Pick<Screens, "present" | "hide" | "push" | "reset">;
  readonly nodes: Pick<Nodes, "list" | "find" | "invoke">;
}
