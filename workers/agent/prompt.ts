/** Transcript messages as the SDK's prompt. Repairs what a cut or aborted transcript leaves behind. */
import type { AssistantMessage, ImagePart, Message, ToolResultMessage, UserMessage } from "../../schemas/message.ts";
import type { ToolOutcome } from "./engine.ts";
import type { PicturePlace } from "./pictures.ts";
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
export function toPrompt(system: string, messages: readonly Message[], place: PicturePlace): Prompt {
  const prompt: Prompt = system.trim() === "" ? [] : [{ role: "system", content: system }];
  const results = new Map<string, ToolResultMessage>();
  for (const message of messages) if (message.role === "toolResult") results.set(message.toolCallId, message);
  const body: Prompt = [];
  for (const message of messages) {
    if (message.role === "user") pushUser(body, userParts(message, place !== "none"));
    else if (message.role === "assistant") pushAssistant(body, message, results, place);
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
    return [vision ? filePart(part) : { type: "text", text: NO_IMAGE }];
  });
}

const filePart = ({ data, mimeType }: ImagePart) =>
  ({ type: "file", mediaType: mimeType, data: { type: "data", data } }) as const;

/** Thoughts of earlier runs are left out: without their signature endpoints refuse them. */
function pushAssistant(
  body: Prompt,
  message: AssistantMessage,
  results: ReadonlyMap<string, ToolResultMessage>,
  place: PicturePlace,
): void {
  const content: AssistantPart[] = [];
  const outcomes: ToolOutcome[] = [];
  for (const part of message.content) {
    if (part.type === "text" && part.text.trim() !== "") content.push({ type: "text", text: part.text });
    if (part.type !== "toolCall") continue;
    content.push({ type: "tool-call", toolCallId: part.id, toolName: part.name, input: part.arguments });
    outcomes.push(outcomeOf(part.id, part.name, results.get(part.id)));
  }
  if (content.length > 0) body.push({ role: "assistant", content });
  if (outcomes.length > 0) body.push(...toolMessages(outcomes, place));
}

function outcomeOf(callId: string, name: string, result: ToolResultMessage | undefined): ToolOutcome {
  if (!result) return { callId, name, text: NO_RESULT, isError: true };
  const text = result.content.flatMap((part) => part.type === "text" ? [part.text] : []).join("\n");
  const images = result.content.filter((part) => part.type === "image");
  return { callId, name, text, isError: result.isError, images };
}

/** The results of a step: one message, and where pictures cannot be part of it a second one that holds them. */
export function toolMessages(outcomes: readonly ToolOutcome[], place: PicturePlace): Prompt {
  const results: PromptMessage = { role: "tool", content: outcomes.map((outcome) => toolPart(outcome, place)) };
  const after = place !== "after"
    ? []
    : outcomes.flatMap(({ name, images = [] }): UserPart[] =>
      images.flatMap((image): UserPart[] => [{ type: "text", text: `Picture from tool ${name}:` }, filePart(image)])
    );
  return after.length === 0 ? [results] : [results, { role: "user", content: after }];
}

/** An empty text becomes a visible mark because some endpoints refuse empty content. */
function toolPart({ callId, name, text, isError, images = [] }: ToolOutcome, place: PicturePlace): ToolPart {
  const told = images.length > 0 && place !== "result" ? `${text}\n${pictureNote(images.length, place)}`.trim() : text;
  const value = told === "" ? "(no output)" : told;
  const base = { type: "tool-result", toolCallId: callId, toolName: name } as const;
  if (images.length > 0 && place === "result") {
    return { ...base, output: { type: "content", value: [{ type: "text", text: value }, ...images.map(filePart)] } };
  }
  return { ...base, output: isError ? { type: "error-text", value } : { type: "text", value } };
}

function pictureNote(count: number, place: PicturePlace): string {
  const pictures = count === 1 ? "1 picture" : `${count} pictures`;
  return place === "after"
    ? `[${pictures} of this result: in the next message]`
    : `[${pictures} came with this result, but this model cannot see pictures]`;
}
