/** Builds the argument parser from the command table, runs the chosen command and turns every failure into an exit code. */
import { Command as Parser, CommanderError, Option } from "commander";
import { closest, distance } from "fastest-levenshtein";
import type { CliContext, Command } from "./context.ts";
import { CliError, exitCodeHelp, EXITS } from "./exit.ts";
import { Options } from "./options.ts";

/** An option as the parser writes it: flags, help, and what it may be repeated or hidden for. */
export interface OptionSpec {
  readonly flags: string;
  readonly help: string;
  /** May be given several times. */
  readonly repeat?: boolean;
  /** Understood, not listed in the help. */
  readonly hidden?: boolean;
}

export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** In the parser's notation: `<key>` is required, `[path]` is not, `[words...]` takes all. */
  readonly args?: readonly (readonly [notation: string, help: string])[];
  readonly options: readonly OptionSpec[];
  /** Command lines without the leading `openclaw`, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** What a person should know beside that, at the end of the help. */
  readonly notes?: string;
  /** Loads the command. A literal import in each row keeps the start quick and the files in a compiled executable. */
  readonly load: () => Promise<Command>;
}

export interface GroupSpec {
  readonly name: string;
  readonly summary: string;
  /** The command that runs when none is named; without it the help is shown. */
  readonly usual?: string;
  readonly commands: readonly (CommandSpec | GroupSpec)[];
}

export interface Section {
  readonly title: string;
  readonly entries: readonly (CommandSpec | GroupSpec)[];
}

export interface Program {
  readonly version: string;
  readonly description: string;
  readonly sections: readonly Section[];
  /** Stands at the end of `openclaw help`. */
  readonly footer: string;
}

/** Parses `argv` (without the executable), runs the command and returns the exit code. Never throws. */
export async function runProgram(program: Program, argv: readonly string[], context: CliContext): Promise<number> {
  const result: { code: number } = { code: EXITS.ok.code };
  try {
    const parser = buildParser(program, context, async (load, options, args) => {
      const code = await (await load())(context, new Options(options), args);
      if (typeof code === "number") result.code = code;
    });
    await parser.parseAsync([...argv], { from: "user" });
    return result.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXITS.ok.code : EXITS.usage.code;
    return showFailure(context, error, argv.includes("--json"));
  }
}

type Run = (load: CommandSpec["load"], options: Record<string, unknown>, args: readonly string[]) => Promise<void>;

function buildParser(program: Program, context: CliContext, run: Run): Parser {
  const parser = new Parser("openclaw");
  parser.description(program.description)
    .version(program.version, "-V, --version", "Print the version")
    .helpOption("-h, --help", "Show help")
    .helpCommand("help [command]", "Show help for a command")
    .exitOverride()
    .showHelpAfterError("See: openclaw help")
    .configureOutput(outputOf(context))
    .addHelpText("after", `\n${program.footer}\n\n${exitCodeHelp()}`);
  for (const { title, entries } of program.sections) {
    parser.commandsGroup(title);
    for (const entry of entries) addEntry(parser, entry, "", run);
  }
  parser.commandsGroup("Other:");
  return parser;
}

/** The parser must not touch `process`: it prints through our output, and colours are ours to decide. */
function outputOf({ out }: CliContext) {
  return {
    writeOut: (text: string) => out.write(text),
    writeErr: (text: string) => out.note(text.trimEnd()),
    outputError: (text: string) => out.error(sentence(text)),
    getOutHelpWidth: () => Math.min(out.columns ?? 100, 120),
    getErrHelpWidth: () => 100,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
}

/** `error: unknown option '--x'` as a sentence. */
function sentence(text: string): string {
  const plain = text.replace(/^error: /u, "").trimEnd();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

function addCommand(parent: Parser, spec: CommandSpec, group: string, run: Run, usual = false): void {
  const command = parent.command(spec.name, { isDefault: usual }).description(spec.summary);
  for (const [notation, help] of spec.args ?? []) command.argument(notation, help);
  for (const option of spec.options) command.addOption(parserOption(option));
  if (spec.examples.length > 0) command.addHelpText("after", `\n${examplesText(spec.examples)}`);
  if (spec.notes !== undefined) command.addHelpText("after", `\n${spec.notes}`);
  const path = `${group}${group === "" ? "" : " "}${spec.name}`;
  command.showHelpAfterError(`See: openclaw ${path} --help`);
  // Without a name the usual command runs, and then a mistyped name looks like an argument of it.
  command.allowExcessArguments(usual);
  command.action(async () => {
    const excess = command.args[command.registeredArguments.length];
    if (excess !== undefined && !command.registeredArguments.some((argument) => argument.variadic)) {
      throw unknownCommand(group, command.args[0] ?? excess, parent.commands.map((each) => each.name()));
    }
    await run(spec.load, command.opts(), command.args);
  });
}

function addEntry(parent: Parser, entry: CommandSpec | GroupSpec, group: string, run: Run, usual?: string): void {
  if ("load" in entry) addCommand(parent, entry, group, run, entry.name === usual);
  else addGroup(parent, entry, group, run);
}

function addGroup(parser: Parser, group: GroupSpec, above: string, run: Run): void {
  const path = `${above}${above === "" ? "" : " "}${group.name}`;
  const parent = parser.command(group.name).description(group.summary).helpCommand(true);
  parent.showHelpAfterError(`See: openclaw ${path} --help`);
  for (const entry of group.commands) addEntry(parent, entry, path, run, group.usual);
  const usual = group.usual === undefined ? "" : `\nWithout a command: ${group.usual}\n`;
  parent.addHelpText("after", `${usual}\n${examplesText(firstExamples(group))}`);
}

const firstExamples = ({ commands }: GroupSpec): CommandSpec["examples"] =>
  commands.flatMap((entry) => "load" in entry ? entry.examples.slice(0, 1) : firstExamples(entry).slice(0, 1));

function parserOption({ flags, help, repeat, hidden }: OptionSpec): Option {
  const option = new Option(flags, help);
  if (repeat === true) {
    option.argParser((value: string, before: unknown) => [...Array.isArray(before) ? before : [], value]);
  }
  return hidden === true ? option.hideHelp() : option;
}

function examplesText(examples: CommandSpec["examples"]): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return ["Examples:", ...examples.map(([line, what]) => `  openclaw ${line.padEnd(width)}  ${what}`)].join("\n");
}

function unknownCommand(group: string, name: string, known: readonly string[]): CliError {
  const nearest = closest(name, known);
  const near = distance(name, nearest) <= 3 ? [`Did you mean: openclaw ${group} ${nearest}`] : [];
  return new CliError("usage", `Unknown command "openclaw ${group} ${name}"`, [...near, `See: openclaw help ${group}`]);
}

/** Sentence and next steps to standard error; with `--json` the same to standard output as an object. */
export function showFailure({ out }: CliContext, error: unknown, json: boolean): number {
  const failure = error instanceof CliError
    ? error
    : new CliError("failed", error instanceof Error ? error.message : String(error));
  const { code } = EXITS[failure.exit];
  if (json) {
    out.json({
      ok: false,
      exitCode: code,
      message: failure.message,
      hints: failure.hints,
      ...(failure.wire === undefined ? {} : { error: failure.wire }),
    });
  }
  out.error(failure.message);
  for (const hint of failure.hints) out.note(`  ${hint}`);
  return code;
}
