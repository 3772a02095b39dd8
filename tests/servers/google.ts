/** A fake endpoint with the Google generative AI stream (`:streamGenerateContent?alt=sse`). */
import { inspectGoogle } from "./model_pictures.ts";
import { type Answer, type Frames, type ModelServer, type Script, sse, startModelServer } from "./model_server.ts";

export const startGoogle = (script: Script): Promise<ModelServer> => startModelServer(script, frames, inspectGoogle);

const FINISH = { stop: "STOP", length: "MAX_TOKENS", filter: "SAFETY" } as const;

function frames(answer: Answer): Frames {
  const chunk = (parts: readonly unknown[], more: Record<string, unknown> = {}) =>
    sse({ candidates: [{ content: { role: "model", parts }, index: 0, ...more }] });
  const { usage } = answer;
  return {
    pieces: [
      ...(answer.thinking ?? []).map((text) => chunk([{ text, thought: true }])),
      ...(answer.text ?? []).map((text) => chunk([{ text }])),
      ...(answer.toolCalls ?? []).map(({ name, args }) => chunk([{ functionCall: { name, args } }])),
    ],
    end: [
      sse({
        candidates: [{
          content: { role: "model", parts: [] },
          index: 0,
          finishReason: FINISH[answer.finish ?? "stop"],
        }],
        ...(usage
          ? {
            usageMetadata: {
              promptTokenCount: usage.input,
              candidatesTokenCount: usage.output,
              totalTokenCount: usage.input + usage.output,
            },
          }
          : {}),
      }),
    ],
  };
}
