/** One turn of a session: start in one transaction, the model with its tools, then exactly one ending. */
import type { AssistantMessage, Usage } from "../../schemas/message.ts";
import { THINKING_LEVELS, type ThinkingLevel } from "../../schemas/worker/agent.ts";
import { GatewayError } from "../../schemas/error.ts";
import type { Config } from "../config/types.ts";
import type { Lease } from "../session/lane.ts";
import type { Session, StoredMessage } from "../session/types.ts";
import type { EndingDeps, Endings } from "./endings.ts";
import { notesFor, noteSuffix } from "./notes.ts";
import { buildPrompt, createStamp } from "./prompt.ts";
import { addUsage, type Run, userMessage } from "./run.ts";
import { isSilent } from "./silence.ts";
import { callTool } from "./tool_calls.ts";
import {
  type ModelCatalog,
  ModelError,
  type ModelObserver,
  type ModelRequest,
  type ModelRunner,
  type Tool,
  type ToolBox,
} from "./types.ts";

/** Model calls in one run at most, so that a tool loop ends. */
const MAX_STEPS = 16;
/** A run's longest time: what `timeout: 0` means. */
export const MAX_RUN_MS = 24 * 3_600_000;

export interface TurnDeps extends EndingDeps {
  readonly config: Config;
  readonly runner: ModelRunner;
  readonly models: ModelCatalog;
  readonly tools: ToolBox;
  readonly endings: Endings;
}

/** Runs of one turn: the last one carries it, the others end at once as merged into it. */
export class Turns {
  readonly #stamp = createStamp();
  constructor(private readonly deps: TurnDeps) {}

  /** Never throws and never leaves the lane held: what goes wrong ends the run with an error. */
  start(runs: readonly Run[], lease: Lease): void {
    const lead = runs.at(-1);
    if (!lead) return lease.release();
    lead.lease = lease;
    try {
      const session = this.#begin(runs, lead);
      this.#run(lead, this.#request(runs, lead, session)).catch((error) => this.#fail(lead, error));
    } catch (error) {
      this.#fail(lead, error);
      // The transaction rolled back, so the others are still open: they share the turn's fate.
      for (const run of runs) this.#fail(run, error);
      lease.release();
    }
  }

  /** Ledger and user messages in one transaction, then the first events. */
  #begin(runs: readonly Run[], lead: Run): StartedSession {
    const { db, ledger, sessions, transcript, endings, clock, news } = this.deps;
    const now = clock.now();
    const started = db.transaction(() => {
      const session = sessions.ensure(lead.facts.sessionKey);
      const systemEvents = session.entry.systemEvents ?? [];
      ledger.start(lead.facts, session.sessionId, now, isTrusted(runs));
      const merged = runs.slice(0, -1).map((run) => endings.merged(run));
      // A run that a restart cut off has its message in the transcript already.
      const fresh = runs.filter(({ facts }) => (facts.request.replays ?? 0) === 0);
      const stored = fresh.map((run) => transcript.append(session.sessionId, userMessage(run)));
      sessions.update(session.key, {
        systemSent: true,
        ...(systemEvents.length > 0 ? { systemEvents: undefined } : {}),
      });
      return { session, systemEvents, stored, merged };
    });
    lead.start(now, started.session.sessionId);
    for (const run of started.merged) run.announce();
    for (const message of started.stored) news.messageAppended({ key: lead.facts.sessionKey }, message);
    const { entry } = started.session;
    lead.events.start(now, {
      thinking: (entry.reasoningLevel ?? "off") !== "off" || (lead.facts.request.thinking ?? "off") !== "off",
      toolResults: (entry.verboseLevel ?? this.deps.config.agents.verboseDefault) === "full",
    });
    news.changed(lead.facts.sessionKey, "run");
    if (lead.facts.request.reply) this.deps.outlet?.started(lead.facts);
    lead.cancelDeadline = clock.after(this.#deadline(lead), () => this.#timeout(lead));
    return started;
  }

  #deadline(run: Run): number {
    const { timeoutMs } = run.facts.request;
    const wanted = timeoutMs ?? this.deps.config.agents.timeoutSeconds * 1_000;
    return wanted === 0 ? MAX_RUN_MS : Math.min(wanted, MAX_RUN_MS);
  }

  #timeout(run: Run): void {
    const seconds = Math.round(this.#deadline(run) / 1_000);
    const limit = seconds >= 1 ? `${seconds} s` : `${this.#deadline(run)} ms`;
    this.deps.endings.error(
      run,
      `The run was stopped: no complete answer within its time limit of ${limit}`,
      "timeout",
    );
  }

  /** Resolves the model and writes the prompt. Throws when the session's model is not there any more. */
  #request(runs: readonly Run[], lead: Run, { session, systemEvents }: StartedSession): TurnRequest {
    const { config, models } = this.deps;
    const { sessionKey, agentId } = lead.facts;
    const trusted = isTrusted(runs);
    const toolRun = { sessionKey, agentId, trusted };
    const tools = this.deps.tools.for(toolRun);
    const { info, target } = models.resolve(modelReference(config, session));
    lead.produced.provider = info.provider;
    lead.produced.model = info.id;
    const prompt = buildPrompt({ ...this.deps, stamp: this.#stamp }, {
      runs,
      sessionId: session.sessionId,
      systemEvents,
      model: info,
      toolNote: this.deps.tools.note?.(toolRun),
    });
    const thinking = lead.facts.request.thinking ?? session.entry.thinkingLevel ?? config.agents.thinkingDefault;
    return {
      api: target.api,
      tools,
      trusted,
      notes: notesFor(runs, info.input.includes("image"), info.id),
      model: {
        runId: lead.facts.id,
        target,
        ...prompt,
        tools: tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
        thinking: isThinking(thinking) ? thinking : "off",
        maxSteps: MAX_STEPS,
      },
    };
  }

  async #run(run: Run, request: TurnRequest): Promise<void> {
    const { runner, endings } = this.deps;
    const { aborted } = await runner.run(request.model, this.#observer(run, request), run.abort.signal);
    if (run.isEnded) return;
    if (aborted) endings.error(run, "The model stopped before its answer was complete", "unknown");
    else endings.ok(run);
  }

  #observer(run: Run, request: TurnRequest): ModelObserver {
    return {
      delta: (kind, text) => {
        if (run.isEnded) return;
        run.events.delta(kind, text);
        if (kind === "text") this.#grew(run);
      },
      message: (message) => {
        if (!run.isEnded) this.#message(run, request, message);
      },
      tool: (call, signal) => {
        this.#noteTool(run, request, call.name);
        return callTool({ ...request, clock: this.deps.clock }, run, call, signal);
      },
    };
  }

  /** Shows the chat what clients see: complete messages, then what is visible of the current one. */
  #grew(run: Run): void {
    const { outlet } = this.deps;
    if (!outlet || !run.facts.request.reply || run.events.visible === "") return;
    const parts = [...run.produced.texts.filter((text) => !isSilent(text)), run.events.visible];
    outlet.grew(run.facts, parts.map((text) => text.trim()).join("\n\n"));
  }

  /** Before the first tool that changes something, and durable: after it a restart must not begin the run anew. */
  #noteTool(run: Run, { tools }: TurnRequest, name: string): void {
    if (run.acted || tools.find((tool) => tool.name === name)?.readOnly === true) return;
    run.acted = true;
    this.deps.ledger.acted(run.facts);
  }

  #message(run: Run, { notes, api }: TurnRequest, message: ModelMessage): void {
    const { events, produced, facts } = run;
    if (message.stopReason !== "toolUse" && notes.length > 0) events.delta("text", noteSuffix(notes, message.text));
    const text = message.stopReason === "toolUse" ? message.text : message.text + noteSuffix(notes, message.text);
    events.message();
    produced.usage = addUsage(produced.usage, message.usage);
    produced.lastCall = message.usage ?? produced.lastCall;
    produced.stopReason = message.stopReason;
    if (text !== "") produced.texts.push(text);
    const content: AssistantMessage["content"] = [
      ...(message.thinking ? [{ type: "thinking" as const, thinking: message.thinking }] : []),
      ...(text === "" ? [] : [{ type: "text" as const, text }]),
      ...message.toolCalls.map((call) => ({ type: "toolCall" as const, ...call })),
    ];
    produced.messages.push({
      role: "assistant",
      content,
      timestamp: this.deps.clock.now(),
      api,
      provider: produced.provider,
      model: produced.model,
      ...(message.usage === undefined ? {} : { usage: message.usage }),
      stopReason: message.stopReason,
      runId: facts.runId,
    });
  }

  #fail(run: Run, error: unknown): void {
    if (run.isEnded) return;
    if (error instanceof ModelError) return this.deps.endings.error(run, error.message, error.kind);
    if (error instanceof GatewayError) return this.deps.endings.error(run, error.message, "bad_model");
    this.deps.log.error("run.failed", { runId: run.facts.runId, error });
    const reason = error instanceof Error ? error.message : String(error);
    this.deps.endings.error(run, `The gateway could not complete this run: ${reason}`, "unknown");
  }
}

/** One message of a stranger in it, and the turn is a stranger's: the model reads them all. */
const isTrusted = (runs: readonly Run[]): boolean => runs.every(({ facts }) => facts.request.trusted === true);

interface StartedSession {
  readonly session: Session;
  readonly systemEvents: readonly string[];
  readonly stored: readonly StoredMessage[];
}

interface TurnRequest {
  readonly api: string;
  readonly tools: readonly Tool[];
  readonly trusted: boolean;
  /** Sentences that end the answer: what of the request the model did not see. */
  readonly notes: readonly string[];
  readonly model: ModelRequest;
}

type ModelMessage = Parameters<ModelObserver["message"]>[0] & { readonly usage: Usage | undefined };

/** The session's own choice, then the agent's; undefined: the default of all. */
export function modelReference(config: Config, { entry, agentId }: Session): string | undefined {
  const { providerOverride, modelOverride } = entry;
  if (modelOverride !== undefined) {
    return providerOverride === undefined ? modelOverride : `${providerOverride}/${modelOverride}`;
  }
  return config.agents.list.find(({ id }) => id === agentId)?.model;
}

const isThinking = (value: string): value is ThinkingLevel => THINKING_LEVELS.some((level) => level === value);
