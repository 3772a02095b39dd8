/**
 * The tools that agents have for the canvas. Files and screens are the owner's: only turns that the owner stands behind get
 * them (`ToolRun.trusted`). A page or a report may hold what is nobody else's business, so strangers cannot even read.
 */
import type { Tool, ToolBox } from "../agent/types.ts";
import { a2uiTools } from "./tool_a2ui.ts";
import type { CanvasToolDeps } from "./tool_deps.ts";
import { fileTools } from "./tool_files.ts";
import { evalTool, hideTool, presentTool, snapshotTool } from "./tool_screen.ts";

export function canvasTools(deps: CanvasToolDeps): ToolBox {
  const always = [...fileTools(deps), presentTool(deps), hideTool(deps), ...a2uiTools(deps)];
  const snapshot = snapshotTool(deps);
  const evaluate = evalTool(deps);
  const all = (): readonly Tool[] => {
    const nodes = deps.nodes.list();
    const offered = (command: string): boolean => nodes.some(({ commands }) => commands.includes(command));
    return [
      ...always,
      ...(offered("canvas.snapshot") ? [snapshot] : []),
      ...(offered("canvas.eval") ? [evaluate] : []),
    ];
  };
  return { all, for: ({ trusted }) => trusted ? all() : [] };
}
