/** Parameters and result of commands.list: the slash commands (generations facts, section 5). */
import { Closed, NonEmpty, OneOf, Open, type Static, Type } from "../primitives.ts";

const Opt = Type.Optional;

export const CommandArg = Closed({
  name: NonEmpty,
  description: NonEmpty,
  type: OneOf(["string", "number", "boolean"]),
  required: Opt(Type.Boolean()),
  choices: Opt(Type.Array(Closed({ value: NonEmpty, label: NonEmpty }))),
});
export type CommandArg = Static<typeof CommandArg>;

export const CommandView = Closed({
  name: NonEmpty,
  nativeName: Opt(NonEmpty),
  textAliases: Type.Array(NonEmpty),
  description: NonEmpty,
  category: NonEmpty,
  source: OneOf(["native"]),
  scope: OneOf(["both", "text", "native"]),
  acceptsArgs: Type.Boolean(),
  args: Opt(Type.Array(CommandArg)),
});
export type CommandView = Static<typeof CommandView>;

export const CommandsListParams = Open({
  agentId: Opt(Type.String()),
  scope: Opt(Type.String()),
  includeArgs: Opt(Type.Boolean()),
});
export const CommandsListResult = Closed({ commands: Type.Array(CommandView) });
