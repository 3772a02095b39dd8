/** Every way in which a model call fails, as the user is told it: real worker, real SDK, fake endpoints. */
import assert from "node:assert/strict";
import { createModelRunner } from "../gateway/agent/runner.ts";
import { ModelError } from "../gateway/agent/types.ts";
import { systemClock } from "../gateway/observe/clock.ts";
import { silentLog } from "../gateway/observe/log.ts";
import { ANTHROPIC, failure, failureOf, OPENAI, withServer } from "./helpers/agent_lab.ts";
import { modelsConfig, request, runOnce, target } from "./helpers/agent_run.ts";
import type { Script } from "./servers/model_server.ts";
import { startOpenAi } from "./servers/openai.ts";

const refuse = (status: number, message: string, headers: Record<string, string> = {}): Script => () => ({
  status,
  body: JSON.stringify({ error: { message, type: "error" } }),
  headers: { "content-type": "application/json", ...headers },
});

Deno.test("a refused key is told with the cause and the setting, without the key", async () => {
  await using lab = await withServer(OPENAI, refuse(401, "Incorrect API key provided: sk-test-000000000000."));
  const error = await failure(lab, "refused");
  assert.match(error.message, /HTTP 401/u);
  assert.match(error.message, /models\.providers\.fake\.apiKey/u);
});

Deno.test("a missing key is told apart from a refused one", async () => {
  await using lab = await withServer(OPENAI, refuse(401, "no key"));
  const { apiKey: _, ...keyless } = lab.target;
  await failureOf(lab, "no_key", keyless);
});

Deno.test("an SDK that wants a key before it sends anything says so in the same words", async () => {
  await using lab = await withServer(ANTHROPIC, () => ({ text: ["never"] }));
  const { apiKey: _, ...keyless } = lab.target;
  await failureOf(lab, "no_key", keyless);
  assert.equal(lab.server.requests.length, 0);
});

Deno.test("a rate limit carries the wait that the endpoint asks for, and is not tried again", async () => {
  await using lab = await withServer(OPENAI, refuse(429, "Too many requests", { "retry-after": "7" }));
  const error = await failure(lab, "rate_limit");
  assert.equal(error.retryAfterMs, 7000);
  assert.match(error.message, /try again in 7 s/u);
  assert.equal(lab.server.requests.length, 1);
});

Deno.test("an unknown model names the model", async () => {
  await using lab = await withServer(OPENAI, refuse(404, "The model `fake-model` does not exist"));
  assert.match((await failure(lab, "bad_model")).message, /fake-model/u);
});

Deno.test("a conversation that is too long says how to start a new one", async () => {
  await using lab = await withServer(OPENAI, refuse(400, "This model's maximum context length is 8192 tokens"));
  assert.match((await failure(lab, "context_length")).message, /\/new/u);
});

Deno.test("a failing endpoint is tried once more, then it is the user's to know", async () => {
  await using lab = await withServer(OPENAI, refuse(503, "Overloaded"));
  await failure(lab, "unreachable");
  assert.equal(lab.server.requests.length, 2);
});

Deno.test("an endpoint that recovers at the second try answers as if nothing had been", async () => {
  await using lab = await withServer(
    OPENAI,
    (seen, index) => index === 0 ? refuse(500, "oops")(seen, index) : { text: ["back"] },
  );
  assert.equal((await runOnce(lab.runner, request(lab.target))).messages[0]?.text, "back");
});

Deno.test("a redirect is not followed", async () => {
  await using lab = await withServer(
    OPENAI,
    () => ({ status: 307, body: "", headers: { location: "http://127.0.0.1:9/v1" } }),
  );
  assert.match((await failure(lab, "unreachable")).message, /redirects/u);
});

Deno.test("an endpoint where nothing listens is named", async () => {
  const dead = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = dead.addr;
  dead.close();
  const runner = createModelRunner({
    config: modelsConfig([`http://127.0.0.1:${port}`]),
    clock: systemClock,
    log: silentLog,
  });
  try {
    const error = await runOnce(runner, request(target("openai-completions", `http://127.0.0.1:${port}/v1`)))
      .catch((error: unknown) => error);
    assert.ok(error instanceof ModelError);
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, new RegExp(`Nothing answers at 127\\.0\\.0\\.1:${port}`, "u"));
  } finally {
    await runner.stop();
  }
});

Deno.test("an endpoint that the worker may not reach asks for a restart and names the host", async () => {
  await using lab = await withServer(OPENAI, () => ({ text: ["secret"] }));
  const other = await startOpenAi(() => ({ text: ["never"] }));
  try {
    const error = await failure(lab, "unreachable", { baseUrl: `${other.origin}/v1` });
    assert.match(error.message, /restart/u);
    assert.ok(error.message.includes(new URL(other.origin).host));
    assert.equal(other.requests.length, 0);
  } finally {
    await other.stop();
  }
});

Deno.test("a long error page is not shown and an answer that is no stream is an error", async () => {
  await using lab = await withServer(
    OPENAI,
    (_, index) =>
      index === 0
        ? { status: 418, body: `<html>${"x".repeat(300_000)}</html>` }
        : { status: 200, body: "<html>hello</html>", headers: { "content-type": "text/html" } },
  );
  assert.ok((await failure(lab, "unknown")).message.length < 400);
  await failure(lab, "unknown");
});
