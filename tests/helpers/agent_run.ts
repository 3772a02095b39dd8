/** Runs of the agent worker for tests: requests with defaults, an observer that keeps what it was told. */
import type { AgentRunner } from "../../gateway/agent/runner.ts";
import type { ModelObserver, ModelRequest } from "../../gateway/agent/types.ts";
import type { ProviderInfo } from "../../gateway/config/types.ts";
import type { Message } from "../../schemas/message.ts";
import type { ModelApi, ModelTarget } from "../../schemas/worker/agent.ts";

type Told = Parameters<ModelObserver["message"]>[0];

export interface Recorded {
  readonly deltas: { readonly kind: "text" | "thinking"; readonly text: string }[];
  readonly messages: Told[];
  readonly tools: { readonly name: string; readonly args: Record<string, unknown> }[];
  /** `delta`, `message`, `tool` in the order of arrival. */
  readonly order: string[];
}

export interface Observed extends Recorded {
  readonly observer: ModelObserver;
}

/** An observer that answers every tool call with `tool`. */
export function observe(
  tool: ModelObserver["tool"] = () => Promise.resolve({ text: "ok", isError: false }),
  onDelta: () => void = () => {},
): Observed {
  const recorded: Recorded = { deltas: [], messages: [], tools: [], order: [] };
  return {
    ...recorded,
    observer: {
      delta(kind, text) {
        recorded.deltas.push({ kind, text });
        recorded.order.push("delta");
        onDelta();
      },
      message(message) {
        recorded.messages.push(message);
        recorded.order.push("message");
      },
      tool(call, signal) {
        recorded.tools.push({ name: call.name, args: call.args });
        recorded.order.push("tool");
        return tool(call, signal);
      },
    },
  };
}

export const userSays = (text: string): Message => ({ role: "user", content: [{ type: "text", text }], timestamp: 1 });

let runs = 0;
export function request(target: ModelTarget, more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    runId: `run-${++runs}`,
    target,
    system: "Be brief",
    messages: [userSays("Hello")],
    tools: [],
    thinking: "off",
    maxSteps: 4,
    ...more,
  };
}

export const BUILTIN_TARGET: ModelTarget = { provider: "builtin", model: "offline", api: "builtin" };

export const TIME_TOOL = {
  name: "time",
  description: "The current time",
  inputSchema: { type: "object", properties: { timeZone: { type: "string" } }, additionalProperties: false },
};

export const target = (api: ModelApi, baseUrl: string, more: Partial<ModelTarget> = {}): ModelTarget => ({
  provider: "fake",
  model: "fake-model",
  api,
  baseUrl,
  apiKey: "sk-test-000000000000",
  ...more,
});

/** The part of a configuration that a runner reads: endpoints that its worker may reach. */
export function modelsConfig(baseUrls: readonly string[]) {
  const providers = baseUrls.map((baseUrl, index): ProviderInfo => ({
    id: `fake${index}`,
    api: "openai-completions",
    baseUrl,
    apiKey: undefined,
    headers: {},
    models: [],
    source: "configuration",
  }));
  return { models: { providers, primary: "fake0/fake-model" } };
}

/** Runs to the end and returns what was observed. */
export async function runOnce(
  runner: AgentRunner,
  what: ModelRequest,
  tool?: ModelObserver["tool"],
): Promise<Recorded & { readonly aborted: boolean }> {
  const { observer, ...recorded } = observe(tool);
  const { aborted } = await runner.run(what, observer, new AbortController().signal);
  return { ...recorded, aborted };
}
