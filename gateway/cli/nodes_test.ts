/** `openclaw nodes` against a fake gateway: what the commands ask for, what they print, how they end. */
import assert from "node:assert/strict";
import { answers, run } from "../../tests/helpers/cli_run.ts";
import type { Handler } from "../../tests/helpers/fake_gateway.ts";
import { CliError } from "./exit.ts";
import * as canvas from "./nodes_canvas.ts";
import * as media from "./nodes_media.ts";
import * as nodes from "./nodes.ts";
import { invokeCommand } from "./nodes_invoke.ts";
import { codeCommand, qrCommand } from "./nodes_qr.ts";
import { runCommand } from "./nodes_run.ts";

const PHONE = {
  nodeId: "aaaa1111bbbb2222",
  displayName: "Phone",
  platform: "web",
  deviceFamily: "Android",
  caps: ["camera"],
  commands: ["camera.list"],
  offCommands: [
    { command: "camera.snap", reason: "command not allowlisted: it is dangerous and off until the owner allows it" },
    { command: "camera.clip", reason: "command not allowlisted: it is dangerous and off until the owner allows it" },
    { command: "sms.send", reason: "command not allowlisted: denyCommands names it" },
  ],
  allowedCommands: ["camera.list"],
  approvalState: "approved",
  paired: true,
  connected: true,
};
const DESK = { ...PHONE, nodeId: "aaaa3333cccc4444", displayName: "Desk", platform: "linux", offCommands: [] };
const AWAY = { nodeId: "ffff", displayName: "phone", paired: true, connected: false, lastSeenAtMs: 1 };
const list = (...all: unknown[]) => ({ "node.list": { ts: 1, nodes: all } });
const invoked = (payload: unknown) => ({ "node.invoke": { ok: true, payload, payloadJSON: null } });
const refusing = (details: unknown, message = "no"): Handler => (request, socket) =>
  request.method === "node.list"
    ? socket.answer(request, { ts: 1, nodes: [PHONE] })
    : socket.refuse(request, { code: "UNAVAILABLE", message, details });

const sentence = (code: unknown): string => {
  assert.ok(code instanceof CliError, String(code));
  return `${code.exit}: ${code.message} ${code.hints.join(" ")}`;
};

Deno.test("list shows who is there, what is off and why, and what waits", async () => {
  const waiting = {
    ...DESK,
    approvalState: "pending-approval",
    pendingRequestId: "r-1",
    pendingDeclaredCommands: ["x.y"],
  };
  const { stdout } = await run(nodes.listCommand, answers(list(PHONE, waiting, AWAY)));
  for (
    const part of [
      /aaaa1111bbbb +Phone +web, Android +connected +camera\.list/u,
      /Desk .*connected, waits for approval/u,
      /ffff +phone +- +away, seen/u,
      /"Desk" waits for approval of: x\.y\nApprove it: openclaw nodes approve r-1/u,
      /Off on "Phone" until you allow them: camera\.snap camera\.clip\nAllow one: openclaw nodes allow aaaa1111bbbb camera\.snap/u,
      /Off on "Phone":\n {2}sms\.send {2}command not allowlisted: denyCommands names it/u,
    ]
  ) assert.match(stdout, part);
  const only = await run(nodes.listCommand, answers(list(PHONE, AWAY)), { options: { connected: true, json: true } });
  assert.deepEqual(JSON.parse(only.stdout).nodes.map(({ nodeId }: typeof PHONE) => nodeId), [PHONE.nodeId]);
});

Deno.test("a node is named by its id, the beginning of it, or its name, and the connected one of two namesakes is meant", async () => {
  for (const [wanted, nodeId] of [["aaaa1", PHONE.nodeId], ["PHONE", PHONE.nodeId], [DESK.nodeId, DESK.nodeId]]) {
    const { requests } = await run(
      nodes.renameCommand,
      answers({ ...list(PHONE, DESK, AWAY), "node.rename": { nodeId, displayName: "New" } }),
      { args: [wanted ?? "", "New"] },
    );
    assert.deepEqual(requests[1]?.params, { nodeId, displayName: "New" });
  }
  const several = await run(nodes.describeCommand, answers(list(PHONE, DESK)), { args: ["aaaa"] });
  assert.match(sentence(several.code), /usage: Cannot choose the node "aaaa": several fit .*aaaa1111bbbb {2}Phone/u);
  const none = await run(nodes.describeCommand, answers(list(PHONE)), { args: ["x\x1b[2Jy"] });
  assert.match(sentence(none.code), /No node is called "x\[2Jy" Choose one of: aaaa1111bbbb {2}Phone/u);
});

Deno.test("without a name the only connected node is meant, and two are a question", async () => {
  const one = await run(media.cameraListCommand, answers({ ...list(PHONE, AWAY), ...invoked({ devices: [] }) }));
  assert.equal(one.stdout, '"Phone" has no camera.\n');
  const two = await run(media.cameraListCommand, answers(list(PHONE, DESK)));
  assert.match(sentence(two.code), /usage: Cannot choose a node: several are connected/u);
  const none = await run(media.cameraListCommand, answers(list(AWAY)));
  assert.match(sentence(none.code), /temporary: No node is connected .*openclaw nodes qr/u);
});

Deno.test("each call has a key of its own and the node's time", async () => {
  const handler = answers({ ...list(PHONE), ...invoked({ a: 1 }) });
  const setup = { args: ["Phone", "x.y", '{"q":1}'], options: { timeout: "3s" } };
  const [first, second] = [await run(invokeCommand, handler, setup), await run(invokeCommand, handler, setup)];
  const { idempotencyKey, ...params } = first?.requests[1]?.params ?? {};
  assert.deepEqual(params, { nodeId: PHONE.nodeId, command: "x.y", params: { q: 1 }, timeoutMs: 3000 });
  assert.notEqual(idempotencyKey, second?.requests[1]?.params["idempotencyKey"]);
  assert.deepEqual(JSON.parse(first?.stdout ?? ""), { a: 1 });
  for (const json of ["[1]", "{", "3"]) {
    assert.match(
      sentence((await run(invokeCommand, handler, { args: ["Phone", "x", json] })).code),
      /usage: Cannot read/u,
    );
  }
});

Deno.test("a refusal says who refused and what to do", async () => {
  const cases: [Handler, RegExp][] = [
    [
      refusing({ nodeError: { code: "CAMERA_DISABLED", message: "it is off" } }),
      /failed: "Phone" did not do x: CAMERA_DISABLED: it is off Switch it on/u,
    ],
    [refusing({ nodeError: { code: "TIMEOUT", message: "t" } }), /temporary: .*Wait longer/u],
    [refusing({ code: "NOT_CONNECTED" }), /temporary: "Phone" is not connected/u],
    [
      refusing({ reason: "command not approved", command: "x" }, "node command not allowed: approve it"),
      /failed: "Phone" may not be asked for x: approve it/u,
    ],
    [
      refusing({ reason: "command not declared by node" }, 'node command not allowed: the node does not offer "x"'),
      /the node does not offer "x" See: openclaw nodes describe/u,
    ],
    [refusing({}), /temporary: node\.invoke failed: no/u],
  ];
  for (const [handler, expected] of cases) {
    assert.match(sentence((await run(invokeCommand, handler, { args: ["Phone", "x"] })).code), expected);
  }
});

Deno.test("a mistyped command is answered with the nearest one that the node has", async () => {
  const refused = refusing(
    { reason: "command not allowlisted" },
    'node command not allowed: the node does not offer "camera.snp"',
  );
  const { code } = await run(invokeCommand, refused, { args: ["Phone", "camera.snp"] });
  assert.match(sentence(code), /does not offer "camera\.snp" Did you mean: camera\.snap See: openclaw nodes describe/u);
});

Deno.test("allowing what a node does not offer is warned of", async () => {
  const handler = answers({ ...list(PHONE), "node.commands.set": { nodeId: PHONE.nodeId, allowCommands: [] } });
  const typo = await run(nodes.allowCommand, handler, { args: ["Phone", "camera.snp"] });
  assert.match(typo.stderr, /"Phone" does not offer "camera\.snp"\n {2}Did you mean: camera\.snap/u);
  const family = await run(nodes.allowCommand, handler, { args: ["Phone", "camera.*", "camera.snap"] });
  assert.equal(family.stderr, "");
});

Deno.test("a photograph becomes a file, and its name cannot be chosen by the node", async () => {
  const dir = await Deno.makeTempDir({ prefix: "occli-" });
  try {
    const shot = { format: "../../x", base64: btoa("picture"), width: 4, height: 3 };
    const handler = answers({ ...list(PHONE), ...invoked(shot) });
    const options = { output: `${dir}/a.jpg`, facing: "back", maxWidth: "800", quality: "0.5", delay: "1s" };
    const { stdout, requests } = await run(media.snapCommand, handler, { options });
    assert.equal(stdout, `Saved: ${dir}/a.jpg (4x3, 7 bytes)\n`);
    assert.equal(await Deno.readTextFile(`${dir}/a.jpg`), "picture");
    assert.deepEqual(requests[1]?.params["params"], { facing: "back", maxWidth: 800, quality: 0.5, delayMs: 1000 });
    const usual = await run(media.snapCommand, handler);
    assert.match(usual.stdout, /\/nodes\/[-\dTZ]+-camera\.snap\.bin \(4x3, 7 bytes\)/u);
    const broken = answers({ ...list(PHONE), ...invoked({ ...shot, base64: "*" }) });
    assert.match(sentence((await run(media.snapCommand, broken)).code), /it is no base64/u);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("films have a length, and a limit", async () => {
  const film = { format: "mp4", base64: btoa("film"), durationMs: 2000 };
  const handler = answers({ ...list(PHONE), ...invoked(film) });
  const { requests, stdout } = await run(media.clipCommand, handler, { options: { duration: "2s", mute: true } });
  assert.deepEqual(requests[1]?.params["params"], { includeAudio: false, durationMs: 2000 });
  assert.equal(requests[1]?.params["timeoutMs"], 32_000);
  assert.match(stdout, /\.mp4 \(2\.0 s, 4 bytes\)/u);
  assert.match(
    sentence((await run(media.recordCommand, handler, { options: { duration: "2m" } })).code),
    /60 s at most/u,
  );
  assert.match(sentence((await run(media.snapCommand, handler, { options: { facing: "up" } })).code), /front, back/u);
});

Deno.test("approve takes a request by its id, its node or as the latest, and says what stays off", async () => {
  const pending = [
    {
      requestId: "r-1",
      nodeId: PHONE.nodeId,
      displayName: "Phone",
      commands: ["a.b", "camera.snap"],
      dangerousCommands: ["camera.snap"],
      ts: 2,
    },
    { requestId: "r-2", nodeId: DESK.nodeId, displayName: "Desk", commands: [], ts: 1 },
  ];
  const handler = answers({
    "node.pair.list": { pending, paired: [] },
    "node.pair.approve": {},
    "node.pair.reject": {},
  });
  for (const setup of [{ args: ["r-1"] }, { args: ["phone"] }, { args: ["aaaa1"] }, { options: { latest: true } }]) {
    const { requests, stdout } = await run(nodes.approveCommand, handler, setup);
    assert.deepEqual(requests[1], { method: "node.pair.approve", params: { requestId: "r-1" } });
    assert.match(
      stdout,
      /^Approved: "Phone" \(2 commands\)\nStill off: camera\.snap\nAllow one: openclaw nodes allow/u,
    );
  }
  const allowed = await run(nodes.approveCommand, handler, { args: ["r-1"], options: { allow: ["camera.snap"] } });
  assert.deepEqual(allowed.requests[1]?.params, { requestId: "r-1", allowCommands: ["camera.snap"] });
  assert.doesNotMatch(allowed.stdout, /Still off/u);
  assert.match(
    sentence((await run(nodes.rejectCommand, handler, { args: ["aaaa"] })).code),
    /several fit .*r-1 {2}Phone/u,
  );
  const device = { pending: [{ requestId: "d-1", deviceId: "x", role: "node" }], paired: [] };
  const first = answers({ "node.pair.list": { pending: [], paired: [] }, "device.pair.list": device });
  assert.match(
    sentence((await run(nodes.approveCommand, first, { args: ["x"] })).code),
    /openclaw devices approve d-1/u,
  );
});

Deno.test("allow adds to what is on, --none takes all back, neither is a mistake", async () => {
  const handler = answers({ ...list(PHONE), "node.commands.set": { nodeId: PHONE.nodeId, allowCommands: [] } });
  const more = await run(nodes.allowCommand, handler, { args: ["Phone", "camera.snap"] });
  assert.deepEqual(more.requests[1]?.params, { nodeId: PHONE.nodeId, allowCommands: ["camera.list", "camera.snap"] });
  const none = await run(nodes.allowCommand, handler, { args: ["Phone"], options: { none: true } });
  assert.deepEqual(none.requests[1]?.params["allowCommands"], []);
  assert.match(sentence((await run(nodes.allowCommand, handler, { args: ["Phone"] })).code), /usage/u);
});

Deno.test("run asks a person only when the node wants that, and then runs with the approval's id", async () => {
  const decision = { value: "allow-always" };
  const handler: Handler = (request, socket) => {
    const params = Object(request.params["params"]);
    if (request.method === "node.list") return socket.answer(request, { ts: 1, nodes: [DESK] });
    if (request.method === "exec.approval.request") {
      return socket.answer(request, { status: "accepted", id: request.params["id"] });
    }
    if (request.method === "exec.approval.waitDecision") return socket.answer(request, { decision: decision.value });
    if (params.approved === true) {
      return socket.answer(request, {
        ok: true,
        payload: { exitCode: 0, success: true, stdout: "out\x1b[2J", stderr: "" },
      });
    }
    const nodeError = { code: "UNAVAILABLE", message: "SYSTEM_RUN_DENIED: approval required" };
    socket.refuse(request, { code: "UNAVAILABLE", message: nodeError.message, details: { nodeError } });
  };
  const asked = await run(runCommand, handler, { args: ["ls", "my file"], options: { cwd: "/srv", env: ["A=1"] } });
  assert.equal(asked.code, 0);
  assert.equal(asked.stdout, "out[2J\n");
  assert.match(asked.stderr, /Waiting up to 2 min .* on "Desk": ls 'my file'\n.*openclaw approvals allow/u);
  const [, first, request, , second] = asked.requests;
  const { runId, ...wish } = Object(first?.params["params"]);
  assert.deepEqual(wish, {
    command: ["ls", "my file"],
    rawCommand: "ls 'my file'",
    timeoutMs: 60_000,
    cwd: "/srv",
    env: { A: "1" },
  });
  assert.deepEqual([request?.params["id"], request?.params["twoPhase"], request?.params["nodeId"]], [
    runId,
    true,
    DESK.nodeId,
  ]);
  assert.deepEqual(second?.params["params"], { ...wish, runId, approved: true, approvalDecision: "allow-always" });
  decision.value = "deny";
  assert.match(sentence((await run(runCommand, handler, { args: ["ls"] })).code), /failed: The command was denied/u);
});

Deno.test("run gives the command's failure on, and a refusal for good is not asked about", async () => {
  const failing = answers({
    ...list(DESK),
    ...invoked({ exitCode: 3, success: false, stdout: "", stderr: "bad\n", error: null }),
  });
  const failed = await run(runCommand, failing, { args: ["false"] });
  assert.deepEqual([failed.code, failed.stderr.trim()], [1, "bad"]);
  const denied = refusing({ nodeError: { code: "UNAVAILABLE", message: "SYSTEM_RUN_DISABLED: security=deny" } });
  const { code, requests } = await run(runCommand, denied, { args: ["ls"] });
  assert.match(sentence(code), /failed: .*SYSTEM_RUN_DISABLED: security=deny/u);
  assert.deepEqual(requests.map(({ method }) => method), ["node.list", "node.invoke"]);
});

Deno.test("the canvas is a node's, or with --session the one beside a chat", async () => {
  const handler = answers({
    ...list(PHONE),
    ...invoked({}),
    "canvas.present": { ok: true },
    "canvas.a2ui.push": { surfaces: ["main"] },
  });
  const there = await run(canvas.presentCommand, handler, { args: ["a/b.html"], options: { x: "1", width: "300" } });
  assert.deepEqual(there.requests[1]?.params["params"], { url: "a/b.html", placement: { x: 1, width: 300 } });
  const beside = await run(canvas.presentCommand, handler, { args: ["a/b.html"], options: { session: "main" } });
  assert.deepEqual(beside.requests, [{ method: "canvas.present", params: { sessionKey: "main", path: "a/b.html" } }]);
  const address = await run(canvas.presentCommand, handler, {
    args: ["https://x.example"],
    options: { session: "main" },
  });
  assert.deepEqual(address.requests[0]?.params, { sessionKey: "main", url: "https://x.example" });
  const only = await run(canvas.snapshotCommand, handler, { options: { session: "main" } });
  assert.match(sentence(only.code), /only a node can; use --node/u);
  const push = await run(canvas.pushCommand, handler, { stdin: '{"a":1}\n', options: { dryRun: true } });
  assert.deepEqual(push.requests[1]?.params, { nodeId: PHONE.nodeId, jsonl: '{"a":1}\n', dryRun: true });
  assert.equal(push.stdout, 'Correct on "Phone"; surfaces: main\n');
});

Deno.test("eval prints the value without control characters, a snapshot is saved", async () => {
  const value = await run(canvas.evalCommand, answers({ ...list(PHONE), ...invoked({ result: "a\x1b[2Jb" }) }), {
    args: ["1"],
  });
  assert.equal(value.stdout, "a[2Jb\n");
  const shot = answers({ ...list(PHONE), ...invoked({ format: "png", base64: btoa("x") }) });
  const saved = await run(canvas.snapshotCommand, shot, { options: { format: "jpg", maxWidth: "10" } });
  assert.match(saved.stdout, /canvas\.png \(1 byte\)/u);
  assert.deepEqual(saved.requests[1]?.params["params"], { format: "jpeg", maxWidth: 10 });
});

Deno.test("location and notification", async () => {
  const place = { lat: 47.5, lon: 8.5, accuracyMeters: 12.4, timestamp: "2026-01-01T00:00:00Z", isPrecise: true };
  const where = await run(media.locationCommand, answers({ ...list(PHONE), ...invoked(place) }), {
    options: { accuracy: "precise" },
  });
  assert.match(where.stdout, /Position +47\.5, 8\.5\nAccuracy +12 m/u);
  assert.deepEqual(where.requests[1]?.params["params"], { desiredAccuracy: "precise", timeoutMs: 25_000 });
  const shown = await run(media.notifyCommand, answers({ ...list(PHONE), ...invoked({}) }), {
    args: ["It", "is", "done"],
  });
  assert.deepEqual(shown.requests[1]?.params["params"], { body: "It is done" });
});

Deno.test("qr draws the link, or says what to set", async () => {
  const link = {
    available: true,
    url: "https://host:18789/node#code=abc",
    expiresAtMs: Date.now() + 600_000,
    fingerprint: "AB:CD",
  };
  const drawn = await run(qrCommand, answers({ "node.link": link }));
  assert.match(drawn.stdout, /▄[\s\S]*https:\/\/host:18789\/node#code=abc\n[\s\S]*It ends in 10 min\.[\s\S]*AB:CD/u);
  const none = await run(qrCommand, answers({ "node.link": { available: false, reason: "Set gateway.tls.enabled" } }));
  assert.match(sentence(none.code), /failed: No link for a phone Set gateway\.tls\.enabled/u);
  const code = await run(
    codeCommand,
    answers({ "node.link": { available: true, code: "abc", expiresAtMs: link.expiresAtMs } }),
  );
  assert.equal(code.stdout, "abc\n");
  assert.deepEqual(code.requests[0]?.params, { codeOnly: true });
});
