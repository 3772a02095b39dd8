/** Tools for nodes through the running gateway: a node, a scripted model, a WebChat client. */
import assert from "node:assert/strict";
import type { Json, TestClient } from "../helpers/client.ts";
import { FakeModel } from "../helpers/fake_model.ts";
import { TestGateway } from "../helpers/gateway.ts";
import { connectNode, type TestNodeCall } from "../helpers/test_node.ts";
import { eventually } from "../helpers/wait.ts";
import { A2UI_EXAMPLE } from "../../gateway/canvas/tool_a2ui.ts";
import { jpeg } from "../providers/telegram_lab.ts";

const COMMANDS = ["camera.snap", "system.run", "location.get"];

async function house(config: Json = {}) {
  const stops = new AsyncDisposableStack();
  const model = stops.use(await FakeModel.start());
  const gateway = stops.use(
    await TestGateway.start({
      config: { ...model.config(), gateway: { nodes: { allowCommands: ["camera.*", "system.run"] } }, ...config },
    }),
  );
  const web = stops.use(await gateway.connect());
  await web.request("sessions.messages.subscribe", { key: "agent:main:main" });
  return { model, gateway, web, [Symbol.asyncDispose]: () => stops.disposeAsync() };
}

/** Sends and waits for the end of the run; returns the text of the answer. */
async function say(web: TestClient, message: string): Promise<string> {
  const runId = crypto.randomUUID();
  await web.request("chat.send", { sessionKey: "main", message, idempotencyKey: runId });
  const { payload } = await web.waitEvent(
    ({ event, payload }) => event === "chat" && payload["runId"] === runId && payload["state"] !== "delta",
    30_000,
  );
  assert.equal(payload["state"], "final", JSON.stringify(payload));
  return JSON.stringify(payload["message"]);
}

const history = async (web: TestClient): Promise<Json[]> => {
  const { messages } = await web.request("chat.history", { sessionKey: "main" });
  return Array.isArray(messages) ? messages : [];
};

const lastResult = (messages: readonly Json[]): Json => messages.findLast(({ role }) => role === "toolResult") ?? {};

Deno.test("a photo of a node reaches the model, chat.history and the live page as a picture", async () => {
  await using each = await house();
  const { web, model, gateway } = each;
  const photo = jpeg(40_000).toBase64();
  await using node = await connectNode(
    gateway,
    "Pixel",
    COMMANDS,
    () => ({ format: "jpg", base64: photo, width: 640, height: 480 }),
  );
  model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "text", pieces: ["A cat."] });
  assert.match(await say(web, "What is before the camera?"), /A cat\./u);
  assert.deepEqual(node.calls.map(({ command }) => command), ["camera.snap"]);
  assert.deepEqual(model.requests.at(-1)?.pictures, [{ mimeType: "image/jpeg", data: photo }]);
  const offered = JSON.stringify(model.requests[0]?.body["tools"]);
  for (const name of ["camera_snap", "node_run", "location_get", "a2ui_push"]) assert.ok(offered.includes(`"${name}"`));
  assert.ok(!offered.includes('"screen_record"'));
  const { content } = lastResult(await history(web));
  assert.deepEqual(content, [
    { type: "text", text: `Photo from Pixel (${node.nodeId.slice(0, 8)}): 640 x 480, 40 KB.` },
    { type: "image", data: photo, mimeType: "image/jpeg" },
  ]);
  await web.waitEvent(({ event, payload }) =>
    event === "session.message" && JSON.stringify(payload["message"]).includes(photo)
  );
  model.script({ kind: "text", pieces: ["Still a cat."] });
  await say(web, "Look again at the same picture");
  assert.equal(model.requests.at(-1)?.pictures.length, 1);
  const { groups } = await web.request("tools.catalog", {});
  assert.ok(JSON.stringify(groups).includes('"camera_snap"'));
});

Deno.test("a large photo stays small enough for every reader", async () => {
  await using each = await house();
  const { web, model, gateway } = each;
  const photo = jpeg(4_500_000).toBase64();
  await using _node = await connectNode(gateway, "Pixel", COMMANDS, () => ({ format: "jpg", base64: photo }));
  model.script({ kind: "tool", name: "camera_snap", args: {} }, { kind: "text", pieces: ["Too large."] });
  await say(web, "Photo");
  const result = JSON.stringify(lastResult(await history(web)));
  assert.match(result, /picture 1 was left out: the pictures are too large; ask for a smaller maxWidth/u);
  assert.deepEqual(model.requests.at(-1)?.pictures, []);
});

const run = ({ params }: TestNodeCall): Json => ({
  exitCode: 0,
  timedOut: false,
  success: true,
  stdout: `ran ${JSON.stringify(params["command"])} approved=${String(params["approved"])}`,
  stderr: "",
  error: null,
});

Deno.test("a command waits for a person: denied it does not run, allowed it runs once with the approval", async () => {
  await using each = await house();
  const { web, model, gateway } = each;
  await using node = await connectNode(gateway, "Box", COMMANDS, run);
  const decide = async (decision: string): Promise<void> => {
    const { payload } = await web.waitEvent(({ event, payload }) =>
      event === "exec.approval.requested" && !asked.has(payload["id"])
    );
    asked.add(payload["id"]);
    assert.equal(Object(payload["request"])["command"], "ls '-l' 'a b'".replace("'-l'", "-l"));
    await web.request("exec.approval.resolve", { id: payload["id"], decision });
  };
  const asked = new Set<unknown>();
  const step = async (decision: string): Promise<string> => {
    const args = { command: ["ls", "-l", "a b"] };
    model.script({ kind: "tool", name: "node_run", args }, { kind: "text", pieces: ["Done."] });
    const [answer] = await Promise.all([say(web, "List"), decide(decision)]);
    assert.match(answer, /Done/u);
    return JSON.stringify(lastResult(await history(web)));
  };
  assert.match(await step("deny"), /the person denied it/u);
  assert.equal(node.calls.length, 0);
  const allowed = await step("allow-once");
  assert.match(allowed, /exit code 0/u);
  assert.match(allowed, /approved=true/u);
  assert.equal(node.calls.length, 1);
});

Deno.test("the canvas: a page is written and shown, a surface is repaired after its error", async () => {
  await using each = await house();
  const { web, model } = each;
  const call = (name: string, args: unknown) => ({ kind: "tool" as const, name, args });
  model.script(
    call("canvas_write", { path: "report/index.html", content: "<h1>Report</h1>" }),
    call("canvas_present", { path: "report/index.html" }),
    call("a2ui_push", { jsonl: A2UI_EXAMPLE.replace("TextField", "TextInput") }),
    call("a2ui_push", { jsonl: A2UI_EXAMPLE }),
    { kind: "text", pieces: ["Look."] },
  );
  await say(web, "Show me a report and a form");
  const results = (await history(web)).filter(({ role }) => role === "toolResult");
  assert.deepEqual(results.map(({ isError }) => isError), [false, false, true, false]);
  assert.match(JSON.stringify(results[2]), /TextField/u);
  const changes = await eventually("the changes", () => {
    const seen = web.frames.flatMap((frame) =>
      frame.type === "event" && frame.event === "canvas.changed" ? [Object(frame.payload["change"])["kind"]] : []
    );
    return seen.length >= 2 ? seen : undefined;
  });
  assert.deepEqual(changes, ["present", "a2ui"]);
  const state = await web.request("canvas.get", { sessionKey: "main" });
  assert.equal(Object(state["a2ui"])["version"], "v0.9");
});
