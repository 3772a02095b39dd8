/** A fake endpoint with the OpenAI chat completions stream, reasoning as the compatible servers send it. */
import { inspectOpenAi } from "./model_pictures.ts";
import { type Answer, type Frames, type ModelServer, type Script, sse, startModelServer } from "./model_server.ts";

export const startOpenAi = (script: Script): Promise<ModelServer> => startModelServer(script, frames, inspectOpenAi);

const FINISH = { stop: "stop", length: "length", filter: "content_filter" } as const;

function frames(answer: Answer): Frames {
  const base = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "fake" };
  const delta = (value: unknown, finish: string | null = null) =>
    sse({ ...base, choices: [{ index: 0, delta: value, finish_reason: finish }] });
  const calls = (answer.toolCalls ?? []).flatMap(({ id, name, args }, index) => {
    const text = typeof args === "string" ? args : JSON.stringify(args);
    const half = Math.ceil(text.length / 2);
    return [
      delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: text.slice(0, half) } }] }),
      delta({ tool_calls: [{ index, function: { arguments: text.slice(half) } }] }),
    ];
  });
  const { usage } = answer;
  return {
    pieces: [
      delta({ role: "assistant", content: "" }),
      ...(answer.thinking ?? []).map((text) => delta({ reasoning_content: text })),
      ...(answer.text ?? []).map((text) => delta({ content: text })),
      ...calls,
    ],
    end: [
      delta({}, calls.length > 0 ? "tool_calls" : FINISH[answer.finish ?? "stop"]),
      ...(usage
        ? [sse({
          ...base,
          choices: [],
          usage: {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.input + usage.output,
          },
        })]
        : []),
      "data: [DONE]\n\n",
    ],
  };
}
