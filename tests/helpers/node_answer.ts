/** Holds what our own nodes answer against the reference (schemas/node_command.ts). */
import assert from "node:assert/strict";
import { NODE_COMMANDS, type NodeCommandDef } from "../../schemas/node_command.ts";
import { checker } from "../../schemas/validate.ts";

const COMMANDS = new Map<string, NodeCommandDef>(Object.entries(NODE_COMMANDS));

/** Fails when the reference does not name the command, or says that its result looks otherwise. */
export function assertDocumented(command: string, result: unknown): void {
  const def = COMMANDS.get(command);
  assert.ok(def, `the reference does not name "${command}"`);
  const checked = checker(def.result)(result);
  assert.ok(checked.ok, `${command}: ${checked.ok || checked.error}`);
}
