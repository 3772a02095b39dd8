/** `openclaw chat` against a fake gateway: lines, commands, Ctrl-C, lost connections, other clients. */
import assert from "node:assert/strict";
import { tempState, testCli } from "../../tests/helpers/cli_context.ts";
import {
  FakeGateway,
  type FakeRequest,
  type FakeSocket,
  type Handler,
  welcoming,
} from "../../tests/helpers/fake_gateway.ts";
import { chatCommand } from "./chat.ts";
import { CliError } from "./exit.ts";
import { Options } from "./options.ts";

interface Setup {
  readonly stdin: string;
  readonly options?: Record<string, unknown>;
  readonly inputTty?: boolean;
}

/** Runs a chat. `send` answers chat.send; history is answered with what `history` returns. */
async function chat(setup: Setup, send: Send, history: (request: FakeRequest) => unknown = () => EMPTY) {
  await using state = await tempState();
  const cli = testCli({ ...setup, env: { OPENCLAW_STATE_DIR: state.dir } });
  const handler: Handler = (request, socket) => {
    if (request.method === "chat.history") socket.answer(request, history(request));
    else send(request, socket, cli.interrupt);
  };
  await using fake = await FakeGateway.start(welcoming(handler));
  const options = new Options({ url: fake.url, ...setup.options });
  const code = await chatCommand(cli.context, options, []).catch((error: unknown) => {
    if (error instanceof CliError) return error;
    throw error;
  });
  const methods = fake.requests.map(({ method }) => method);
  return { code, stdout: cli.stdout(), stderr: cli.stderr(), methods, requests: fake.requests };
}

type Send = (request: FakeRequest, socket: FakeSocket, interrupt: () => void) => void;
const EMPTY = { sessionKey: "main", messages: [], sessionInfo: { key: "agent:main:main" } };

const keyOf = (request: FakeRequest) => String(request.params["idempotencyKey"]);
const assistant = (text: string) => ({ role: "assistant", content: [{ type: "text", text }] });
const chatEvent = (runId: string, more: Record<string, unknown>) => ({
  runId,
  sessionKey: "agent:main:main",
  seq: 1,
  ...more,
});
/** Answers a line by streaming it back. */
const echo: Send = (request, socket) => {
  const runId = keyOf(request);
  const text = `You said ${request.params["message"]}`;
  socket.answer(request, { runId, status: "started" });
  socket.event("agent", { runId, stream: "assistant", data: { text, delta: text } });
  socket.event("chat", chatEvent(runId, { state: "final", message: assistant(text) }));
};

Deno.test("each line of a pipe is a message, answered before the next one is sent", async () => {
  const { code, stdout, requests } = await chat({ stdin: "one\n\ntwo\n", options: { session: "work" } }, echo);
  assert.equal(code, 0);
  assert.equal(stdout, "You said one\nYou said two\n");
  assert.deepEqual(
    requests.filter(({ method }) => method === "chat.send").map(({ params }) => [
      params["sessionKey"],
      params["message"],
    ]),
    [["work", "one"], ["work", "two"]],
  );
});

Deno.test("a command is answered without a stream, and /exit leaves", async () => {
  const { code, stdout, methods } = await chat({ stdin: "/help\n/exit\nnever sent\n" }, (request, socket) => {
    const runId = keyOf(request);
    socket.answer(request, { runId, status: "started" });
    socket.event("chat", chatEvent(runId, { state: "final", message: assistant("The commands") }));
  });
  assert.deepEqual([code, stdout], [0, "The commands\n"]);
  assert.deepEqual(methods, ["connect", "chat.history", "chat.send"]);
});

Deno.test("the words that stop a run are answered at once", async () => {
  const { stdout } = await chat({ stdin: "/stop\n" }, (request, socket) => {
    socket.answer(request, { ok: true, aborted: false, runIds: [] });
  });
  assert.equal(stdout, "· nothing to stop\n");
});

Deno.test("a failed run is said, and without a terminal decides the exit code", async () => {
  const failing: Send = (request, socket) => {
    if (request.params["message"] === "bad") {
      return socket.refuse(request, { code: "INVALID_REQUEST", message: "not allowed" });
    }
    socket.answer(request, { runId: keyOf(request), status: "started" });
    socket.event("chat", chatEvent(keyOf(request), { state: "error", errorMessage: "No key" }));
  };
  const piped = await chat({ stdin: "x\nbad\n" }, failing);
  assert.equal(piped.code, 1);
  assert.equal(piped.stderr, "Error: The run failed: No key\nError: The run failed: not allowed\n");
  assert.equal((await chat({ stdin: "x\n", inputTty: true }, failing)).code, 0);
});

Deno.test("Ctrl-C stops the run and the chat goes on; pressed again it leaves", async () => {
  let runId = "";
  const stopping: Send = (request, socket, interrupt) => {
    if (request.method === "chat.send") {
      runId = keyOf(request);
      socket.answer(request, { runId, status: "started" });
      if (request.params["message"] === "long") interrupt();
      else socket.event("chat", chatEvent(runId, { state: "final", message: assistant("short answer") }));
    } else {
      socket.event("chat", chatEvent(runId, { state: "aborted", stopReason: "rpc" }));
      socket.answer(request, { ok: true, aborted: true, runIds: [runId] });
    }
  };
  const once = await chat({ stdin: "long\nshort\n" }, stopping);
  assert.equal(once.code, 0);
  assert.match(once.stdout, /stopping; Ctrl-C again to leave\nshort answer\n$/u);
  assert.match(once.stderr, /The answer was stopped/u);
  const twice = await chat({ stdin: "long\n" }, (request, socket, interrupt) => {
    if (request.method === "chat.send") socket.answer(request, { runId: keyOf(request), status: "started" });
    interrupt();
  });
  assert.equal(twice.code, 130);
});

Deno.test("the history stands before the first prompt of a terminal", async () => {
  const messages = [
    { role: "user", content: [{ type: "text", text: "Hi" }] },
    { role: "assistant", content: [{ type: "text", text: "Hello" }, { type: "toolCall", id: "1", name: "time" }] },
    { role: "toolResult", toolName: "time", content: [{ type: "text", text: "noon" }] },
  ];
  const { stdout } = await chat({ stdin: "", inputTty: true }, echo, () => ({ ...EMPTY, messages }));
  assert.ok(stdout.startsWith("You: Hi\nAssistant: Hello\n  tool time\n  time: noon\n· session main"), stdout);
});

Deno.test("a connection lost before the answer is made again and the same key is sent again", async () => {
  const keys: string[] = [];
  const { code, stdout, stderr } = await chat({ stdin: "one\n" }, (request, socket, interrupt) => {
    keys.push(keyOf(request));
    if (keys.length === 1) socket.drop();
    else echo(request, socket, interrupt);
  });
  assert.deepEqual([code, stdout], [0, "You said one\n"]);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.match(stderr, /Connection lost .*\nConnected again/u);
});

Deno.test("a run that outlives the connection is taken up where it is, one that ended is read from the history", async () => {
  for (const live of [true, false]) {
    let runId = "";
    let histories = 0;
    const history = (request: FakeRequest) => {
      histories += 1;
      assert.equal(request.params["sessionKey"], "main");
      if (histories === 1) return EMPTY;
      return live
        ? { ...EMPTY, inFlight: [{ runId, text: "Half an" }] }
        : { ...EMPTY, messages: [assistant("Half an answer")] };
    };
    const send: Send = (request, socket) => {
      runId = keyOf(request);
      socket.answer(request, { runId, status: "started" });
      socket.event("agent", { runId, stream: "assistant", data: { text: "Half", delta: "Half" } });
      socket.close(1012, "service restart");
    };
    await using state = await tempState();
    const cli = testCli({ stdin: "one\n", env: { OPENCLAW_STATE_DIR: state.dir } });
    await using fake = await FakeGateway.start(welcoming((request, socket) => {
      if (request.method !== "chat.history") return send(request, socket, cli.interrupt);
      socket.answer(request, history(request));
      if (histories !== 2 || !live) return;
      socket.event("agent", { runId, stream: "assistant", data: { text: "Half an answer", delta: " answer" } });
      socket.event("chat", chatEvent(runId, { state: "final", message: assistant("Half an answer") }));
    }));
    assert.equal(await chatCommand(cli.context, new Options({ url: fake.url }), []), 0);
    assert.equal(cli.stdout(), "Half an answer\n");
  }
});

Deno.test("--json prints the chat events of each run, one a line, and nothing else", async () => {
  const { stdout } = await chat({ stdin: "one\n", options: { json: true } }, echo);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, 1);
  assert.deepEqual([lines[0].state, lines[0].message], ["final", assistant("You said one")]);
});
