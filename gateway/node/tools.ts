/**
 * The tools that agents have for nodes. They act with the owner's power: only turns that the owner stands behind get them
 * (`ToolRun.trusted`); a stranger's turn gets none, not even the names of the devices.
 */
import type { NodeView } from "../../schemas/method/nodes.ts";
import type { Tool, ToolBox } from "../agent/types.ts";
import type { NodeToolDeps } from "./tool_deps.ts";
import { describeTool, invokeTool, listTool } from "./tool_lists.ts";
import { clipTool, screenTool, snapTool } from "./tool_media.ts";
import { runTool } from "./tool_run.ts";
import { locationTool, notifyTool } from "./tool_small.ts";

/** For the system prompt of a stranger's turn, so that the model can say why instead of trying. */
const NOT_YOURS =
  "This message does not come from the owner, so devices, cameras, commands and the canvas cannot be used. " +
  "(Owners are the senders named in commands.ownerAllowFrom or in allowFrom of the channel; one approved by a pairing code is " +
  "a guest.)";

/**
 * Without a node there is only nodes_list; a tool of one command is there when a node knows the command, also one that is
 * away: a phone sleeps, and after a restart runs begin anew before it is back. The tool then says who is not connected.
 */
export function nodeTools(deps: NodeToolDeps): ToolBox {
  const list = listTool(deps);
  const always = [describeTool(deps), invokeTool(deps)];
  const byCommand: readonly (readonly [command: string, tool: Tool])[] = [
    ["camera.snap", snapTool(deps)],
    ["camera.clip", clipTool(deps)],
    ["screen.record", screenTool(deps)],
    ["location.get", locationTool(deps)],
    ["system.notify", notifyTool(deps)],
    ["system.run", runTool(deps)],
  ];
  const all = (): readonly Tool[] => {
    const nodes = deps.nodes.list();
    if (nodes.length === 0) return [list];
    const away = deps.nodes.pairing.list().paired.flatMap(({ commands }) => commands);
    const known = new Set([...nodes.flatMap(commandsOf), ...away]);
    return [list, ...always, ...byCommand.filter(([command]) => known.has(command)).map(([, tool]) => tool)];
  };
  return {
    all,
    for: ({ trusted }) => trusted ? all() : [],
    note: ({ trusted }) => trusted || deps.nodes.list().length === 0 ? undefined : NOT_YOURS,
  };
}

/** Also those that are off: the tool then says what the owner must do. */
const commandsOf = ({ commands, offCommands = [], pendingDeclaredCommands = [] }: NodeView): readonly string[] => [
  ...commands,
  ...offCommands.map(({ command }) => command),
  ...pendingDeclaredCommands,
];
