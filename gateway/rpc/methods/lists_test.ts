import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { callMethod, fakeConfig, fakeServices } from "../../../tests/helpers/services.ts";
import type { MethodDef } from "../define.ts";
import { agentsMethods } from "./agents.ts";
import { commandMethods } from "./commands.ts";
import { configMethods } from "./config.ts";
import { emptyMethods } from "./empty.ts";
import { modelMethods } from "./models.ts";

const ALL: readonly MethodDef[] = [
  ...agentsMethods,
  ...commandMethods,
  ...configMethods,
  ...emptyMethods,
  ...modelMethods,
];

Deno.test("agents.list shows the agents, the default one and where main is", async () => {
  const config = fakeConfig();
  const services = fakeServices({
    config: {
      ...config,
      agents: {
        ...config.agents,
        defaultId: "work",
        list: [
          ...config.agents.list,
          {
            id: "work",
            name: "Work",
            identity: { emoji: "🦀" },
            model: undefined,
            workspace: "/w",
            systemPrompt: "hidden",
          },
        ],
      },
    },
  });
  assert.deepEqual(await callMethod(ALL, "agents.list", {}, services), {
    defaultId: "work",
    mainKey: "main",
    scope: "per-sender",
    ownership: "sole",
    selectionRequired: false,
    agents: [
      { id: "main", kind: "agent" },
      { id: "work", kind: "agent", name: "Work", identity: { emoji: "🦀" }, workspace: "/w" },
    ],
  });
  const identity = (params: unknown) => callMethod(ALL, "agent.identity.get", params, services);
  assert.deepEqual(await identity({}), { agentId: "work", name: "Work", avatar: "🦀", emoji: "🦀" });
  assert.deepEqual(await identity({ sessionKey: "agent:main:x" }), { agentId: "main", name: "Assistant", avatar: "A" });
  await assert.rejects(identity({ agentId: "work", sessionKey: "agent:main:x" }), {
    message: 'invalid agent.identity.get params: agent "work" does not match session key agent "main"',
  });
  services.db.close();
});

Deno.test("models.list shows what sessions can choose from", async () => {
  const services = fakeServices();
  const { models } = await callMethod(ALL, "models.list", {}, services);
  assert.deepEqual(models, [
    { id: "small", name: "small", provider: "fake", contextWindow: 128_000, reasoning: false, input: ["text"] },
    {
      id: "thinker",
      name: "thinker",
      provider: "fake",
      contextWindow: 200_000,
      reasoning: true,
      input: ["text", "image"],
    },
  ]);
  services.db.close();
});

Deno.test("commands.list shows the slash commands, with arguments unless they are not wanted", async () => {
  const services = fakeServices();
  const list = async (params: unknown) => {
    const { commands } = await callMethod(ALL, "commands.list", params, services);
    assert.ok(Array.isArray(commands));
    return commands;
  };
  const all = await list({});
  for (const name of ["new", "reset", "stop", "status", "model", "think", "help", "queue"]) {
    const command = all.find((item) => item.name === name);
    assert.ok(command?.textAliases.includes(`/${name}`), name);
  }
  assert.ok(all.find(({ name }) => name === "think").args[0].choices.length > 0);
  const text = await list({ agentId: "main", scope: "text", includeArgs: false });
  assert.equal(text.length, all.length);
  assert.ok(text.every((command) => !("args" in command)));
  assert.deepEqual(await list({ scope: "native" }), []);
  services.db.close();
});

Deno.test("config.get shows the file without secrets and with the hash of its text", async () => {
  const raw = '{ gateway: { auth: { token: "hunter2-secret" } } } // hunter2-comment';
  const services = fakeServices({
    config: { ...fakeConfig(), exists: true, raw, parsed: { gateway: { auth: { token: "hunter2-secret" } } } },
  });
  const result = await callMethod(ALL, "config.get", {}, services);
  assert.ok(!JSON.stringify(result).includes("hunter2"));
  assert.equal(result["hash"], createHash("sha256").update(raw).digest("hex"));
  assert.deepEqual([result["exists"], result["valid"], result["path"]], [true, true, "/state/openclaw.json"]);
  assert.deepEqual(result["config"], result["parsed"]);
  services.db.close();
});

Deno.test("config.get of a file that cannot be parsed omits its text, and of no file says so", async () => {
  const issues = [{ path: "", message: "Cannot read the configuration: it is no JSON5" }];
  const broken = fakeServices({
    config: { ...fakeConfig(), exists: true, raw: "{ token: hunter2", parsed: undefined, issues },
  });
  const result = await callMethod(ALL, "config.get", {}, broken);
  assert.deepEqual([result["raw"], result["valid"], result["config"], result["issues"]], [null, false, {}, issues]);
  assert.ok(!JSON.stringify(result).includes("hunter2"));
  broken.db.close();
  const none = fakeServices();
  const nothing = await callMethod(ALL, "config.get", {}, none);
  assert.deepEqual([nothing["exists"], nothing["raw"], nothing["valid"]], [false, null, true]);
  assert.ok(!("hash" in nothing));
  none.db.close();
});

Deno.test("config.schema is JSON Schema with hints", async () => {
  const services = fakeServices();
  const { schema, uiHints, version, generatedAt } = await callMethod(ALL, "config.schema", {}, services);
  assert.ok(schema !== null && typeof schema === "object" && "properties" in schema);
  assert.ok(uiHints !== null && typeof uiHints === "object" && "gateway.auth.token" in uiHints);
  assert.equal(version, "0.0.0-test");
  assert.equal(generatedAt, new Date(services.clock.now()).toISOString());
  services.db.close();
});

Deno.test("the methods for what is not there answer in the recorded shapes", async () => {
  const services = fakeServices();
  const answers: Record<string, unknown> = {
    "question.list": { questions: [] },
    "plugin.approval.list": { value: [] },
    "taskSuggestions.list": { suggestions: [] },
    "sessions.groups.list": { groups: [], sectionOrder: [] },
    "tools.catalog": {
      agentId: "main",
      profiles: [],
      groups: [{
        id: "core",
        label: "Built in",
        source: "core",
        tools: [{ id: "time", label: "time", description: "The time", source: "core", defaultProfiles: [] }],
      }],
    },
    "gateway.identity.get": { ...services.identity },
    "update.status": { sentinel: null, updateAvailable: null, effectiveChannel: "stable" },
    "cron.list": { jobs: [] },
    "cron.status": { enabled: false, storePath: "/state", jobs: 0, nextWakeAtMs: null },
    "skills.status": { workspaceDir: "/state/workspace", managedSkillsDir: "/state/skills", skills: [] },
  };
  for (const [name, answer] of Object.entries(answers)) {
    assert.deepEqual(await callMethod(ALL, name, {}, services), answer, name);
  }
  await assert.rejects(callMethod(ALL, "skills.status", { agentId: "Nobody" }, services), {
    message: 'unknown agent id "Nobody"',
  });
  await assert.rejects(callMethod(ALL, "users.self", {}, services), { name: "GatewayError", code: "FORBIDDEN" });
  services.db.close();
});

Deno.test("every method here only reads, within ten seconds, under the lower scope of both generations", () => {
  const reading = ALL.filter(({ name }) => !/^config\.(?:plan|patch)$/u.test(name));
  for (const { idempotency, deadlineMs } of reading) assert.deepEqual([idempotency, deadlineMs], ["none", 10_000]);
  const others = reading.filter(({ access }) => access !== "operator.read").map(({ name, access }) => [name, access]);
  assert.deepEqual(others, [
    ["question.list", "operator.questions"],
    ["plugin.approval.list", "operator.approvals"],
    ["skills.bins", "node"],
    ["update.status", "operator.admin"],
  ]);
});
