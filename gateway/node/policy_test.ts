/** Tests of policy.ts: every platform against every command of the facts, and the order of reasons. */
import assert from "node:assert/strict";
import { isDangerous, judge, listed, needsAdmin, type PolicyFacts } from "./policy.ts";

const CANVAS = ["present", "hide", "navigate", "eval", "snapshot", "a2ui.push", "a2ui.pushJSONL", "a2ui.reset"]
  .map((name) => `canvas.${name}`);
const PERSONAL = [
  "contacts.search",
  "calendar.events",
  "reminders.list",
  "photos.latest",
  "motion.activity",
  "motion.pedometer",
];
const DEVICE = ["device.info", "device.status"];
const HOST = [
  "system.which",
  "system.run.prepare",
  "system.execApprovals.get",
  "system.execApprovals.set",
  "browser.proxy",
];
const DANGEROUS = [
  "camera.list",
  "camera.snap",
  "camera.clip",
  "screen.record",
  "sms.send",
  "system.run",
  "contacts.add",
  "calendar.add",
  "reminders.add",
];
const ALL = [...CANVAS, "location.get", ...DEVICE, ...PERSONAL, "system.notify", ...HOST, ...DANGEROUS];

/** What is on without a word of the owner (methods facts, 11.3). */
const ON: Readonly<Record<string, readonly string[]>> = {
  "ios 26.1": [...CANVAS, "location.get", ...DEVICE, ...PERSONAL, "system.notify"],
  "Android 16": [...CANVAS, "location.get", ...DEVICE, ...PERSONAL],
  "macos": [...CANVAS, "location.get", ...DEVICE, ...PERSONAL, "system.notify", ...HOST],
  "darwin": [...CANVAS, "location.get", ...DEVICE, ...PERSONAL, "system.notify", ...HOST],
  "linux": ["system.notify", ...HOST],
  "Windows 11": ["system.notify", ...HOST],
  "win32": ["system.notify", ...HOST],
  "web": [...CANVAS, "location.get", ...DEVICE, "system.notify"],
  "toaster": [...CANVAS, "location.get", "system.notify", ...HOST],
};

function facts(change: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    platform: "linux",
    declared: ALL,
    approved: undefined,
    allowedHere: [],
    lists: { allowCommands: [], denyCommands: [] },
    ...change,
  };
}

const reason = (command: string, change: Partial<PolicyFacts>): string => {
  const verdict = judge(command, facts(change));
  return verdict.ok ? "on" : verdict.reason;
};

Deno.test("each platform has the commands of its row on, and no others", () => {
  for (const [platform, on] of Object.entries(ON)) {
    const got = ALL.filter((command) => reason(command, { platform }) === "on");
    assert.deepEqual(got.sort(), [...on].sort(), platform);
  }
});

Deno.test("the device family decides when the platform says nothing known", () => {
  const families = { iPhone: "photos.latest", iPad: "photos.latest", Mac: "motion.activity" };
  for (const [deviceFamily, command] of Object.entries(families)) {
    assert.equal(reason(command, { platform: "xyz", deviceFamily }), "on", deviceFamily);
  }
  assert.equal(reason("canvas.present", { platform: "", deviceFamily: "Linux" }), "command not allowlisted");
});

Deno.test("a star and blanks in the list of what is off open nothing", () => {
  for (const name of ["*", " * ", " device.info", "device.* "]) {
    const lists = { allowCommands: [], denyCommands: [name] };
    assert.equal(reason("device.info", { platform: "ios", lists }), "command not allowlisted", name);
  }
});

Deno.test("dangerous commands go on by either list of the owner, on every platform, and stay off by the other", () => {
  for (const platform of Object.keys(ON)) {
    for (const command of DANGEROUS) {
      assert.ok(isDangerous(command), command);
      assert.equal(reason(command, { platform }), "command not allowlisted");
      const lists = { allowCommands: [command], denyCommands: [] };
      assert.equal(reason(command, { platform, lists }), "on", `${platform} ${command} by configuration`);
      assert.equal(reason(command, { platform, allowedHere: [command] }), "on", `${platform} ${command} on this node`);
      const both = { allowCommands: [command], denyCommands: [command] };
      assert.equal(reason(command, { platform, lists: both, allowedHere: [command] }), "command not allowlisted");
    }
  }
});

Deno.test("the reasons come in the order of the facts, and each sentence says what to do", () => {
  assert.equal(reason(" ", {}), "command required");
  assert.equal(reason("canvas.present", { declared: [] }), "command not allowlisted");
  assert.equal(reason("system.which", { declared: [] }), "node did not declare commands");
  assert.equal(reason("system.which", { declared: ["system.notify"] }), "command not declared by node");
  assert.equal(reason("system.which", { approved: [] }), "command not approved");
  assert.equal(reason("system.which", { approved: ["system.which"] }), "on");
  const camera = judge("camera.snap", facts());
  assert.ok(!camera.ok && camera.sentence.includes("gateway.nodes.allowCommands"));
  assert.ok(!camera.ok && camera.sentence.includes("openclaw nodes allow <node> camera.snap"));
  const typo = judge("camera.snp", facts({ declared: ["camera.snap"] }));
  assert.deepEqual([!typo.ok && typo.reason, !typo.ok && typo.sentence], [
    "command not allowlisted",
    'the node does not offer "camera.snp"',
  ]);
  const waiting = judge("system.which", facts({ approved: [] }));
  assert.ok(!waiting.ok && waiting.sentence.includes("openclaw nodes approve"));
});

Deno.test("a list names a command or a family, never a part of a name", () => {
  assert.ok(listed(["camera.*"], "camera.snap"));
  assert.ok(!listed(["camera.*"], "camera"));
  assert.ok(!listed(["camera"], "camera.snap"));
  assert.ok(!listed(["cam*"], "camera.snap"));
  assert.ok(!listed(["*"], "camera.snap"));
});

Deno.test("approving needs the administrator for what acts on a host, is dangerous, or is not known", () => {
  for (const command of [...HOST, ...DANGEROUS, "system.notify", "terminal.upload"]) {
    assert.ok(needsAdmin(command), command);
  }
  for (const command of [...CANVAS, ...PERSONAL, "location.get"]) assert.ok(!needsAdmin(command), command);
});
