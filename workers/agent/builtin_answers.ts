/** What the offline model says. Chinese to a Chinese message, English otherwise. */
import type { ToolOutcome } from "./engine.ts";

export interface Asked {
  readonly text: string;
  readonly hasImage: boolean;
  /** Names of the tools that this run offers. */
  readonly tools: ReadonlySet<string>;
}

export interface Plan {
  readonly language: "en" | "zh";
  /** Said when thinking is on. */
  readonly thought: string;
  /** Said before the tool call, or the whole answer when there is none. */
  readonly text: string;
  readonly tool?: { readonly name: string; readonly args: Record<string, unknown> };
  /** Milliseconds between words, when the answer wants its own pace. */
  readonly wordMs?: number;
}

const MAX_COUNT = 1000;
const COUNT_MS = 40;
const MAX_QUOTE = 200;
/** Lines of a tool's result that are told. */
const MAX_LINES = 20;

const WORDS = {
  en: {
    self: "I am the built-in offline model of this gateway: I need no network and know only a few things.",
    can:
      "Ask me for the time, to list the sessions, for the history of this session, to count to 50, to show Markdown, or, " +
      "with a phone or another browser connected as a node, to take a photo.",
    setUp:
      "For a real model set `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`, or start Ollama, or write `models.providers` " +
      "and `agents.defaults.model.primary` into the configuration file; then restart the gateway.",
    hello: "Hello!",
    wrote: (quote: string) => `You wrote: “${quote}”.`,
    empty: "You sent no text.",
    image: "I cannot see images.",
    look: "Let me look that up.",
    noTool: (name: string) => `The tool \`${name}\` is not available in this run.`,
    failed: (name: string, text: string) => `The tool \`${name}\` failed: ${text}`,
    time: (local: string, zone: string) => `It is ${local} (${zone}), says the tool \`time\`.`,
    sessions: (total: number) => total === 1 ? "There is 1 session:" : `There are ${total} sessions:`,
    told: (name: string, text: string) => `The tool \`${name}\` says: ${text}`,
    pictures: (count: number) =>
      `I got ${count === 1 ? "1 picture" : `${count} pictures`} from it, but I cannot see what is on ${
        count === 1 ? "it" : "them"
      }.`,
    history: (count: number) => `The last ${count} messages of this session:`,
    more: (count: number) => `… and ${count} more.`,
    thoughtTool: (name: string) => `The message can be answered with the tool ${name}, so I call it.`,
    thought: "No tool is needed; I answer from what is built in.",
  },
  zh: {
    self: "我是这个网关内置的离线模型：不需要网络，只会做几件简单的事。",
    can: "您可以问我时间、让我列出会话、查看本会话的历史、数到 50、展示 Markdown，" +
      "或者在连接了手机或其他浏览器作为节点后，让我拍张照片。",
    setUp: "要使用真正的模型，请设置 `OPENAI_API_KEY` 或 `ANTHROPIC_API_KEY`，或启动 Ollama，或在配置文件中填写 " +
      "`models.providers` 和 `agents.defaults.model.primary`，然后重启网关。",
    hello: "您好！",
    wrote: (quote: string) => `您写的是：“${quote}”。`,
    empty: "您没有发送文字。",
    image: "我看不了图片。",
    look: "我来查一下。",
    noTool: (name: string) => `本次运行没有工具 \`${name}\`。`,
    failed: (name: string, text: string) => `工具 \`${name}\` 失败了：${text}`,
    time: (local: string, zone: string) => `现在是 ${local}（${zone}），这是工具 \`time\` 给出的时间。`,
    sessions: (total: number) => `共有 ${total} 个会话：`,
    told: (name: string, text: string) => `工具 \`${name}\` 的结果：${text}`,
    pictures: (count: number) => `它给了我 ${count} 张图片，但我看不见图片里的内容。`,
    history: (count: number) => `本会话最近的 ${count} 条消息：`,
    more: (count: number) => `……还有 ${count} 条。`,
    thoughtTool: (name: string) => `这条消息可以用工具 ${name} 回答，我来调用它。`,
    thought: "不需要工具，我直接用内置内容回答。",
  },
} as const;

const MARKDOWN = `# A heading

Some **bold**, some *italic*, a bit of \`code\` and a [link](https://example.com/).

- one
- two
  1. nested

| Name | Value |
| --- | ---: |
| a | 1 |
| b | 2 |

\`\`\`ts
const answer: number = 42;
\`\`\`

> A quotation.
`;

const isChinese = (text: string): boolean => /[\u4e00-\u9fff]/u.test(text);

/** Decides on the whole answer from the last user message. */
export function planAnswer(asked: Asked): Plan {
  const language = isChinese(asked.text) ? "zh" : "en";
  const words = WORDS[language];
  const count = /(?:count (?:up )?to|数到)\s*(\d{1,9})/iu.exec(asked.text);
  const plain = (text: string, more: Partial<Plan> = {}): Plan => ({ language, thought: words.thought, text, ...more });
  if (count) return plain(numbers(Number(count[1])), { wordMs: COUNT_MS });
  if (/show (?:me )?(?:some )?markdown|展示 ?markdown/iu.test(asked.text)) return plain(MARKDOWN);
  const tool = toolFor(asked.text);
  if (tool) {
    if (!asked.tools.has(tool)) return plain(`${words.noTool(tool)} ${words.self}`);
    return { language, thought: words.thoughtTool(tool), text: words.look, tool: { name: tool, args: {} } };
  }
  const greeting = /^(?:hi|hello|hey|你好|您好|嗨)\b|^(?:你好|您好|嗨)/iu.test(asked.text);
  const opening = greeting ? words.hello : asked.text === "" ? words.empty : words.wrote(quoteOf(asked.text));
  const lines = [opening, ...(asked.hasImage ? [words.image] : []), words.self, words.can, words.setUp];
  return plain(lines.join(language === "zh" ? "" : " "));
}

function toolFor(text: string): string | undefined {
  if (
    /what(?:'s| is)? (?:the )?(?:current )?(?:time|date)|time is it|what day|几点|时间|日期|今天.{0,4}[几号]/iu.test(
      text,
    )
  ) {
    return "time";
  }
  if (/\b(?:take|snap|send)\b.{0,20}\b(?:photo|picture|selfie)|拍.{0,4}照/iu.test(text)) return "camera_snap";
  if (/where (?:am i|is my phone)|我在哪/iu.test(text)) return "location_get";
  if (/(?:list|show|which).{0,20}(?:nodes|devices)|哪些设备|列出设备/iu.test(text)) return "nodes_list";
  if (/history|what did we (?:say|talk)|历史|聊了什么/iu.test(text)) return "sessions_history";
  return /(?:list|show|which).{0,20}sessions|会话/iu.test(text) ? "sessions_list" : undefined;
}

function quoteOf(text: string): string {
  const line = text.replaceAll(/\s+/gu, " ");
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

function numbers(asked: number): string {
  const last = Math.min(Math.max(asked, 1), MAX_COUNT);
  return Array.from({ length: last }, (_, index) => String(index + 1)).join(" ");
}

/** Puts a tool's result, JSON as `gateway/agent/tools.ts` writes it, into words. */
export function tellOutcome(plan: Plan, outcome: ToolOutcome): string {
  const words = WORDS[plan.language];
  if (outcome.isError) return words.failed(outcome.name, quoteOf(outcome.text));
  const seen = outcome.images?.length ?? 0;
  if (seen > 0) return `${words.told(outcome.name, quoteOf(outcome.text))} ${words.pictures(seen)}`;
  const value = parse(outcome.text);
  if (outcome.name === "time") return words.time(text(value, "local"), text(value, "timeZone"));
  if (outcome.name === "sessions_list") {
    const sessions = list(value, "sessions");
    const total = Math.max(Number(field(value, "total")) || 0, sessions.length);
    return told(words.sessions(total), sessions.map((item) => text(item, "label") || text(item, "key")), total, words);
  }
  if (outcome.name !== "sessions_history") return words.told(outcome.name, quoteOf(outcome.text));
  const messages = list(value, "messages").map((item) => `${text(item, "role")}: ${quoteOf(text(item, "text"))}`);
  return told(words.history(messages.length), messages, messages.length, words);
}

function told(head: string, lines: readonly string[], total: number, words: (typeof WORDS)["en" | "zh"]): string {
  const shown = lines.slice(0, MAX_LINES);
  const rest = total - shown.length;
  return [head, "", ...shown.map((line) => `- ${line}`), ...(rest > 0 ? ["", words.more(rest)] : [])].join("\n");
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const field = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;

const text = (value: unknown, key: string): string => {
  const found = field(value, key);
  return typeof found === "string" ? found : "";
};

const list = (value: unknown, key: string): readonly unknown[] => {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
};
