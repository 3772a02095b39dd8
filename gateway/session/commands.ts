/** The slash commands as data, and how a message is recognised as one. What they do stands in `agent/slash.ts`. */

export interface CommandArg {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[];
}

export interface SlashCommand {
  readonly name: string;
  /** Further spellings, each with its slash. */
  readonly aliases: readonly string[];
  readonly description: string;
  readonly args: readonly CommandArg[];
}

export const THINK_CHOICES = ["off", "minimal", "low", "medium", "high", "xhigh"] as const;
export const QUEUE_CHOICES = ["collect", "followup", "steer", "steer-backlog", "interrupt", "default"] as const;

export const SLASH_COMMANDS = [
  {
    name: "new",
    aliases: [],
    description: "Start a new session, with a model or a first message if given",
    args: [{ name: "text", description: "A model reference, the first message, or both" }],
  },
  {
    name: "reset",
    aliases: [],
    description: "Start a new session, with a first message if given",
    args: [{ name: "text", description: "The first message" }],
  },
  { name: "stop", aliases: ["/abort"], description: "Stop what is running in this session", args: [] },
  { name: "status", aliases: [], description: "Show session, model, tokens and queue", args: [] },
  {
    name: "model",
    aliases: ["/models"],
    description: "Show the models or choose one for this session",
    args: [{ name: "model", description: "<provider>/<model>, or default" }],
  },
  {
    name: "think",
    aliases: ["/thinking", "/t"],
    description: "Show or set the thinking level; with a text, only for that message",
    args: [{ name: "level", description: "How much the model thinks", choices: THINK_CHOICES }],
  },
  {
    name: "queue",
    aliases: [],
    description: "Show or set what happens to messages while a run is active",
    args: [
      { name: "mode", description: "Queue mode", choices: QUEUE_CHOICES },
      { name: "options", description: "debounce:2s cap:25 drop:old|new|summarize" },
    ],
  },
  { name: "help", aliases: ["/commands"], description: "List the commands", args: [] },
] as const satisfies readonly SlashCommand[];

export type CommandName = (typeof SLASH_COMMANDS)[number]["name"];

export interface ParsedCommand {
  readonly name: CommandName;
  /** What follows the command, trimmed; empty when there is nothing. */
  readonly rest: string;
}

/** Whole messages that stop a session's runs (methods facts, section 6.2). */
const STOP_TEXTS = new Set(["/stop", "/abort", "stop", "esc", "abort", "wait", "exit", "interrupt"]);

/** Whether the whole message asks to stop. */
export const isStopText = (message: string): boolean => STOP_TEXTS.has(message.trim().toLowerCase());

/**
 * The command in a message, or undefined when it is ordinary text: `/etc/hosts` and unknown words stay text for the model.
 * `resetTriggers` are the configured words that start a new session; they replace `/new` and `/reset`.
 */
export function parseCommand(message: string, resetTriggers: readonly string[]): ParsedCommand | undefined {
  const text = message.trim();
  const trigger = resetTriggers.find((word) => startsWithWord(text, word));
  if (trigger !== undefined) {
    return { name: trigger.toLowerCase() === "/new" ? "new" : "reset", rest: text.slice(trigger.length).trim() };
  }
  const match = /^\/([a-z]+)(?::|\s|$)/iu.exec(text);
  const word = match?.[1]?.toLowerCase();
  if (match === null || word === undefined) return undefined;
  const command = SLASH_COMMANDS.find(({ name, aliases }) =>
    name === word || aliases.some((alias) => alias === `/${word}`)
  );
  if (!command || command.name === "new" || command.name === "reset") return undefined;
  return { name: command.name, rest: text.slice(match[0].length).trim() };
}

function startsWithWord(text: string, word: string): boolean {
  if (word === "" || text.slice(0, word.length).toLowerCase() !== word.toLowerCase()) return false;
  return text.length === word.length || /\s/u.test(text.charAt(word.length));
}
