/** Transcript messages as the SDK's prompt. Repairs what a cut or aborted transcript leaves behind. */
import type { AssistantMessage, Message, ToolResultMessage, UserMessage } from "../../schemas/message.ts";
import type { Prompt } from "./sdk_model.ts";

type PromptMessage = Prompt[number];
type ToolPart = Extract<Extract<PromptMessage, { role: "tool" }>["content"][number], { type: "tool-result" }>;
type AssistantPart = Extract<PromptMessage, { role: "assistant" }>["content"][number];
type UserPart = Extract<PromptMessage, { role: "user" }>["content"][number];

const NO_RESULT = "The tool gave no result: the run was stopped";
const NO_IMAGE = "[An image was here, but this model cannot see images]";
const EARLIER = "[The conversation began before this point]";

/**
 * Endpoints refuse a tool call without its result and a result without its call, empty texts, and some a conversation
 * that does not begin with the user. Transcripts hold all of these: runs are aborted and old messages cut off.
 */
export function toPrompt(system: string, messages: readonly Message[], vision: boolean): Prompt {
  const prompt: Prompt = system.trim() === "" ? [] : [{ role: "system", content: system }];
  const results = new Map<string, ToolResultMessage>();
  for (const message of messages) if (message.role === "toolResult") results.set(message.toolCallId, message);
  const body: Prompt = [];
  for (const message of messages) {
    if (message.role === "user") pushUser(body, userParts(message, vision));
    else if (message.role === "assistant") pushAssistant(body, message, results);
    else if (message.role === "system") pushUser(body, noteParts(message.content.map((part) => part.text).join("\n")));
  }
  if (body[0] && body[0].role !== "user") body.unshift({ role: "user", content: [{ type: "text", text: EARLIER }] });
  return prompt.concat(body);
}

function pushUser(body: Prompt, content: UserPart[]): void {
  if (content.length > 0) body.push({ role: "user", content });
}

/** A system line in mid-conversation: endpoints take only a leading one. */
const noteParts = (text: string): UserPart[] =>
  text.trim() === "" ? [] : [{ type: "text", text: `[System note] ${text}` }];

function userParts(message: UserMessage, vision: boolean): UserPart[] {
  return message.content.flatMap((part): UserPart[] => {
    if (part.type === "text") return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
    if (!vision) return [{ type: "text", text: NO_IMAGE }];
    return [{ type: "file", mediaType: part.mimeType, data: { type: "data", data: part.data } }];
  });
}

/** Thoughts of earlier runs are left out: without their signature endpoints refuse them. */
function pushAssistant(
  body: Prompt,
  message: AssistantMessage,
  results: ReadonlyMap<string, ToolResultMessage>,
): void {
  const content: AssistantPart[] = [];
  const answers: ToolPart[] = [];
  for (const part of message.content) {
    if (part.type === "text" && part.text.trim() !== "") content.push({ type: "text", text: part.text });
    if (part.type !== "toolCall") continue;
    content.push({ type: "tool-call", toolCallId: part.id, toolName: part.name, input: part.arguments });
    answers.push(toolPart(part.id, part.name, results.get(part.id)));
  }
  if (content.length > 0) body.push({ role: "assistant", content });
  if (answers.length > 0) body.push({ role: "tool", content: answers });
}

function toolPart(callId: string, name: string, result: ToolResultMessage | undefined): ToolPart {
  const text = result?.content.map((part) => part.type === "text" ? part.text : "[image]").join("\n") ?? NO_RESULT;
  return toolResultPart(callId, name, text, result?.isError ?? true);
}

/** One tool result; an empty text becomes a visible mark because some endpoints refuse empty content. */
export function toolResultPart(callId: string, name: string, text: string, isError: boolean): ToolPart {
  const value = text === "" ? "(no output)" : text;
  return {
    type: "tool-result",
    toolCallId: callId,
    toolName: name,
    output: isError ? { type: "error-text", value } : { type: "text", value },
  };
}
