/** Tests of the access decision: every policy against strangers, known senders, oneself and bots, alone and in groups. */
import assert from "node:assert/strict";
import type { Inbound, InboundMessage } from "../../schemas/worker/content.ts";
import { createFakeManifest } from "../../workers/fake/manifest.ts";
import { type AccessDecision, type AccessInput, decideAccess } from "./access.ts";
import { parseCommand } from "./commands.ts";
import { compilePatterns } from "./mention.ts";

const ADA = { id: "ada", name: "Ada" };
const EVE = { id: "eve", name: "Eve" };
const BOT = { id: "ada", isBot: true };
const DIRECT = { id: "c1", kind: "direct" as const };
const GROUP = { id: "g1", kind: "group" as const };

const message = (change: Partial<InboundMessage> = {}): InboundMessage => ({
  kind: "message",
  dedupeKey: "k",
  messageId: "m",
  chat: DIRECT,
  sender: ADA,
  timestamp: 1,
  text: "hello",
  media: [],
  ...change,
});
const said = (change: Partial<InboundMessage> = {}) => message({ chat: GROUP, mentioned: false, ...change });

function decide(
  config: Record<string, unknown>,
  event: Inbound,
  change: Partial<AccessInput> = {},
): AccessDecision {
  return decideAccess({
    manifest: createFakeManifest(),
    config,
    event,
    approved: [],
    activation: undefined,
    patterns: [],
    isCommand: (text) => parseCommand(text, ["/new", "/reset"]) !== undefined,
    useAccessGroups: true,
    ...change,
  });
}

/** `allow`, or `refuse dm_disabled`. */
const brief = (decision: AccessDecision): string =>
  decision.decision === "allow" ? "allow" : `${decision.decision} ${decision.reason}`;

type Row = readonly [policy: string | undefined, stranger: string, listed: string, approved: string, bot: string];
const DM: readonly Row[] = [
  [undefined, "pairing pairing_required", "allow", "allow", "ignore bot"],
  ["pairing", "pairing pairing_required", "allow", "allow", "ignore bot"],
  ["nonsense", "pairing pairing_required", "allow", "allow", "ignore bot"],
  ["allowlist", "refuse dm_not_allowed", "allow", "allow", "ignore bot"],
  ["open", "refuse dm_open_without_star", "allow", "allow", "ignore bot"],
  ["disabled", "refuse dm_disabled", "refuse dm_disabled", "refuse dm_disabled", "ignore bot"],
];

Deno.test("direct messages: every policy for strangers, listed, approved and bots", () => {
  for (const [dmPolicy, stranger, listed, approved, bot] of DM) {
    const config = { ...(dmPolicy === undefined ? {} : { dmPolicy }), allowFrom: ["ada"] };
    assert.equal(brief(decide(config, message({ sender: EVE }))), stranger, `${dmPolicy} stranger`);
    assert.equal(brief(decide(config, message())), listed, `${dmPolicy} listed`);
    assert.equal(
      brief(decide(config, message({ sender: EVE }), { approved: ["eve"] })),
      approved,
      `${dmPolicy} approved`,
    );
    assert.equal(brief(decide(config, message({ sender: BOT }))), bot, `${dmPolicy} bot`);
  }
  assert.equal(brief(decide({ dmPolicy: "open", allowFrom: ["*"] }, message({ sender: EVE }))), "allow");
  assert.equal(brief(decide({ allowFrom: ["ada"], allowBots: true }, message({ sender: BOT }))), "allow");
  assert.equal(brief(decide({ dm: { policy: "allowlist", allowFrom: ["ada"] } }, message())), "allow");
  assert.equal(brief(decide({ dm: { enabled: false }, allowFrom: ["ada"] }, message())), "refuse dm_disabled");
});

Deno.test("only a message asks to be let in, and an empty one is nothing", () => {
  const base = { dedupeKey: "k", chat: DIRECT, sender: EVE, timestamp: 1, messageId: "m" };
  assert.equal(
    brief(decide({}, { ...base, kind: "reaction", emoji: "x", added: true })),
    "refuse pairing_required",
  );
  assert.equal(brief(decide({}, { ...base, kind: "button", data: "/new" })), "refuse pairing_required");
  assert.equal(brief(decide({}, message({ sender: EVE, text: " " }))), "ignore empty");
});

Deno.test("own messages are ignored, but the chat with oneself on a personal account", () => {
  const personal = { manifest: createFakeManifest({ personal: true }) };
  const self = { id: "+15550100", isSelf: true };
  const toMyself = message({ sender: self, chat: { id: "+15550100", kind: "direct" } });
  const toFriend = message({ sender: self });
  assert.equal(brief(decide({ allowFrom: ["*"] }, toFriend, personal)), "ignore own_message");
  assert.equal(brief(decide({ allowFrom: ["*"] }, toMyself)), "ignore own_message", "a bot has no such chat");
  assert.equal(brief(decide({}, toMyself, personal)), "allow", "no list: the own number");
  assert.equal(brief(decide({ allowFrom: ["+1 (555) 0100"] }, toMyself, personal)), "allow");
  assert.equal(brief(decide({ allowFrom: ["+15550999"] }, toMyself, personal)), "ignore own_message");
  assert.equal(brief(decide({ allowFrom: ["+15550999"], selfChatMode: true }, toMyself, personal)), "allow");
  assert.equal(brief(decide({ selfChatMode: false }, toMyself, personal)), "ignore own_message");
  assert.equal(brief(decide({}, said({ sender: self, mentioned: true }), personal)), "ignore own_message");
});

type Case = readonly [what: string, config: Record<string, unknown>, sender: typeof ADA, result: string];
const MENTIONED: readonly Case[] = [
  ["default policy, nobody listed", {}, EVE, "refuse sender_not_allowed"],
  ["allow list of the account", { allowFrom: ["ada"] }, ADA, "allow"],
  ["stranger beside it", { allowFrom: ["ada"] }, EVE, "refuse sender_not_allowed"],
  [
    "group list wins over the account's",
    { allowFrom: ["ada"], groupAllowFrom: ["eve"] },
    ADA,
    "refuse sender_not_allowed",
  ],
  ["group list", { groupAllowFrom: ["eve"] }, EVE, "allow"],
  ["wildcard", { groupAllowFrom: ["*"] }, EVE, "allow"],
  ["open", { groupPolicy: "open" }, EVE, "allow"],
  ["disabled", { groupPolicy: "disabled", groupAllowFrom: ["*"] }, EVE, "refuse groups_disabled"],
  ["another group listed", { groups: { g2: {} }, groupAllowFrom: ["*"] }, EVE, "refuse group_not_listed"],
  ["another group listed, open", { groups: { g2: {} }, groupPolicy: "open" }, EVE, "refuse group_not_listed"],
  ["all groups", { groups: { "*": {} }, groupAllowFrom: ["*"] }, EVE, "allow"],
  ["a listed group lets nobody in by itself", { groups: { g1: {} } }, EVE, "refuse sender_not_allowed"],
  ["a list of its own", { groups: { g1: { allowFrom: ["eve"] } }, groupAllowFrom: ["ada"] }, EVE, "allow"],
  [
    "a list of its own, not on it",
    { groups: { g1: { allowFrom: ["ada"] } }, groupPolicy: "open" },
    EVE,
    "refuse sender_not_allowed",
  ],
  ["switched off", { groups: { g1: { enabled: false }, "*": {} }, groupPolicy: "open" }, EVE, "refuse group_off"],
];

Deno.test("groups: policies, group lists and sender lists for an addressed message", () => {
  for (const [what, config, sender, result] of MENTIONED) {
    assert.equal(brief(decide(config, said({ mentioned: true, sender }))), result, what);
  }
  assert.equal(brief(decide({ groupAllowFrom: ["*"] }, said({ mentioned: true, sender: BOT }))), "ignore bot");
  const approved = { approved: ["eve"] };
  assert.equal(brief(decide({}, said({ mentioned: true, sender: EVE }), approved)), "allow", "approved by the owner");
});

Deno.test("rooms and guilds: who is named there is in, unlisted rooms are out", () => {
  const room = { id: "r1", kind: "channel" as const, guildId: "h1", title: "general" };
  const there = (change: Partial<InboundMessage> = {}) =>
    message({ chat: room, mentioned: true, sender: EVE, ...change });
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ guilds: { h1: {} } }, "allow"],
    [{ guilds: { h2: {} } }, "refuse group_not_listed"],
    [{ guilds: { "*": {} } }, "refuse sender_not_allowed"],
    [{ guilds: { h1: { users: ["ada"] } } }, "refuse sender_not_allowed"],
    [{ guilds: { h1: { channels: { general: {} } } } }, "allow"],
    [{ guilds: { h1: { channels: { other: {} } } } }, "refuse group_off"],
    [{ guilds: { h1: { channels: { r1: { allow: false } } } } }, "refuse group_off"],
    [{ channels: { "#general": { users: ["eve"] } } }, "allow"],
    [{ channels: { r1: {} } }, "allow"],
    [{ channels: { r2: {} }, groupPolicy: "open" }, "allow"],
  ];
  for (const [config, result] of cases) {
    assert.equal(brief(decide(config, there())), result, JSON.stringify(config));
  }
  const open = { guilds: { h1: { channels: { r1: { requireMention: false } } } } };
  assert.equal(brief(decide(open, there({ mentioned: false }))), "allow");
  const thread = { id: "t9", kind: "channel" as const, guildId: "h1", parentId: "r1" };
  assert.equal(brief(decide(open, there({ chat: thread, mentioned: false }))), "allow", "a thread inherits");
});

Deno.test("groups of direct messages follow their own switch", () => {
  const group = said({ sender: EVE, mentioned: true });
  assert.equal(brief(decide({ dm: { groupEnabled: false }, groupPolicy: "open" }, group)), "refuse group_dm_off");
  assert.equal(
    brief(decide({ dm: { groupEnabled: true }, channels: { r1: {} }, groupPolicy: "open" }, group)),
    "allow",
  );
  const named = { dm: { groupEnabled: true, groupChannels: ["g7"] }, groupPolicy: "open" };
  assert.equal(brief(decide(named, group)), "refuse group_dm_off");
});

Deno.test("mention gate: native, patterns, replies, activation, configuration", () => {
  const config = { groupAllowFrom: ["*"] };
  const patterns = compilePatterns(["\\bhal\\b"]).patterns;
  assert.equal(brief(decide(config, said())), "history not_mentioned");
  assert.equal(brief(decide(config, said({ mentioned: true }))), "allow");
  assert.equal(brief(decide(config, said({ text: "HAL, open the doors" }), { patterns })), "allow");
  assert.equal(brief(decide(config, said({ text: "what a halo" }), { patterns })), "history not_mentioned");
  assert.equal(brief(decide(config, said({ replyTo: { messageId: "x", fromSelf: true } }))), "allow");
  assert.equal(brief(decide(config, said({ replyTo: { messageId: "x" } }))), "history not_mentioned");
  assert.equal(brief(decide(config, said({ text: "/ask x", nativeCommand: true }))), "allow");
  assert.equal(brief(decide(config, said(), { activation: "always" })), "allow");
  const relaxed = { ...config, groups: { g1: { requireMention: false } } };
  assert.equal(brief(decide(relaxed, said())), "allow");
  assert.equal(brief(decide(relaxed, said(), { activation: "mention" })), "history not_mentioned");
  assert.equal(brief(decide({ ...config, groups: { "*": { requireMention: false } } }, said())), "allow");
  const topics = { ...config, groups: { g1: { requireMention: false, topics: { "7": { requireMention: true } } } } };
  assert.equal(brief(decide(topics, said({ chat: { ...GROUP, threadId: "7" } }))), "history not_mentioned");
});

Deno.test("a platform that cannot tell mentions is not gated without patterns", () => {
  const blind = { manifest: createFakeManifest({ capabilities: { detectsMentions: false } }) };
  const event = message({ chat: GROUP });
  const config = { groupAllowFrom: ["*"] };
  assert.equal(brief(decide(config, event, blind)), "allow");
  const patterns = compilePatterns(["hal"]).patterns;
  assert.equal(brief(decide(config, event, { ...blind, patterns })), "history not_mentioned");
});

Deno.test("command gate: who may give commands, and that a command needs no mention", () => {
  const command = (change: Partial<InboundMessage> = {}) => said({ text: "/status", ...change });
  const config = { groupPolicy: "open", allowFrom: ["ada"] };
  assert.equal(brief(decide(config, command())), "allow");
  assert.equal(brief(decide(config, command({ mentionsOthers: true }))), "history not_mentioned");
  assert.equal(brief(decide(config, command({ sender: EVE }))), "ignore command_not_authorized");
  assert.equal(brief(decide(config, command({ sender: EVE, mentioned: true }))), "ignore command_not_authorized");
  assert.equal(brief(decide(config, command({ sender: EVE }), { useAccessGroups: false })), "allow");
  assert.equal(brief(decide(config, command({ sender: EVE }), { approved: ["eve"] })), "allow");
  assert.equal(
    brief(decide({ guilds: { h1: {} } }, command({ chat: { ...GROUP, guildId: "h1" } }))),
    "ignore command_not_authorized",
    "being in a guild gives no commands",
  );
});

Deno.test("owner: named in ownerAllowFrom or allowFrom, or oneself; never by wildcard or pairing", () => {
  const owner = (config: Record<string, unknown>, change: Partial<AccessInput> = {}, event = message()) => {
    const decision = decide(config, event, change);
    assert.equal(decision.decision, "allow");
    return decision.decision === "allow" && [decision.isOwner, decision.mayConfigure];
  };
  assert.deepEqual(owner({ allowFrom: ["ada"] }), [true, true]);
  assert.deepEqual(owner({ allowFrom: ["*"] }), [false, true], "nobody is named: who may command may configure");
  assert.deepEqual(owner({}, { approved: ["ada"] }), [false, true]);
  assert.deepEqual(owner({ allowFrom: ["bob"] }, { approved: ["ada"] }), [false, false]);
  assert.deepEqual(owner({ allowFrom: ["ada"] }, { ownerAllowFrom: ["bob"] }), [false, false]);
  const personal = { manifest: createFakeManifest({ personal: true }) };
  const toMyself = message({ sender: { id: "me", isSelf: true }, chat: { id: "me", kind: "direct" } });
  assert.deepEqual(owner({}, personal, toMyself), [true, true]);
});

Deno.test("reactions: own by default, all, allowlist or off", () => {
  const reaction = (onOwnMessage: boolean): Inbound => ({
    kind: "reaction",
    dedupeKey: "k",
    chat: DIRECT,
    sender: ADA,
    timestamp: 1,
    messageId: "m",
    emoji: "x",
    added: true,
    onOwnMessage,
  });
  const base = { allowFrom: ["ada"] };
  assert.equal(brief(decide(base, reaction(true))), "allow");
  assert.equal(brief(decide(base, reaction(false))), "ignore reactions_off");
  assert.equal(brief(decide({ ...base, reactionNotifications: "all" }, reaction(false))), "allow");
  assert.equal(brief(decide({ ...base, reactionNotifications: "off" }, reaction(true))), "ignore reactions_off");
  const listed = { ...base, reactionNotifications: "allowlist", reactionAllowlist: ["ada"] };
  assert.equal(brief(decide(listed, reaction(false))), "allow");
});
