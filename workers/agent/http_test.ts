/** Unit tests of the bounded fetch, against a server on loopback. */
import assert from "node:assert/strict";
import type { ModelTarget } from "../../schemas/worker/agent.ts";
import { ModelFault } from "./errors.ts";
import { HTTP_LIMITS, modelFetch } from "./http.ts";

function serve(handler: (path: string) => Response) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => handler(new URL(request.url).pathname),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const target: ModelTarget = { provider: "acme", model: "m", api: "openai-completions", baseUrl: url };
  return { url, target, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Sends `first`, then nothing until the client leaves; then counts. */
function silentAfter(first: string, onCancel: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
    cancel: onCancel,
  });
}

async function fault(work: Promise<unknown>): Promise<ModelFault> {
  const error = await work.then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof ModelFault, String(error));
  return error;
}

Deno.test("an answer passes unchanged, also when it is longer than one read", async () => {
  const long = "äöü".repeat(100_000);
  await using lab = serve(() => new Response(long));
  assert.equal(await (await modelFetch(lab.target, HTTP_LIMITS)(lab.url)).text(), long);
});

Deno.test("an answer above its limit is cut off with a fault", async () => {
  await using lab = serve(() => new Response("x".repeat(100_000)));
  const response = await modelFetch(lab.target, { ...HTTP_LIMITS, maxBytes: 50_000 })(lab.url);
  assert.match((await fault(response.text())).message, /more than/u);
});

Deno.test("silence before and within an answer ends the call as a timeout", async () => {
  const left = Promise.withResolvers<void>();
  await using lab = serve(() => new Response(silentAfter("begin", left.resolve)));
  const response = await modelFetch(lab.target, { ...HTTP_LIMITS, silenceMs: 60 })(lab.url);
  assert.equal((await fault(response.text())).kind, "timeout");
  await left.promise;
});

Deno.test("only the beginning of an error answer is read", async () => {
  let sent = 0;
  await using lab = serve(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent++;
          controller.enqueue(new TextEncoder().encode("e".repeat(10_000)));
        },
      }),
      { status: 500 },
    )
  );
  const limits = { ...HTTP_LIMITS, maxErrorBytes: 1000 };
  assert.equal((await fault(modelFetch(lab.target, limits)(lab.url))).status, 500);
  assert.ok(sent < 5000);
});

Deno.test("a redirect is refused, not followed", async () => {
  const asked: string[] = [];
  await using lab = serve((path) => {
    asked.push(path);
    return new Response(null, { status: 302, headers: { location: "/elsewhere" } });
  });
  assert.match((await fault(modelFetch(lab.target, HTTP_LIMITS)(lab.url))).message, /redirects/u);
  assert.deepEqual(asked, ["/"]);
});

Deno.test("the caller's abort stays an abort and closes the connection", async () => {
  const left = Promise.withResolvers<void>();
  await using lab = serve(() => new Response(silentAfter("begin", left.resolve)));
  const abort = new AbortController();
  const response = await modelFetch(lab.target, HTTP_LIMITS)(lab.url, { signal: abort.signal });
  const text = response.text();
  abort.abort();
  await assert.rejects(text, { name: "AbortError" });
  await left.promise;
});
