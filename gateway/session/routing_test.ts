/** Tests of bindings and session keys. */
import assert from "node:assert/strict";
import { fakeConfig } from "../../tests/helpers/services.ts";
import type { Chat, Sender } from "../../schemas/worker/content.ts";
import type { Binding, Config } from "../config/types.ts";
import { routeMessage } from "./routing.ts";
import { sendAllowed } from "./send_policy.ts";
import { activationAnswer, parseActivation } from "./activation.ts";

const agent = (id: string) => ({
  id,
  name: undefined,
  identity: {},
  model: undefined,
  workspace: undefined,
  systemPrompt: undefined,
});
const ADA: Sender = { id: "Ada" };

function route(
  chat: Partial<Chat>,
  options: { bindings?: Binding[]; session?: Partial<Config["session"]>; accountId?: string; sender?: Sender } = {},
) {
  const base = fakeConfig();
  const config = fakeConfig({
    agents: { ...base.agents, list: ["main", "work", "home"].map(agent) },
    bindings: options.bindings ?? [],
    session: { ...base.session, ...options.session },
  });
  const { accountId = "default", sender = ADA } = options;
  return routeMessage(
    { channel: "chan", accountId, defaultAccountId: "default", chat: { id: "C1", kind: "direct", ...chat }, sender },
    config,
  );
}
const key = (...args: Parameters<typeof route>) => route(...args).sessionKey;

Deno.test("keys follow the kind of chat, its threads and topics", () => {
  assert.equal(key({}), "agent:main:main");
  assert.equal(key({ threadId: "5" }), "agent:main:main:thread:5");
  assert.equal(key({ kind: "group" }), "agent:main:chan:group:c1");
  assert.equal(key({ kind: "group", threadId: "7" }), "agent:main:chan:group:c1:topic:7");
  assert.equal(key({ kind: "channel" }), "agent:main:chan:channel:c1");
  assert.equal(key({ kind: "channel", threadId: "T.1" }), "agent:main:chan:channel:c1:thread:t.1");
  assert.equal(key({ kind: "channel", id: "T9", parentId: "C1" }), "agent:main:chan:channel:c1:thread:t9");
  assert.equal(key({ kind: "group" }, { session: { scope: "global" } }), "global");
});

Deno.test("direct chats follow dmScope and identity links", () => {
  const session = (dmScope: Config["session"]["dmScope"]) => ({ session: { dmScope } });
  assert.equal(key({}, session("per-peer")), "agent:main:direct:ada");
  assert.equal(key({}, session("per-channel-peer")), "agent:main:chan:direct:ada");
  assert.equal(key({}, session("per-account-channel-peer")), "agent:main:chan:default:direct:ada");
  const linked = { session: { dmScope: "per-peer" as const, identityLinks: { boss: ["chan:ADA"] } } };
  assert.equal(key({}, linked), "agent:main:direct:boss");
  const self = { ...session("per-peer"), sender: { id: "me", isSelf: true } };
  assert.equal(key({}, self), "agent:main:direct:c1", "what one writes to somebody belongs to that chat");
});

Deno.test("the narrowest binding wins, whatever the order; within a level the first", () => {
  const of = (agentId: string, match: Partial<Binding["match"]>): Binding => ({
    agentId,
    match: { channel: "chan", ...match },
  });
  const channel = of("work", { accountId: "*" });
  const account = of("home", {});
  const guild = of("work", { guildId: "g" });
  const team = of("home", { teamId: "t" });
  const parent = of("work", { peer: { kind: "channel", id: "p" } });
  const peer = of("home", { peer: { kind: "channel", id: "c1" } });
  const all = [channel, account, team, guild, parent, peer];
  const there = { kind: "channel" as const, guildId: "g", teamId: "t", parentId: "P" };
  const by = (bindings: Binding[], chat: Partial<Chat> = there, accountId = "default") => {
    const { matchedBy, agentId } = route(chat, { bindings, accountId });
    return `${matchedBy} ${agentId}`;
  };
  assert.equal(by(all), "binding.peer home");
  assert.equal(by(all.slice(0, 5)), "binding.peer.parent work");
  assert.equal(by(all.slice(0, 4)), "binding.guild work");
  assert.equal(by(all.slice(0, 3)), "binding.team home");
  assert.equal(by(all.slice(0, 2)), "binding.account home");
  assert.equal(by(all.slice(0, 1)), "binding.channel work");
  assert.equal(by([]), "default main");
  assert.equal(by([account], there, "second"), "default main", "without an account only the default one is meant");
  assert.equal(by([of("nobody", { accountId: "*" })]), "binding.channel main", "an agent that does not exist");
  assert.equal(by([of("work", { channel: "other", accountId: "*" })]), "default main");
  assert.equal(by([of("work", { peer: { kind: "direct", id: "ADA" } })], {}), "binding.peer work", "by its sender");
  assert.equal(by([of("home", { accountId: "*" }), channel]), "binding.channel home");
});

Deno.test("send policy: the session's own word, then a denial, then a permission, then the default", () => {
  const place = { channel: "chan", sessionKey: "agent:main:chan:group:c1" };
  const deny = { action: "deny" as const, match: { chatType: "group" } };
  const allow = { action: "allow" as const, match: { keyPrefix: "chan:group:" } };
  const ask = (policy: Config["session"]["sendPolicy"], entry = {}) => sendAllowed(policy, place, "group", entry);
  assert.equal(ask({ default: "allow", rules: [] }), true);
  assert.equal(ask({ default: "deny", rules: [] }), false);
  assert.equal(ask({ default: "deny", rules: [allow] }), true);
  assert.equal(ask({ default: "allow", rules: [allow, deny] }), false);
  assert.equal(ask({ default: "allow", rules: [deny] }, { sendPolicy: "allow" }), true);
  assert.equal(ask({ default: "allow", rules: [] }, { sendPolicy: "deny" }), false);
  assert.equal(ask({ default: "allow", rules: [{ action: "deny", match: { channel: "other" } }] }), true);
});

Deno.test("/activation is read with and without a word", () => {
  assert.deepEqual(parseActivation("/activation always"), { wanted: "always" });
  assert.deepEqual(parseActivation(" /Activation@bot MENTION "), { wanted: "mention" });
  assert.deepEqual(parseActivation("/activation"), { wanted: undefined });
  assert.deepEqual(parseActivation("/activation sometimes"), { wanted: "unknown" });
  assert.equal(parseActivation("/activationx"), undefined);
  assert.equal(parseActivation("see /activation"), undefined);
  assert.match(activationAnswer(undefined, undefined), /as configured/u);
  assert.match(activationAnswer("unknown", "always"), /no such activation/u);
});
