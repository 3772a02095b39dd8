/** The agent worker beside a fake endpoint, for tests. */
import assert from "node:assert/strict";
import { createModelRunner } from "../../gateway/agent/runner.ts";
import { ModelError } from "../../gateway/agent/types.ts";
import { systemClock } from "../../gateway/observe/clock.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import type { ModelApi, ModelErrorKind, ModelTarget } from "../../schemas/worker/agent.ts";
import { startAnthropic } from "../servers/anthropic.ts";
import { startGoogle } from "../servers/google.ts";
import type { ModelServer, Script } from "../servers/model_server.ts";
import { startOpenAi } from "../servers/openai.ts";
import { modelsConfig, request, runOnce, target } from "./agent_run.ts";
import { within } from "./wait.ts";

export interface Provider {
  readonly api: ModelApi;
  readonly start: (script: Script) => Promise<ModelServer>;
  readonly path: string;
}

export const OPENAI: Provider = { api: "openai-completions", start: startOpenAi, path: "/v1" };
export const ANTHROPIC: Provider = { api: "anthropic-messages", start: startAnthropic, path: "" };
export const GOOGLE: Provider = { api: "google-generative-ai", start: startGoogle, path: "/v1beta" };

/** A server and a runner whose worker may reach only that server. */
export async function withServer(provider: Provider, script: Script) {
  const server = await provider.start(script);
  const runner = createModelRunner({ config: modelsConfig([server.origin]), clock: systemClock, log: silentLog });
  return {
    server,
    runner,
    target: target(provider.api, server.origin + provider.path, { reasoning: true }),
    async [Symbol.asyncDispose]() {
      await runner.stop();
      await server.stop();
    },
  };
}

export type Lab = Awaited<ReturnType<typeof withServer>>;

/** Runs, expects a failure of `kind` and returns it. `change` gives another target than the lab's. */
export async function failure(lab: Lab, kind: ModelErrorKind, change: Partial<ModelTarget> = {}): Promise<ModelError> {
  return await failureOf(lab, kind, { ...lab.target, ...change });
}

/** The same for a whole target. No error may hold the key. */
export async function failureOf(lab: Lab, kind: ModelErrorKind, of: ModelTarget): Promise<ModelError> {
  const run = runOnce(lab.runner, request(of)).then(() => undefined, (error: unknown) => error);
  const error = await within("the run to fail", run);
  assert.ok(error instanceof ModelError);
  assert.equal(error.kind, kind, error.message);
  assert.doesNotMatch(error.message, /sk-test-0000/u);
  return error;
}
