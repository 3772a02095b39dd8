/** What the slash commands do to a session and what they answer. The caller runs it inside a transaction. */
import { GatewayError } from "../../schemas/error.ts";
import { THINKING_LEVELS, type ThinkingLevel } from "../../schemas/worker/agent.ts";
import type { Config } from "../config/types.ts";
import { type ParsedCommand, SLASH_COMMANDS, type SlashCommand } from "../session/commands.ts";
import { modelOf, thinkingOptions } from "../session/models.ts";
import type { Session, SessionStore, Transcript } from "../session/types.ts";
import { queueSettings } from "./queue.ts";
import { queueChange } from "./slash_queue.ts";
import type { ModelCatalog } from "./types.ts";

/** An answer without a model, or text that goes on to the model. */
export type CommandOutcome =
  | { readonly type: "answer"; readonly text: string }
  | { readonly type: "run"; readonly message: string; readonly thinking: ThinkingLevel | undefined };

export interface SlashDeps {
  readonly config: Config;
  readonly sessions: SessionStore;
  readonly transcript: Transcript;
  readonly models: ModelCatalog;
}

export interface CommandContext {
  readonly session: Session;
  /** Runs that the command stopped before it came here (`/new`, `/reset`, `/stop`). */
  readonly stopped: number;
  /** Runs that go on: running and waiting. */
  readonly active: number;
}

const MAX_LISTED = 40;

/** Commands that end what runs in the session before they act. */
export const stopsRuns = ({ name }: ParsedCommand): boolean => name === "new" || name === "reset" || name === "stop";

export function runCommand(deps: SlashDeps, command: ParsedCommand, context: CommandContext): CommandOutcome {
  const { session } = context;
  switch (command.name) {
    case "new":
      return startNew(deps, session, command.rest, true);
    case "reset":
      return startNew(deps, session, command.rest, false);
    case "stop":
      return answer(context.stopped === 0 ? "Nothing was running" : `Stopped ${plural(context.stopped, "run")}`);
    case "status":
      return answer(statusText(deps, context));
    case "model":
      return answer(chooseModel(deps, session, command.rest));
    case "think":
      return think(deps, session, command.rest);
    case "queue":
      return answer(queueText(deps, session, command.rest));
    case "help":
      return answer(helpText());
  }
}

const answer = (text: string): CommandOutcome => ({ type: "answer", text });
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** A new session id; `/new <model>` also chooses a model; further text is the first message. */
function startNew(deps: SlashDeps, session: Session, rest: string, mayName: boolean): CommandOutcome {
  deps.sessions.reset(session.key);
  const [first = ""] = rest.split(/\s/u, 1);
  const chosen = mayName && first !== "" ? setModel(deps, session.key, first) : undefined;
  const message = chosen === undefined ? rest : rest.slice(first.length).trim();
  if (message !== "") return { type: "run", message, thinking: undefined };
  return answer(chosen === undefined ? "New session started" : `New session started with ${chosen}`);
}

/** Chooses a model when there is one of that name; returns its full name. */
function setModel({ models, sessions }: SlashDeps, key: string, reference: string): string | undefined {
  try {
    const { info } = models.resolve(reference);
    sessions.update(key, { providerOverride: info.provider, modelOverride: info.id });
    return `${info.provider}/${info.id}`;
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

function chooseModel(deps: SlashDeps, session: Session, rest: string): string {
  if (rest === "") return modelList(deps, session);
  if (rest === "default") {
    deps.sessions.update(session.key, { providerOverride: undefined, modelOverride: undefined });
    return `Model: ${currentModel(deps, deps.sessions.ensure(session.key))} (the default)`;
  }
  const chosen = setModel(deps, session.key, rest);
  return chosen === undefined
    ? `There is no model "${rest}"\n\n${modelList(deps, session)}`
    : `Model: ${chosen}, from the next message on`;
}

function modelList(deps: SlashDeps, session: Session): string {
  const all = deps.models.list();
  const lines = all.slice(0, MAX_LISTED).map(({ provider, id }) => `- ${provider}/${id}`);
  if (all.length > MAX_LISTED) lines.push(`- and ${all.length - MAX_LISTED} more`);
  return [`Model: ${currentModel(deps, session)}`, "", "Choose with /model <provider>/<model>:", ...lines].join("\n");
}

function currentModel(deps: SlashDeps, session: Session): string {
  const { modelProvider, model } = modelOf(session.agentId, session.entry, deps);
  return modelProvider === null ? "none" : `${modelProvider}/${model}`;
}

/** A level alone is kept for the session; a level with a text counts for that text only. */
function think(deps: SlashDeps, session: Session, rest: string): CommandOutcome {
  const model = modelOf(session.agentId, session.entry, deps);
  const options = [...thinkingOptions(model), "default"].join(", ");
  const current = session.entry.thinkingLevel ?? `${deps.config.agents.thinkingDefault} (the default)`;
  const [word = ""] = rest.split(/\s/u, 1);
  const level = THINKING_LEVELS.find((each) => each === word.toLowerCase());
  if (rest === "") return answer(`Thinking: ${current}\n\nSet it with /think <level>: ${options}`);
  if (rest === "default") {
    deps.sessions.update(session.key, { thinkingLevel: undefined });
    return answer(`Thinking: ${deps.config.agents.thinkingDefault} (the default)`);
  }
  if (level === undefined || !thinkingOptions(model).includes(level)) {
    return answer(`There is no thinking level "${word}" for this model; choose ${options}`);
  }
  const message = rest.slice(word.length).trim();
  if (message !== "") return { type: "run", message, thinking: level };
  deps.sessions.update(session.key, { thinkingLevel: level });
  return answer(`Thinking: ${level}`);
}

function queueText(deps: SlashDeps, session: Session, rest: string): string {
  const parsed = queueChange(rest);
  if (!parsed.ok) return parsed.error;
  const entry = rest === "" ? session.entry : deps.sessions.update(session.key, parsed.change).entry;
  const { mode, debounceMs, cap, drop } = queueSettings(deps.config, entry, "webchat", undefined);
  const lines = [`Queue: ${mode}, debounce ${debounceMs} ms, cap ${cap}, drop ${drop}`];
  if (mode === "steer" || mode === "steer-backlog") {
    lines.push("This agent cannot be steered while it answers, so each message waits for its own turn (as followup)");
  }
  if (rest === "") {
    lines.push("Set it with /queue <collect|followup|steer|interrupt|default> debounce:2s cap:25 drop:old");
  }
  return lines.join("\n");
}

function statusText(deps: SlashDeps, { session, active }: CommandContext): string {
  const { entry } = session;
  const model = modelOf(session.agentId, entry, deps);
  const { mode, cap } = queueSettings(deps.config, entry, "webchat", undefined);
  const total = entry.totalTokens ?? 0;
  const window = model.contextTokens === undefined
    ? ""
    : ` of ${model.contextTokens} (${Math.min(999, Math.round((total / model.contextTokens) * 100))} %)`;
  return [
    `Session: ${entry.label ?? session.key}, ${plural(deps.transcript.count(session.sessionId), "message")}`,
    `Model: ${currentModel(deps, session)}`,
    `Thinking: ${entry.thinkingLevel ?? deps.config.agents.thinkingDefault}`,
    `Tokens: ${entry.inputTokens ?? 0} in, ${entry.outputTokens ?? 0} out in the last run; context ${total}${window}`,
    `Queue: ${mode}, cap ${cap}; ${plural(active, "run")} active`,
  ].join("\n");
}

function helpText(): string {
  const commands: readonly SlashCommand[] = SLASH_COMMANDS;
  return commands.map(({ name, args, description }) =>
    `/${[name, ...args.map((arg) => `[${arg.name}]`)].join(" ")} – ${description}`
  ).join("\n");
}
