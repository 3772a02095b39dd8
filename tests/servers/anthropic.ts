/** A fake endpoint with the Anthropic messages stream. */
import { inspectAnthropic } from "./model_pictures.ts";
import { type Answer, type Frames, type ModelServer, type Script, sse, startModelServer } from "./model_server.ts";

export const startAnthropic = (script: Script): Promise<ModelServer> =>
  startModelServer(script, frames, inspectAnthropic);

const FINISH = { stop: "end_turn", length: "max_tokens", filter: "refusal" } as const;

/** The signature that a thought carries and that the next request must repeat. */
export const SIGNATURE = "c2lnbmF0dXJl";

function frames(answer: Answer): Frames {
  const event = (type: string, data: Record<string, unknown>) => sse({ type, ...data }, type);
  const pieces = [event("message_start", {
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "fake",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: answer.usage?.input ?? 0, output_tokens: 0 },
    },
  })];
  let index = 0;
  const block = (start: unknown, deltas: readonly unknown[]): void => {
    pieces.push(event("content_block_start", { index, content_block: start }));
    for (const delta of deltas) pieces.push(event("content_block_delta", { index, delta }));
    pieces.push(event("content_block_stop", { index }));
    index++;
  };
  if (answer.thinking) {
    block({ type: "thinking", thinking: "", signature: "" }, [
      ...answer.thinking.map((thinking) => ({ type: "thinking_delta", thinking })),
      { type: "signature_delta", signature: SIGNATURE },
    ]);
  }
  if (answer.text) {
    block({ type: "text", text: "" }, answer.text.map((text) => ({ type: "text_delta", text })));
  }
  for (const { id, name, args } of answer.toolCalls ?? []) {
    const text = JSON.stringify(args);
    block({ type: "tool_use", id, name, input: {} }, [
      { type: "input_json_delta", partial_json: text.slice(0, 3) },
      { type: "input_json_delta", partial_json: text.slice(3) },
    ]);
  }
  const stop = (answer.toolCalls?.length ?? 0) > 0 ? "tool_use" : FINISH[answer.finish ?? "stop"];
  return {
    pieces,
    end: [
      event("message_delta", {
        delta: { stop_reason: stop, stop_sequence: null },
        usage: { output_tokens: answer.usage?.output ?? 0 },
      }),
      event("message_stop", {}),
    ],
  };
}
