/**
 * The floor of every figure: the least work that answers our load generator. No checks, no storage, no sessions; it parses,
 * answers, and passes a model's words to every client, serialised once. Arguments: port, base URL of the model.
 */
import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

const [port = "0", model = ""] = Deno.args;
const HEALTH = { ok: true, ts: 1, channels: {}, agents: [], sessions: { count: 0, recent: [] } };

interface Asked {
  readonly id: string;
  readonly method: string;
  readonly params: { readonly idempotencyKey: string; readonly message: string };
}

const server = createServer();
const sockets = new WebSocketServer({ server, maxPayload: 1 << 20, perMessageDeflate: false });

sockets.on("connection", (socket) => {
  const ts = Date.now();
  socket.send(JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: "n", ts } }));
  socket.on("message", (data) => {
    const asked: Asked = JSON.parse(data.toString());
    if (asked.method === "agent") return void run(socket, asked);
    answer(socket, asked.id, asked.method === "connect" ? { type: "hello-ok", protocol: 4 } : HEALTH);
  });
});

const answer = (socket: WebSocket, id: string, payload: unknown): void =>
  socket.send(JSON.stringify({ type: "res", id, ok: true, payload }));

async function run(socket: WebSocket, { id, params }: Asked): Promise<void> {
  const runId = params.idempotencyKey;
  answer(socket, id, { runId, status: "accepted" });
  const response = await fetch(`${model}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stream: true, messages: [{ role: "user", content: params.message }] }),
  });
  let seq = 0;
  let text = "";
  for await (const delta of words(response)) {
    text += delta;
    const payload = { runId, seq: ++seq, stream: "assistant", ts: Date.now(), data: { text, delta } };
    const frame = JSON.stringify({ type: "event", event: "agent", payload, seq });
    for (const client of sockets.clients) client.send(frame);
  }
  answer(socket, id, { runId, status: "ok" });
}

async function* words(response: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    rest += part;
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const line = rest.slice("data: ".length, end);
      rest = rest.slice(end + 2);
      const delta: unknown = line === "[DONE]" ? "" : JSON.parse(line).choices[0]?.delta?.content;
      if (typeof delta === "string" && delta !== "") yield delta;
    }
  }
}

server.listen(Number(port), "127.0.0.1");
