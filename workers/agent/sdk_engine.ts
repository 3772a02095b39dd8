/**
 * The engine for real endpoints: the SDK's provider packages, called at their own `doStream`. `streamText` of the `ai`
 * package does the same work for twice the time and memory (20 chunks: 5.9 ms against 2.7 ms, CPU 7.8 against 3.3,
 * import 235 ms against 35), and our tool loop runs in another thread's hands anyway.
 */
import type { RunStart, ToolSpec } from "../../schemas/worker/agent.ts";
import { type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Conversation, Engine, Step, StepIo, ToolOutcome } from "./engine.ts";
import { ModelFault } from "./errors.ts";
import { HTTP_LIMITS, type HttpLimits, modelFetch } from "./http.ts";
import { limitPictures, picturePlace } from "./pictures.ts";
import { toolMessages, toPrompt } from "./prompt.ts";
import { type CallOptions, type Model, openModel, thinkingOptions } from "./sdk_model.ts";
import { readStep } from "./sdk_stream.ts";
import { wait } from "./wait.ts";

/** One more try for a call that failed before its first piece. Waits are the owner's to plan, not ours to hide. */
const RETRIES = 1;
const RETRY_WAIT_MS = 400;

type FunctionTool = Extract<NonNullable<CallOptions["tools"]>[number], { type: "function" }>;

/** JSON Schema as the SDK types it; that it is an object is all that can be checked here. */
const InputSchema = Type.Unsafe<FunctionTool["inputSchema"]>({ type: "object" });
const checkInputSchema = checker(InputSchema);

export function sdkEngine(limits: HttpLimits = HTTP_LIMITS): Engine {
  return async (start) => {
    const model = await openModel(start.target, modelFetch(start.target, limits));
    return converse(start, model);
  };
}

function converse(start: RunStart, model: Model): Conversation {
  const { target } = start;
  const place = picturePlace(target);
  let prompt = toPrompt(start.system, start.messages, place);
  const options: Omit<CallOptions, "prompt" | "abortSignal"> = {
    ...thinkingOptions(target, start.thinking),
    ...(target.maxOutputTokens === undefined ? {} : { maxOutputTokens: target.maxOutputTokens }),
    ...(start.tools.length === 0 ? {} : { tools: start.tools.map(functionTool) }),
  };
  return {
    async step(outcomes: readonly ToolOutcome[], io: StepIo): Promise<Step> {
      if (outcomes.length > 0) prompt.push(...toolMessages(outcomes, place));
      if (place !== "none") prompt = limitPictures(prompt);
      const { step, content } = await withRetry(io, async (watched) => {
        const { stream } = await model.doStream({ ...options, prompt, abortSignal: io.signal });
        return await readStep(stream, watched, target);
      });
      prompt.push({ role: "assistant", content });
      return step;
    },
  };
}

function functionTool(spec: ToolSpec): FunctionTool {
  const schema: Static<typeof InputSchema> = requireSchema(spec);
  return { type: "function", name: spec.name, description: spec.description, inputSchema: schema };
}

function requireSchema(spec: ToolSpec): Static<typeof InputSchema> {
  const checked = checkInputSchema(spec.inputSchema);
  if (!checked.ok) throw new ModelFault("unknown", `Cannot offer the tool ${spec.name}: its schema is no object`);
  return checked.value;
}

/** A call that showed a piece of its answer is never repeated: the user would see it twice. */
async function withRetry<T>(io: StepIo, call: (io: StepIo) => Promise<T>): Promise<T> {
  for (let attempt = 0;; attempt++) {
    let shown = false;
    const watched: StepIo = {
      signal: io.signal,
      delta: (kind, text) => {
        shown = true;
        io.delta(kind, text);
      },
    };
    try {
      return await call(watched);
    } catch (error) {
      const again = error instanceof ModelFault && error.transient && !shown && attempt < RETRIES;
      if (!again || io.signal.aborted) throw error;
      await wait(RETRY_WAIT_MS, io.signal);
    }
  }
}
