/** Tests of the look-out for a local Ollama. */
import assert from "node:assert/strict";
import { findOllama } from "./ollama.ts";

async function withServer(answer: () => Response | Promise<Response>, action: (host: string) => Promise<void>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  try {
    await action(`127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("its models become a provider", () =>
  withServer(() => Response.json({ models: [{ name: "llama3:8b" }, { name: "qwen" }] }), async (host) => {
    const provider = await findOllama(host);
    assert.deepEqual(provider?.models.map(({ id }) => id), ["llama3:8b", "qwen"]);
    assert.equal(provider?.baseUrl, `http://${host}/v1`);
    assert.equal(provider?.source, "local Ollama");
  }));

for (
  const [what, answer] of [
    ["has no model", () => Response.json({ models: [] })],
    ["is something else", () => new Response("<html>")],
    ["answers an error", () => Response.json({ models: [{ name: "x" }] }, { status: 500 })],
  ] as const
) {
  Deno.test(`one that ${what} is none`, () =>
    withServer(answer, async (host) => assert.equal(await findOllama(host), undefined)));
}

Deno.test("a port that nobody listens on is none", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assert.equal(await findOllama(`127.0.0.1:${port}`), undefined);
});

Deno.test("one that never answers is given up within its deadline", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const started = performance.now();
  assert.equal(await findOllama(`127.0.0.1:${listener.addr.port}`), undefined);
  assert.ok(performance.now() - started < 3_000);
  listener.close();
});
