/** The slash commands that people see in Discord: names and options as Discord takes them. */
import type { Settings } from "./settings.ts";

interface OptionBody {
  readonly type: 3;
  readonly name: string;
  readonly description: string;
  readonly required: false;
}

export interface CommandBody {
  readonly name: string;
  readonly type: 1;
  readonly description: string;
  readonly options: readonly OptionBody[];
}

const command = (
  name: string,
  description: string,
  option?: readonly [name: string, description: string],
): CommandBody => ({
  name,
  type: 1,
  description,
  options: option === undefined ? [] : [{ type: 3, name: option[0], description: option[1], required: false }],
});

/** The gateway's own commands; a test compares them with its table. */
export const BUILT_IN: readonly CommandBody[] = [
  command("new", "Start a new session", ["text", "A model, the first message, or both"]),
  command("reset", "Start a new session", ["text", "The first message"]),
  command("stop", "Stop what is running"),
  command("status", "Show session, model and queue"),
  command("model", "Show or choose the model", ["model", "<provider>/<model>, or default"]),
  command("think", "Show or set the thinking level", ["level", "off, minimal, low, medium, high or xhigh"]),
  command("queue", "Show or set how messages wait", ["mode", "A mode and its options"]),
  command("help", "List the commands"),
];

/** Discord takes 100 commands; names of 1 to 32 characters, descriptions of at most 100. */
const MAX_COMMANDS = 100;
const NAME = /^[-_\p{Ll}\p{Lo}\p{N}]{1,32}$/u;

/** What is registered, and names of the configuration that Discord would refuse: one of them would cost the whole list. */
export function commandsOf({ nativeCommands, customCommands }: Pick<Settings, "nativeCommands" | "customCommands">) {
  const refused: string[] = [];
  if (!nativeCommands) return { commands: [], refused };
  const commands = new Map(BUILT_IN.map((each) => [each.name, each]));
  for (const { command: written, description } of customCommands) {
    const name = written.trim().replace(/^\//u, "").toLowerCase();
    if (!NAME.test(name) || commands.has(name) || commands.size >= MAX_COMMANDS) refused.push(written);
    else {commands.set(
        name,
        command(name, description.trim().slice(0, 100) || name, ["text", "What follows the command"]),
      );}
  }
  return { commands: [...commands.values()], refused };
}
