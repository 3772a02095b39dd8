/** A node for tests: a client that announces commands and answers calls as the test says. */
import { type ConnectOptions, makeIdentity, TestClient } from "./client.ts";
import type { TestGateway } from "./gateway.ts";

export interface TestNodeCall {
  readonly command: string;
  readonly params: Record<string, unknown>;
}

export interface TestNode extends AsyncDisposable {
  readonly client: TestClient;
  readonly nodeId: string;
  readonly calls: readonly TestNodeCall[];
}

/** Answers each call with the object that `answer` returns; what it throws becomes the node's error `CODE: text`. */
export async function connectNode(
  gateway: Pick<TestGateway, "url" | "token">,
  displayName: string,
  commands: readonly string[],
  answer: (call: TestNodeCall) => unknown,
  options: ConnectOptions = {},
): Promise<TestNode> {
  const device = makeIdentity();
  const calls: TestNodeCall[] = [];
  const client = await TestClient.connect(gateway.url, {
    token: gateway.token,
    protocol: 3,
    role: "node",
    device,
    caps: [],
    commands,
    client: { id: "node-host", mode: "node", platform: "web", displayName },
    ...options,
  });
  client.onFrame = (frame) => {
    if (frame.type !== "event" || frame.event !== "node.invoke.request") return;
    const { id, nodeId, command, paramsJSON } = frame.payload;
    const params = typeof paramsJSON === "string" ? Object(JSON.parse(paramsJSON)) : {};
    const call = { command: String(command), params };
    calls.push(call);
    client.sendRequest("node.invoke.result", { id, nodeId, ...outcome(answer, call) });
  };
  return { client, nodeId: device.id, calls, [Symbol.asyncDispose]: async () => void await client.close() };
}

function outcome(answer: (call: TestNodeCall) => unknown, call: TestNodeCall): Record<string, unknown> {
  try {
    return { ok: true, payloadJSON: JSON.stringify(answer(call)) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, error: { code: message.split(":")[0] ?? "UNAVAILABLE", message } };
  }
}
