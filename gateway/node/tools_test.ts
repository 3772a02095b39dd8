/** Unit tests of the tools for nodes: which node, what is asked of it, what the model and the chat get. */
import assert from "node:assert/strict";
import { invalid, unavailable } from "../../schemas/error.ts";
import type { ExecDecision } from "../../schemas/event/approval.ts";
import type { NodeView } from "../../schemas/method/nodes.ts";
import type { ExecApprovalsFile } from "../../schemas/method/approvals.ts";
import { FakeClock } from "../../tests/helpers/fake_clock.ts";
import { runTool } from "../agent/tools.ts";
import type { ToolContext } from "../agent/types.ts";
import type { ExecAsk } from "../approval/types.ts";
import { findNode } from "./find.ts";
import { nodeTools } from "./tools.ts";
import type { NodeCall } from "./types.ts";

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8).toBase64();
const OWNER = { sessionKey: "agent:main:main", agentId: "main", trusted: true };
const STRANGER = { ...OWNER, trusted: false };

const view = (displayName: string, more: Partial<NodeView> = {}): NodeView => ({
  nodeId: `${displayName.toLowerCase()}-0123456789`,
  displayName,
  platform: "web",
  caps: [],
  commands: ["camera.snap", "camera.clip", "location.get", "system.notify"],
  paired: true,
  connected: true,
  ...more,
});

interface LabOptions {
  readonly nodes?: readonly NodeView[];
  readonly answer?: (call: NodeCall) => unknown;
  readonly decision?: ExecDecision | null;
  readonly allowed?: boolean;
  readonly rules?: ExecApprovalsFile;
  /** Commands that were approved on a node that may be away. */
  readonly approved?: readonly string[];
}

function lab(
  { nodes = [view("Pixel")], answer = () => ({}), decision = null, allowed = false, rules, approved = [] }: LabOptions =
    {},
) {
  const calls: NodeCall[] = [];
  const asks: ExecAsk[] = [];
  const cancelled: string[] = [];
  const clock = new FakeClock();
  const waiting = Promise.withResolvers<ExecDecision | null>();
  const tools = nodeTools({
    clock,
    nodes: {
      list: () => nodes,
      pairing: {
        list: () => ({
          pending: [],
          paired: [{ nodeId: "away", caps: [], commands: [...approved], createdAtMs: 1, approvedAtMs: 1 }],
        }),
      },
      find: (query) => findNode(nodes, query),
      async invoke(call) {
        calls.push(call);
        const payload = await answer(call);
        return { nodeId: call.nodeId, command: call.command, payload, payloadJSON: null };
      },
    },
    approvals: {
      ask(wish) {
        asks.push(wish);
        const open = { id: `ask-${asks.length}`, request: wish.request, createdAtMs: 0, expiresAtMs: 1 };
        return {
          ...open,
          pattern: undefined,
          decision: decision === null ? waiting.promise : Promise.resolve(decision),
        };
      },
      cancel(id) {
        cancelled.push(id);
        waiting.resolve(null);
      },
      allowed: () => allowed,
      file: {
        get: () => Promise.resolve({ path: "/x", exists: true, hash: "h", file: rules ?? { version: 1 } }),
        set: () => Promise.reject(new Error("nobody may")),
      },
    },
  });
  const run = (name: string, args: Record<string, unknown> = {}, signal = new AbortController().signal) => {
    const context: ToolContext = { ...OWNER, runId: "run-1", toolCallId: "call-1", toChat: true, signal };
    return runTool(tools.for(OWNER), name, args, context, clock);
  };
  return { tools, calls, asks, cancelled, clock, waiting, run };
}

Deno.test("a command of a node that is away keeps its tool, which says who is not connected", async () => {
  const away = view("Pixel", { connected: false, commands: [] });
  const { tools } = lab({ nodes: [away], approved: ["camera.snap"] });
  const names = tools.for(OWNER).map(({ name }) => name);
  assert.ok(names.includes("camera_snap"));
  assert.ok(!names.includes("location_get"), "nobody offers it");
  const context: ToolContext = {
    ...OWNER,
    runId: "run",
    toolCallId: "call",
    toChat: false,
    signal: new AbortController().signal,
  };
  const { text, isError } = await runTool(tools.for(OWNER), "camera_snap", {}, context, new FakeClock());
  assert.equal(isError, true);
  assert.match(text, /Pixel.*not connected/u);
});

Deno.test("only turns of the owner get tools, and those that some connected node knows", () => {
  const names = (options: LabOptions, run = OWNER) => lab(options).tools.for(run).map(({ name }) => name);
  assert.deepEqual(names({ nodes: [] }), ["nodes_list"]);
  const general = ["nodes_list", "nodes_describe", "nodes_invoke"];
  assert.deepEqual(names({}), [...general, "camera_snap", "camera_clip", "location_get", "node_notify"]);
  const off = view("Mac", { commands: [], offCommands: [{ command: "system.run", reason: "off" }] });
  assert.deepEqual(names({ nodes: [off] }), [...general, "node_run"]);
  assert.deepEqual(names({}, STRANGER), []);
  const { tools } = lab();
  assert.equal(tools.note?.(OWNER), undefined);
  assert.match(tools.note?.(STRANGER) ?? "", /does not come from the owner/u);
  assert.equal(lab({ nodes: [] }).tools.note?.(STRANGER), undefined);
});

Deno.test("all descriptions together stay short enough for a small model", () => {
  const all = lab({
    nodes: [
      view("A", {
        commands: ["camera.snap", "camera.clip", "screen.record", "location.get", "system.notify", "system.run"],
      }),
    ],
  });
  const chars = all.tools.all().reduce((sum, { description }) => sum + description.length, 0);
  assert.equal(all.tools.all().length, 9);
  assert.ok(chars < 1_500, `${chars} characters`);
});

Deno.test("a photo goes to the model as a picture and to the chat as a file, never as text", async () => {
  const { run, calls } = lab({ answer: () => ({ format: "jpg", base64: JPEG, width: 640, height: 480 }) });
  const result = await run("camera_snap", { facing: "front" });
  assert.equal(result.isError, false, result.text);
  assert.equal(result.text, "Photo from Pixel (pixel-01): 640 x 480, 1 KB.");
  assert.deepEqual(result.images, [{ type: "image", data: JPEG, mimeType: "image/jpeg" }]);
  assert.deepEqual(result.media?.map(({ kind, mimeType, fileName }) => [kind, mimeType, fileName.slice(0, 6)]), [
    ["image", "image/jpeg", "photo-"],
  ]);
  assert.match(result.media?.[0]?.fileName ?? "", /^photo-\d{8}-\d{6}\.jpg$/u);
  const [call] = calls;
  assert.deepEqual(call?.params, { facing: "front", maxWidth: 1280, quality: 0.85, format: "jpg" });
  assert.deepEqual([call?.idempotencyKey, call?.caller, call?.sessionKey], [
    "run-1:call-1",
    "run:run-1",
    "agent:main:main",
  ]);
});

Deno.test("what a node calls a photo and is none reaches nobody", async () => {
  const html = new TextEncoder().encode("<script>alert(1)</script>").toBase64();
  const fake = lab({ answer: () => ({ format: "jpg", base64: html }) });
  assert.match((await fake.run("camera_snap")).text, /no PNG, JPEG, GIF or WebP/u);
  const broken = lab({ answer: () => ({ format: "jpg", base64: "%%%" }) });
  assert.match((await broken.run("camera_snap")).text, /not base64/u);
  const empty = lab({ answer: () => ({}) });
  const { text, isError } = await empty.run("camera_snap");
  assert.ok(isError && /Cannot use the answer to camera.snap/u.test(text), text);
});

Deno.test("a clip goes to the chat alone and says how long it is", async () => {
  const base64 = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3, 4).toBase64();
  const { run, calls } = lab({ answer: () => ({ format: "webm", base64, durationMs: 4_200, hasAudio: true }) });
  const result = await run("camera_clip", { durationMs: 4_000 });
  assert.match(result.text, /^Video from Pixel \(pixel-01\): 4\.2 s, 1 KB, with sound\.$/u);
  assert.equal(result.images, undefined);
  assert.deepEqual(result.media?.map(({ kind, mimeType }) => [kind, mimeType]), [["video", "video/webm"]]);
  assert.equal(calls[0]?.timeoutMs, 44_000);
});

Deno.test("what a node calls a clip and is none reaches nobody", async () => {
  const page = new TextEncoder().encode("<script>alert(1)</script>").toBase64();
  const webm = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3, 4).toBase64();
  for (const [format, base64] of [["webm", page], ["text/html", page], ["text/html", webm], ["mp4", "AAAA"]]) {
    const { run } = lab({ answer: () => ({ format, base64 }) });
    const { text, isError, media } = await run("camera_clip");
    assert.ok(isError && media === undefined, String(base64));
    assert.match(text, /Cannot use the answer to camera\.clip of "Pixel \(pixel-01\)": it is no video/u);
  }
});

Deno.test("without a name there must be one node that can; the choices and obstacles are said", async () => {
  const two = lab({ nodes: [view("Pixel"), view("Laptop")] });
  assert.match((await two.run("camera_snap")).text, /name one by "node": Pixel \(pixel-01\), Laptop \(laptop-0\)/u);
  const named = lab({
    nodes: [view("Pixel"), view("Laptop")],
    answer: () => ({ format: "jpg", base64: JPEG }),
  });
  assert.equal((await named.run("camera_snap", { node: "laptop" })).isError, false);
  assert.equal(named.calls[0]?.nodeId, "laptop-0123456789");
  const reason = "command not allowlisted: dangerous and off until the owner allows it";
  const off = lab({
    nodes: [
      view("Pixel", { commands: [], offCommands: [{ command: "camera.snap", reason }] }),
      view("Old", { connected: false, commands: [] }),
    ],
  });
  const { text } = await off.run("camera_snap");
  assert.match(text, /no node can do it now/u);
  assert.ok(text.includes(reason) && text.includes("Old (old-0123): it is not connected"), text);
  assert.match((await named.run("camera_snap", { node: "nobody" })).text, /nobody/u);
});

Deno.test("a node's own error comes with what the person can do", async () => {
  const { run } = lab({ answer: () => Promise.reject(unavailable("CAMERA_DISABLED: the camera switch is off")) });
  const { text, isError } = await run("camera_snap");
  assert.ok(isError);
  assert.match(text, /CAMERA_DISABLED.*ask the person to switch it on/u);
});

Deno.test("nodes_list says what works, what is off and why, and how to begin without any", async () => {
  assert.match((await lab({ nodes: [] }).run("nodes_list")).text, /scans the code.*openclaw node run/u);
  const off = view("Mac", { commands: ["system.which"], offCommands: [{ command: "system.run", reason: "off here" }] });
  const told = JSON.parse(
    (await lab({ nodes: [off, view("Away", { connected: false, commands: [] })] }).run("nodes_list")).text,
  );
  assert.deepEqual(told.nodes[0], {
    name: "Mac (mac-0123)",
    platform: "web",
    connected: true,
    commands: ["system.which"],
    off: ["system.run: off here"],
  });
  assert.equal(told.nodes[1].connected, false);
});

Deno.test("nodes_invoke turns bytes into pictures and files and cuts long answers", async () => {
  const nodes = [view("Pixel", { commands: ["photos.latest", "file.read"] })];
  const photos = lab({
    nodes,
    answer: () => ({ photos: [{ format: "jpeg", base64: JPEG, width: 1 }, { format: "jpeg", base64: JPEG }] }),
  });
  const shown = await photos.run("nodes_invoke", { node: "Pixel", command: "photos.latest" });
  assert.equal(shown.images?.length, 2);
  assert.ok(!shown.text.includes(JPEG) && shown.text.includes("photos-latest-1.jpg, 1 KB: shown as a picture"));
  const bytes = new Uint8Array(9_000).fill(7).toBase64();
  const file = lab({ nodes, answer: () => ({ path: "/docs/plan.bin", size: 9_000, base64: bytes }) });
  const read = await file.run("nodes_invoke", {
    node: "Pixel",
    command: "file.read",
    params: { path: "/docs/plan.bin" },
  });
  assert.ok(!read.text.includes(bytes.slice(0, 100)));
  assert.deepEqual(read.media?.map(({ fileName, kind }) => [fileName, kind]), [["plan.bin", "document"]]);
  const long = lab({ nodes, answer: () => ({ text: "word ".repeat(10_000) }) });
  const cut = await long.run("nodes_invoke", { node: "Pixel", command: "file.read" });
  assert.match(cut.text, /\[cut at 16 KiB of 49 KiB\]$/u);
  const deep = lab({ nodes, answer: () => JSON.parse("[".repeat(500) + "]".repeat(500)) });
  assert.match((await deep.run("nodes_invoke", { node: "Pixel", command: "file.read" })).text, /too deep/u);
});

Deno.test("nodes_invoke is no way around the question before a command, nor to the rules for it", async () => {
  const { run, calls } = lab({ nodes: [view("Box", { commands: ["system.run", "system.execApprovals.set"] })] });
  for (const command of ["system.run", "system.execApprovals.set"]) {
    assert.ok((await run("nodes_invoke", { node: "Box", command })).isError);
  }
  assert.deepEqual(calls, []);
});

const BOX = [view("Box", { commands: ["system.run"], platform: "linux" })];
const DONE = { exitCode: 0, timedOut: false, success: true, stdout: "hello\n", stderr: "", error: null };

Deno.test("a command runs after a person allowed it, with the approval that the gateway can check", async () => {
  const { run, asks, calls } = lab({ nodes: BOX, decision: "allow-once", answer: () => DONE });
  const { text, isError } = await run("node_run", { command: ["echo", "hello world"], cwd: "/tmp" });
  assert.equal(isError, false, text);
  assert.equal(text, "Box (box-0123): exit code 0\nstdout:\nhello\n");
  assert.equal(asks[0]?.request.command, "echo 'hello world'");
  assert.deepEqual([asks[0]?.request.cwd, asks[0]?.request.nodeId, asks[0]?.request.sessionKey], [
    "/tmp",
    "box-0123456789",
    "agent:main:main",
  ]);
  assert.deepEqual(calls[0]?.params, {
    command: ["echo", "hello world"],
    cwd: "/tmp",
    timeoutMs: 60_000,
    agentId: "main",
    sessionKey: "agent:main:main",
    runId: "ask-1",
    approved: true,
    approvalDecision: "allow-once",
  });
});

Deno.test("denied, not answered, forbidden: nothing runs and the model reads which it was", async () => {
  const denied = lab({ nodes: BOX, decision: "deny" });
  assert.match((await denied.run("node_run", { command: ["ls"] })).text, /the person denied it/u);
  const silent = lab({ nodes: BOX });
  silent.waiting.resolve(null);
  assert.match((await silent.run("node_run", { command: ["ls"] })).text, /nobody allowed it in time/u);
  const forbidden = lab({ nodes: BOX, decision: "allow-once", rules: { version: 1, defaults: { security: "deny" } } });
  assert.match(
    (await forbidden.run("node_run", { command: ["ls"] })).text,
    /the owner's rules for commands forbid it/u,
  );
  for (const each of [denied, silent, forbidden]) assert.deepEqual(each.calls, []);
  assert.deepEqual(forbidden.asks, []);
});

Deno.test("what the rules allow is not asked, unless the node wants a person's word", async () => {
  const free = lab({ nodes: BOX, allowed: true, answer: () => DONE });
  await free.run("node_run", { command: ["ls"] });
  assert.deepEqual([free.asks.length, free.calls.length], [0, 1]);
  const strict = lab({
    nodes: BOX,
    allowed: true,
    decision: "allow-always",
    answer: ({ params }) =>
      params !== null && typeof params === "object" && "approved" in params
        ? DONE
        : Promise.reject(invalid("SYSTEM_RUN_DENIED: approval required")),
  });
  const { text } = await strict.run("node_run", { command: ["ls"] });
  assert.match(text, /exit code 0/u);
  assert.deepEqual([strict.asks.length, strict.calls.length], [1, 2]);
  assert.notEqual(strict.calls[0]?.idempotencyKey, strict.calls[1]?.idempotencyKey);
});

Deno.test("a run that is stopped takes its question back", async () => {
  const { run, cancelled, calls } = lab({ nodes: BOX });
  const abort = new AbortController();
  const result = run("node_run", { command: ["sleep", "9"] }, abort.signal);
  await new Promise((resolve) => setTimeout(resolve, 0));
  abort.abort();
  assert.match((await result).text, /the run was stopped/u);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(cancelled, ["ask-1"]);
  assert.deepEqual(calls, []);
});

Deno.test("long output keeps its beginning and its end", async () => {
  const stdout = "a".repeat(9_000) + "b".repeat(9_000);
  const { run } = lab({ nodes: BOX, allowed: true, answer: () => ({ ...DONE, exitCode: 2, stdout, stderr: "oops" }) });
  const { text } = await run("node_run", { command: ["ls"] });
  assert.match(text, /exit code 2[^]*aaa\n\[5712 characters left out\]\nb+\nstderr:\noops$/u);
  assert.ok(text.length < 13_000);
});

Deno.test("place and notification", async () => {
  const { run, calls } = lab({ answer: ({ command }) => command === "location.get" ? { lat: 48.1, lon: 11.5 } : {} });
  assert.equal((await run("location_get")).text, 'Location of Pixel (pixel-01):\n{"lat":48.1,"lon":11.5}');
  assert.equal((await run("node_notify", { body: "Tea" })).text, "Shown on Pixel (pixel-01).");
  assert.deepEqual(calls[1]?.params, { body: "Tea" });
});
