/** The command menu of the chats: names as Telegram takes them. */
import type { Settings } from "./settings.ts";

export interface MenuCommand {
  readonly command: string;
  readonly description: string;
}

/** The gateway's own commands; a test compares them with its table. */
export const BUILT_IN: readonly MenuCommand[] = [
  { command: "new", description: "Start a new session" },
  { command: "reset", description: "Start a new session" },
  { command: "stop", description: "Stop what is running" },
  { command: "status", description: "Show session, model and queue" },
  { command: "model", description: "Show or choose the model" },
  { command: "think", description: "Show or set the thinking level" },
  { command: "queue", description: "Show or set how messages wait" },
  { command: "help", description: "List the commands" },
];

/** Telegram takes 100 commands of 1 to 32 characters, with descriptions of at most 256. */
const MAX_COMMANDS = 100;
const NAME = /^[a-z0-9_]{1,32}$/u;

export interface Menu {
  readonly commands: readonly MenuCommand[];
  /** Names of the configuration that Telegram would refuse. */
  readonly refused: readonly string[];
}

/** The menu of an account. One bad name would make Telegram refuse the whole list, so it is left out. */
export function menuOf({ customCommands }: Pick<Settings, "customCommands">): Menu {
  const commands = new Map(BUILT_IN.map((each) => [each.command, each]));
  const refused: string[] = [];
  for (const { command, description } of customCommands) {
    const name = command.replace(/^\//u, "").toLowerCase().replaceAll("-", "_");
    if (!NAME.test(name) || commands.has(name) || commands.size >= MAX_COMMANDS) refused.push(command);
    else commands.set(name, { command: name, description: description.trim().slice(0, 256) || name });
  }
  return { commands: [...commands.values()], refused };
}
