/** The offline model: no network, no SDK. Streams prepared answers word by word and can call tools. */
import type { Message } from "../../schemas/message.ts";
import type { RunStart } from "../../schemas/worker/agent.ts";
import { type Plan, planAnswer, tellOutcome } from "./builtin_answers.ts";
import type { Conversation, Engine, Step, StepIo, ToolOutcome } from "./engine.ts";
import { wait } from "./wait.ts";

/** Between two words: slow enough to watch and to stop, fast enough not to annoy. */
const WORD_MS = 15;
/** What the offline model reads of a message, in UTF-16 units. */
const MAX_READ = 20_000;

export function builtinEngine(wordMs = WORD_MS): Engine {
  return (start) => converse(start, wordMs);
}

function converse(start: RunStart, wordMs: number): Conversation {
  const last = start.messages.findLast((message) => message.role === "user");
  const asked = textOf(last).slice(0, MAX_READ);
  const plan = planAnswer({
    text: asked,
    hasImage: last?.content.some((part) => part.type === "image") ?? false,
    tools: new Set(start.tools.map((tool) => tool.name)),
  });
  return {
    async step(outcomes: readonly ToolOutcome[], io: StepIo): Promise<Step> {
      const thinking = start.thinking === "off" || outcomes.length > 0 ? "" : plan.thought;
      await stream("thinking", thinking, io, wordMs);
      const outcome = outcomes[0];
      const text = outcome ? tellOutcome(plan, outcome) : plan.text;
      await stream("text", text, io, plan.wordMs ?? wordMs);
      const toolCalls = outcome ? [] : callsOf(plan);
      return { text, thinking, toolCalls, stopReason: toolCalls.length > 0 ? "toolUse" : "stop", usage: undefined };
    },
  };
}

const callsOf = (plan: Plan): Step["toolCalls"] =>
  plan.tool ? [{ id: `call_${crypto.randomUUID()}`, name: plan.tool.name, arguments: plan.tool.args }] : [];

async function stream(kind: "text" | "thinking", text: string, io: StepIo, wordMs: number): Promise<void> {
  for (const piece of pieces(text)) {
    await wait(wordMs, io.signal);
    io.delta(kind, piece);
  }
}

/** Words with the white space after them; of scripts without spaces two characters at a time. */
export function pieces(text: string): string[] {
  return text.match(
    /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]{1,2}\s*|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+\s*|\s+/gu,
  ) ??
    [];
}

function textOf(message: Message | undefined): string {
  if (!message) return "";
  return message.content.map((part) => part.type === "text" ? part.text : "").join("\n").trim();
}
