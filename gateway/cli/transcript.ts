/** Messages of a session as the terminal shows them. */
import { clean, oneLine, type Output, type Style } from "./output.ts";
import { type ChatMessage, messageText } from "./payloads.ts";

const WHO: Readonly<Record<string, readonly [string, Style]>> = {
  user: ["You", "cyan"],
  assistant: ["Assistant", "green"],
  system: ["System", "dim"],
};

/** Each message under the name of its author; tool results and calls on one dimmed line. */
export function printMessages(out: Output, messages: readonly ChatMessage[]): void {
  for (const message of messages) {
    const text = clean(messageText(message)).trim();
    if (message.role === "toolResult") {
      out.line(out.style("dim", `  ${oneLine(message.toolName ?? "tool", 40)}: ${oneLine(text, 100)}`));
      continue;
    }
    const [name, style] = WHO[message.role] ?? [oneLine(message.role, 20), "dim"];
    if (text !== "" || message.errorMessage !== undefined) out.line(`${out.style(style, `${name}:`)} ${text}`);
    for (const tool of toolCalls(message)) out.line(out.style("dim", `  tool ${oneLine(tool, 60)}`));
    if (message.errorMessage !== undefined) out.line(out.style("red", clean(message.errorMessage)));
  }
}

const toolCalls = ({ content }: ChatMessage): string[] =>
  typeof content === "object" ? content.flatMap((part) => part.type === "toolCall" ? [part.name ?? "?"] : []) : [];
