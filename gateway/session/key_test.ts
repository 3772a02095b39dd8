import assert from "node:assert/strict";
import { fakeConfig } from "../../tests/helpers/services.ts";
import { GatewayError } from "../../schemas/error.ts";
import {
  agentIdOf,
  canonicalKey,
  channelKey,
  cronRunKey,
  directKey,
  groupKey,
  isCronRun,
  isMainKey,
  isSubagent,
  type KeyRules,
  kindOf,
  mainSessionKey,
  normalizeAgentId,
  resetTypeOf,
  subagentKey,
  threadKey,
  topicKey,
} from "./key.ts";

const rules: KeyRules = { defaultAgentId: "main", mainKey: "main", scope: "per-sender" };

Deno.test("canonicalKey() resolves every alias of the main session", () => {
  for (const key of ["main", "MAIN", " agent:main:main ", "Agent:Main:Main"]) {
    assert.equal(canonicalKey(key, rules), "agent:main:main");
  }
});

Deno.test("canonicalKey() maps main and the configured main key to the same session", () => {
  const renamed: KeyRules = { ...rules, mainKey: "Home", defaultAgentId: "work" };
  for (const key of ["main", "home", "agent:work:main", "agent:work:home"]) {
    assert.equal(canonicalKey(key, renamed), "agent:work:home");
  }
  assert.equal(canonicalKey("agent:other:main", renamed), "agent:other:home");
});

Deno.test("canonicalKey() puts bare keys under the default agent or the given one", () => {
  assert.equal(canonicalKey("Notes", rules), "agent:main:notes");
  assert.equal(canonicalKey("node-abc", rules), "agent:main:node-abc");
  assert.equal(canonicalKey("notes", rules, "Work"), "agent:work:notes");
  assert.equal(canonicalKey("agent:main:notes", rules, "work"), "agent:main:notes");
});

Deno.test("canonicalKey() keeps global and unknown, and makes main global in scope global", () => {
  assert.equal(canonicalKey("global", rules), "global");
  assert.equal(canonicalKey("unknown", rules), "unknown");
  assert.equal(canonicalKey("main", { ...rules, scope: "global" }), "global");
});

Deno.test("canonicalKey() reads :dm: as :direct: where the word can stand and nowhere else", () => {
  assert.equal(canonicalKey("agent:main:dm:anna", rules), "agent:main:direct:anna");
  assert.equal(canonicalKey("agent:main:telegram:dm:1", rules), "agent:main:telegram:direct:1");
  assert.equal(canonicalKey("agent:main:telegram:bot:dm:1", rules), "agent:main:telegram:bot:direct:1");
  assert.equal(canonicalKey("agent:main:irc:group:dm:x", rules), "agent:main:irc:group:dm:x");
  assert.equal(canonicalKey("agent:main:dm", rules), "agent:main:dm");
});

Deno.test("canonicalKey() refuses keys that name no session", () => {
  for (const key of ["", "  ", "agent:", "agent:main", "agent:main:", "agent::x", "a\u0000b", "x".repeat(600)]) {
    assert.throws(
      () => canonicalKey(key, rules),
      (error) => error instanceof GatewayError && error.code === "INVALID_REQUEST",
    );
  }
});

Deno.test("canonicalKey() is stable: a canonical key stays what it is", () => {
  for (const key of ["main", "x", "agent:a:b:c", "agent:main:telegram:dm:1", "global", "unknown", "agent:Ä b:x"]) {
    const once = canonicalKey(key, rules);
    assert.equal(canonicalKey(once, rules), once);
  }
});

Deno.test("normalizeAgentId() keeps valid ids and repairs others", () => {
  assert.equal(normalizeAgentId("Work_2"), "work_2");
  assert.equal(normalizeAgentId("My  Agent!"), "my-agent");
  assert.equal(normalizeAgentId("--x--"), "x");
  assert.equal(normalizeAgentId("ÄÖ"), "main");
  assert.equal(normalizeAgentId(""), "main");
  assert.equal(normalizeAgentId("a".repeat(80)).length, 64);
});

Deno.test("kindOf() tells groups from direct chats", () => {
  assert.equal(kindOf("agent:main:main"), "direct");
  assert.equal(kindOf("agent:main:telegram:group:1"), "group");
  assert.equal(kindOf("agent:main:slack:channel:c1"), "group");
  assert.equal(kindOf("agent:main:x", "group"), "group");
  assert.equal(kindOf("global"), "global");
  assert.equal(kindOf("unknown"), "unknown");
});

Deno.test("resetTypeOf() puts threads before groups before direct chats", () => {
  assert.equal(resetTypeOf("agent:main:slack:channel:c1:thread:9", "group"), "thread");
  assert.equal(resetTypeOf("agent:main:telegram:group:1:topic:2", "group"), "thread");
  assert.equal(resetTypeOf("agent:main:telegram:group:1", "group"), "group");
  assert.equal(resetTypeOf("agent:main:main", "direct"), "direct");
});

Deno.test("directKey() follows dmScope and identity links", () => {
  const from = { agentId: "main", channel: "Telegram", accountId: "Bot", peer: "123" };
  const config = fakeConfig();
  const under = (dmScope: typeof config.session.dmScope) =>
    directKey(from, {
      ...config,
      session: { ...config.session, dmScope, identityLinks: { Anna: ["Telegram:123", "signal:9"] } },
    });
  assert.equal(under("main"), "agent:main:main");
  assert.equal(under("per-peer"), "agent:main:direct:anna");
  assert.equal(under("per-channel-peer"), "agent:main:telegram:direct:anna");
  assert.equal(under("per-account-channel-peer"), "agent:main:telegram:bot:direct:anna");
  const unlinked = { ...config, session: { ...config.session, dmScope: "per-peer" as const } };
  assert.equal(directKey(from, unlinked), "agent:main:direct:123");
});

Deno.test("the other builders write the keys of the facts", () => {
  assert.equal(groupKey("main", "Telegram", "-100A"), "agent:main:telegram:group:-100a");
  assert.equal(topicKey(groupKey("main", "telegram", "1"), "7"), "agent:main:telegram:group:1:topic:7");
  assert.equal(threadKey(channelKey("main", "slack", "C1"), "T9"), "agent:main:slack:channel:c1:thread:t9");
  assert.ok(isSubagent(subagentKey("main", "u")));
  assert.ok(isCronRun(cronRunKey("main", "job", "sid")));
  assert.ok(!isCronRun("agent:main:cron:job"));
});

Deno.test("isMainKey() knows the main session of any agent", () => {
  assert.ok(isMainKey("agent:work:main", rules));
  assert.ok(!isMainKey("agent:work:x", rules));
  assert.ok(isMainKey("global", { ...rules, scope: "global" }));
  assert.equal(mainSessionKey("work", rules), "agent:work:main");
  assert.equal(agentIdOf("global", rules), "main");
});
