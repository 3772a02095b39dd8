/** How a tool is declared: a schema for its arguments and what it does with them. */
import type { Static, TObject, TProperties } from "@sinclair/typebox";
import { checker } from "../../schemas/validate.ts";
import type { Tool, ToolContext, ToolOutput } from "./types.ts";

export type { ToolContext } from "./types.ts";

export interface ToolDef<P extends TProperties> {
  readonly name: string;
  /** For the model: what the tool gives and when to use it. */
  readonly description: string;
  readonly args: TObject<P>;
  readonly readOnly?: boolean;
  readonly deadlineMs?: number;
  readonly run: (
    args: Static<TObject<P>>,
    context: ToolContext,
  ) => string | ToolOutput | Promise<string | ToolOutput>;
}

/** A tool whose arguments are checked before `run` sees them; what the model wrote is a stranger's input. */
export function defineTool<P extends TProperties>(def: ToolDef<P>): Tool {
  const check = checker(def.args);
  return {
    name: def.name,
    description: def.description,
    inputSchema: { ...def.args },
    ...(def.readOnly === true ? { readOnly: true } : {}),
    ...(def.deadlineMs === undefined ? {} : { deadlineMs: def.deadlineMs }),
    run(args, context) {
      const checked = check(args);
      if (!checked.ok) throw new Error(`Cannot run ${def.name}: ${checked.error}`);
      return def.run(checked.value, context);
    },
  };
}
