/** Pictures in a prompt: where each kind of endpoint takes those of tools, and how many one request may hold. */
import type { ModelTarget } from "../../schemas/worker/agent.ts";
import type { Prompt } from "./sdk_model.ts";

/**
 * Where a tool's pictures go. `none`: the model cannot see. `result`: inside the tool's result. `after`: tool messages
 * hold text alone (chat completions), so a message in the user's name follows with the pictures.
 */
export type PicturePlace = "none" | "result" | "after";

/** Pictures and base64 characters in one request; endpoints refuse the whole request above some 20 MB. */
const MAX_PICTURES = 8;
const MAX_CHARS = 12 << 20;
const GONE = "[an older picture that is not shown any more]";

export function picturePlace({ api, vision }: Pick<ModelTarget, "api" | "vision">): PicturePlace {
  if (vision !== true) return "none";
  return api === "openai-completions" ? "after" : "result";
}

/**
 * Leaves the newest pictures of `prompt` in it and a line in the place of every older one. The newest stays whatever its
 * size. Without it a run that takes a photo in every step would outgrow what its endpoint accepts.
 */
export function limitPictures(prompt: Prompt): Prompt {
  const left = { count: MAX_PICTURES, chars: MAX_CHARS };
  return prompt.toReversed().map((message) => limitMessage(message, left)).reverse();
}

interface Left {
  count: number;
  chars: number;
}

function limitMessage(message: Prompt[number], left: Left): Prompt[number] {
  if (message.role === "user") {
    return { ...message, content: message.content.toReversed().map((part) => limitPart(part, left)).reverse() };
  }
  if (message.role !== "tool") return message;
  const content = message.content.toReversed().map((part) => {
    if (part.type !== "tool-result" || part.output.type !== "content") return part;
    return { ...part, output: { ...part.output, value: limitResult(part.output.value, left) } };
  });
  return { ...message, content: content.reverse() };
}

/** The line joins the text of the result: for some models each text part of it becomes a result of its own. */
function limitResult<P extends ResultPart>(parts: readonly P[], left: Left): P[] {
  const kept = parts.toReversed().filter((part) => part.type !== "file" || isLeft(part, left)).reverse();
  const [first, ...rest] = kept;
  if (kept.length === parts.length || first?.type !== "text" || first.text.endsWith(GONE)) return kept;
  return [{ ...first, text: `${first.text}\n${GONE}` }, ...rest];
}

type ResultPart = { readonly type: "text"; readonly text: string } | { readonly type: "file" } | {
  readonly type: "custom";
};

function limitPart<P extends { readonly type: string }>(part: P, left: Left): P | { type: "text"; text: string } {
  return part.type !== "file" || isLeft(part, left) ? part : { type: "text", text: GONE };
}

/** Whether there is room for this picture; the first one asked for has it always. */
function isLeft(part: object, left: Left): boolean {
  const first = left.count === MAX_PICTURES;
  left.count--;
  left.chars -= charsOf(part);
  return first || (left.count >= 0 && left.chars >= 0);
}

function charsOf(part: object): number {
  const data: unknown = Reflect.get(part, "data");
  const inner: unknown = typeof data === "object" && data !== null ? Reflect.get(data, "data") : undefined;
  return typeof inner === "string" ? inner.length : 0;
}
