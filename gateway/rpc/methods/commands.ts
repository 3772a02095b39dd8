/** commands.list. */
import type { CommandView } from "../../../schemas/method/commands.ts";
import { CommandsListParams, CommandsListResult } from "../../../schemas/method/commands.ts";
import { SLASH_COMMANDS, type SlashCommand } from "../../session/commands.ts";
import { defineMethod, type MethodDef } from "../define.ts";

/** The slash commands as the wire shows them. They are text in a message, so a list of native commands is empty. */
export function commandViews(withArgs: boolean): CommandView[] {
  const commands: readonly SlashCommand[] = SLASH_COMMANDS;
  return commands.map(({ name, aliases, description, args }) => ({
    name,
    textAliases: [`/${name}`, ...aliases],
    description,
    category: "session",
    source: "native" as const,
    scope: "text" as const,
    acceptsArgs: args.length > 0,
    ...(withArgs && args.length > 0 ? { args: args.map(argView) } : {}),
  }));
}

const argView = ({ name, description, choices }: SlashCommand["args"][number]) => ({
  name,
  description,
  type: "string" as const,
  ...(choices === undefined ? {} : { choices: choices.map((value) => ({ value, label: value })) }),
});

const list = defineMethod({
  name: "commands.list",
  access: "operator.read",
  params: CommandsListParams,
  result: CommandsListResult,
  idempotency: "none",
  deadlineMs: 10_000,
  description: "The slash commands that a chat message can start with",
  handle: ({ params }) => ({
    commands: params.scope === "native" ? [] : commandViews(params.includeArgs !== false),
  }),
});

export const commandMethods: readonly MethodDef[] = [list];
