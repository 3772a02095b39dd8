/** Past messages as a model may read them: nothing endpoints refuse, nothing beyond the budget. */
import type { AssistantMessage, Message, ToolResultMessage, UserMessage } from "../../schemas/message.ts";
import { PICTURE_GONE } from "../session/transcript.ts";

/** How `openclaw` marks answers of slash commands in the transcript; neither they nor their questions go to the model. */
export const COMMAND_MODEL = "gateway-command";
export const COMMAND_PROVIDER = "openclaw";

/** Images that a prompt repeats from the past; each costs the model's time again. */
const MAX_PAST_IMAGES = 4;
/** Characters a token, low enough for text that is not English. */
const CHARS_PER_TOKEN = 3;
const IMAGE_TOKENS = 1_500;

export interface HistoryLimits {
  readonly vision: boolean;
  readonly tokens: number;
}

/**
 * Newest messages that fit, beginning with a user message, oldest first. Tool calls without a result and results without a
 * call are taken out: an aborted run leaves them behind, and endpoints refuse the whole prompt for one of them.
 */
export function forModel(past: readonly Message[], { vision, tokens }: HistoryLimits): Message[] {
  const clean = limitImages(pairTools(withoutCommands(past)), vision ? MAX_PAST_IMAGES : 0);
  let left = tokens;
  let from = clean.length;
  for (let at = clean.length - 1; at >= 0; at--) {
    const message = clean[at];
    if (!message) break;
    left -= cost(message);
    if (left < 0) break;
    if (message.role === "user") from = at;
  }
  return clean.slice(from);
}

function withoutCommands(past: readonly Message[]): Message[] {
  const isAnswer = (message: Message) => message.role === "assistant" && message.model === COMMAND_MODEL;
  const runs = new Set(past.filter(isAnswer).map((message) => "runId" in message ? message.runId : undefined));
  return past.filter((message) =>
    message.role !== "system" && !isAnswer(message) &&
    !(message.role === "user" && message.runId !== undefined && runs.has(message.runId))
  );
}

function pairTools(past: readonly Message[]): Message[] {
  const results = new Set(past.filter((message) => message.role === "toolResult").map(({ toolCallId }) => toolCallId));
  const calls = new Set<string>();
  const out: Message[] = [];
  for (const message of past) {
    if (message.role === "assistant") {
      const kept = cleanAssistant(message, results);
      for (const part of kept.content) if (part.type === "toolCall") calls.add(part.id);
      if (kept.content.length > 0) out.push(kept);
    } else if (message.role !== "toolResult" || calls.has(message.toolCallId)) out.push(message);
  }
  return out;
}

/** Without thoughts, empty texts and unanswered tool calls. */
function cleanAssistant(message: AssistantMessage, results: ReadonlySet<string>): AssistantMessage {
  const content = message.content.filter((part) =>
    part.type === "text" ? part.text !== "" : part.type === "toolCall" && results.has(part.id)
  );
  return { ...message, content };
}

/** Keeps the newest images; an older one leaves a line in its place. */
function limitImages(past: readonly Message[], max: number): Message[] {
  let left = max;
  return past.toReversed().map((message) => {
    if (message.role !== "user" && message.role !== "toolResult") return message;
    if (!message.content.some(({ type }) => type === "image")) return message;
    const content: UserMessage["content"] = message.content.map((part) =>
      part.type === "text" || left-- > 0 ? part : { type: "text", text: PICTURE_GONE }
    );
    const limited: UserMessage | ToolResultMessage = { ...message, content };
    return limited;
  }).toReversed();
}

function cost(message: Message): number {
  let chars = 16;
  let images = 0;
  for (const part of message.content) {
    if (part.type === "text") chars += part.text.length;
    else if (part.type === "thinking") chars += part.thinking.length;
    else if (part.type === "toolCall") chars += JSON.stringify(part.arguments).length + part.name.length;
    else images++;
  }
  return chars / CHARS_PER_TOKEN + images * IMAGE_TOKENS;
}
