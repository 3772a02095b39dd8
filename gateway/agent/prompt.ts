/** From a session's transcript to what the model reads: system prompt, history within a budget, the messages of this turn. */
import type { ImagePart, Message, TextPart, UserMessage } from "../../schemas/message.ts";
import type { Config, ModelInfo } from "../config/types.ts";
import type { StoredMessage, Transcript } from "../session/types.ts";
import { forModel } from "./history.ts";
import { type Run, userMessage } from "./run.ts";

/** Messages of the past that a prompt holds at most. */
const MAX_HISTORY = 120;
const MAX_HISTORY_BYTES = 8 * 1024 * 1024;
/** Of what is older than that, without its pictures: a few photos must not make the agent forget what was said before. */
const MAX_OLDER_BYTES = 2 * 1024 * 1024;
/** The context window that is assumed when the configuration names none. */
const DEFAULT_WINDOW = 32_000;
/** Share of the window that the prompt may fill; the rest is for the answer. */
const PROMPT_SHARE = 0.75;

export interface PromptInput {
  /** The runs of this turn, oldest first; the last one carries it. */
  readonly runs: readonly Run[];
  readonly sessionId: string;
  /** System events that waited in the session. */
  readonly systemEvents: readonly string[];
  readonly model: ModelInfo;
  /** A sentence on tools that this turn does not get. */
  readonly toolNote?: string | undefined;
}

export interface PromptDeps {
  readonly config: Config;
  readonly transcript: Transcript;
  readonly stamp: Stamp;
}

export interface Prompt {
  readonly system: string;
  readonly messages: Message[];
}

/** Reads the past from the transcript; the messages of this turn come from its runs. */
export function buildPrompt({ config, transcript, stamp }: PromptDeps, input: PromptInput): Prompt {
  const lead = input.runs.at(-1);
  if (!lead) throw new Error("Cannot build a prompt: the turn has no run");
  const limit = MAX_HISTORY + input.runs.length;
  const own = new Set(input.runs.map(({ facts }) => facts.runId));
  const past = readPast(transcript, input.sessionId, limit)
    .map(({ message }) => message)
    .filter((message) => message.role !== "user" || message.runId === undefined || !own.has(message.runId));
  const budget = (input.model.contextWindow ?? DEFAULT_WINDOW) * PROMPT_SHARE;
  const vision = input.model.input.includes("image");
  return {
    system: systemPrompt(config, lead, input.toolNote ?? ""),
    messages: [...forModel(past, { vision, tokens: budget }), turnMessage(input, vision, stamp)],
  };
}

function readPast(transcript: Transcript, sessionId: string, limit: number): StoredMessage[] {
  const newest = transcript.page(sessionId, { limit, maxBytes: MAX_HISTORY_BYTES });
  const beforeSeq = newest[0]?.seq ?? 1;
  if (newest.length >= limit || beforeSeq <= 1) return newest;
  const rest = { limit: limit - newest.length, beforeSeq, maxBytes: MAX_OLDER_BYTES, plain: true };
  return [...transcript.page(sessionId, rest), ...newest];
}

/** System events first, then dropped messages in short, then the message or the queued messages. */
function turnMessage(input: PromptInput, vision: boolean, stamp: Stamp): UserMessage {
  const turn = input.runs.map(userMessage);
  const contexts = input.runs.flatMap(({ facts }) => facts.request.context ?? []);
  const summary = input.runs.flatMap(({ facts }) => facts.request.summary);
  const texts = turn.map((message) => textOf(message, vision));
  const blocks = [
    input.systemEvents.map((event) => `System: ${event}`).join("\n"),
    summary.length === 0
      ? ""
      : ["[Earlier queued messages, shortened]", ...summary.map((line) => `- ${line}`)].join("\n"),
    ...contexts,
    texts.length < 2 ? stamped(input.runs[0], texts[0] ?? "", stamp) : queuedText(texts),
  ];
  const text: TextPart = { type: "text", text: blocks.filter((block) => block !== "").join("\n\n") };
  const images = vision ? turn.flatMap(({ content }) => content.filter((part) => part.type === "image")) : [];
  return { role: "user", content: [text, ...images], timestamp: turn.at(-1)?.timestamp ?? 0 };
}

const queuedText = (texts: readonly string[]): string =>
  ["[Queued messages while agent was busy]", ...texts.map((text, index) => `---\nQueued #${index + 1}\n${text}`)]
    .join("\n\n");

/** Texts of a message; images that the model cannot see are named, so that it can say so. */
function textOf(message: UserMessage, vision: boolean): string {
  const images = message.content.filter((part): part is ImagePart => part.type === "image");
  const lines = message.content.filter((part): part is TextPart => part.type === "text").map(({ text }) => text);
  if (!vision && images.length > 0) lines.push(`[${images.length} image(s) not shown: this model cannot see images]`);
  return lines.join("\n\n");
}

/** Callers of `agent` are often programs without a sense of time: their message tells the model when it was sent. */
function stamped(run: Run | undefined, text: string, stamp: Stamp): string {
  if (run?.facts.method !== "agent" || /^\[[^\]]*\d{4}-\d{2}-\d{2}/u.test(text)) return text;
  return `[${stamp(run.facts.acceptedAt)}] ${text}`;
}

export type Stamp = (timestamp: number) => string;

/** Writes `Sun 2026-11-22 11:03 UTC`, in the host's zone. Made once: the formatter costs more than a whole prompt. */
export function createStamp(timeZone?: string): Stamp {
  const format = new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  return (timestamp) => {
    const parts = new Map(format.formatToParts(timestamp).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
    return `${part("weekday")} ${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")} ` +
      part("timeZoneName");
  };
}

function systemPrompt(config: Config, { facts }: Run, toolNote: string): string {
  const agent = config.agents.list.find(({ id }) => id === facts.agentId);
  const name = agent?.identity.name ?? agent?.name ?? "an assistant";
  const base = agent?.systemPrompt ?? config.agents.systemPrompt ??
    `You are ${name}, a personal assistant. Answer in the language of the user. Use a tool when it gives facts that you do ` +
      "not have; say plainly when something cannot be done.";
  return [base, toolNote, facts.request.extraSystemPrompt ?? ""].filter((part) => part !== "").join("\n\n");
}
