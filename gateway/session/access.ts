/**
 * Who may talk to the agent, and when it listens: one pure decision over one event (sessions facts, section 9). The order
 * is the protocol's: policy, allow lists, command gate, mention gate. Whatever is not allowed has a reason code.
 */
import type { Inbound, InboundMessage } from "../../schemas/worker/content.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import { allowsBots, directRules, groupDmRule, type GroupRules, groupRules } from "./access_rules.ts";
import type { Activation } from "./activation.ts";
import { matchesAny } from "./mention.ts";
import { hasWildcard, names, sameId } from "./sender_match.ts";

/** Every reason for which a message is not answered, and what it means to a person. */
export const REASONS = {
  own_message: "the account itself wrote it",
  echo: "it is an answer of ours that came back",
  bot: "another bot wrote it and allowBots is off",
  dm_disabled: "direct messages are switched off",
  dm_not_allowed: "the sender is not in allowFrom",
  dm_open_without_star: 'dmPolicy is open, and allowFrom does not hold "*"',
  pairing_required: "the sender is not approved yet",
  pairing_full: "too many senders wait for approval already",
  groups_disabled: "groups are switched off",
  group_not_listed: "this group is not in the configuration",
  group_off: "this group is switched off",
  group_dm_off: "groups of direct messages are switched off",
  sender_not_allowed: "the sender may not use the agent in this group",
  command_not_authorized: "the sender may not use commands",
  not_mentioned: "the agent was not addressed; kept as context",
  history_off: "the agent was not addressed and no context is kept",
  reactions_off: "reactions are not wanted here",
  foreign_button: "the button is not ours",
  not_owner: "only the owner decides about commands",
  send_policy: "the send policy of the session denies answers",
  empty: "there is neither text nor an attachment",
  replaced: "a later edit replaced it",
  channel_gone: "the account is not configured any more",
  queue_full: "too many messages wait in its session already",
  not_accepted: "the run could not be accepted",
  no_session: "there is no session that the note is for",
} as const;
export type Reason = keyof typeof REASONS;

export interface AccessInput {
  readonly manifest: Pick<ChannelManifest, "id" | "personal" | "capabilities">;
  /** The account's merged configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly event: Inbound;
  /** Senders that the owner approved. */
  readonly approved: readonly string[];
  /** `/activation` of the session. */
  readonly activation: Activation | undefined;
  /** Mention patterns of the agent. */
  readonly patterns: readonly RegExp[];
  /** Whether a text is a control command. */
  isCommand(text: string): boolean;
  readonly useAccessGroups: boolean;
  /** `commands.ownerAllowFrom`; empty: the senders named in allowFrom. */
  readonly ownerAllowFrom?: readonly string[];
}

/** What it takes to tell an owner. */
export type OwnerInput = Pick<AccessInput, "manifest" | "config" | "ownerAllowFrom"> & {
  readonly event: Pick<Inbound, "sender">;
};

export interface Allowed {
  readonly decision: "allow";
  readonly isCommand: boolean;
  /** False: a control command is only text. */
  readonly commandAuthorized: boolean;
  readonly wasMentioned: boolean;
  readonly isOwner: boolean;
  /** May change how the session behaves: the owner; where none is written down, whoever may use commands. */
  readonly mayConfigure: boolean;
}

export type AccessDecision =
  | Allowed
  /** Kept as context of the group. */
  | { readonly decision: "history"; readonly reason: Reason }
  /** Nothing about it is anybody's business: echoes, bots, empty messages. */
  | { readonly decision: "ignore"; readonly reason: Reason }
  /** The sender is turned away. */
  | { readonly decision: "refuse"; readonly reason: Reason }
  /** The sender may ask to be let in. */
  | { readonly decision: "pairing"; readonly reason: Reason };

export function decideAccess(input: AccessInput): AccessDecision {
  const { event, config } = input;
  const own = ownMessage(input);
  if (own) return own;
  if (event.sender.isBot === true && !botsAllowed(input)) return { decision: "ignore", reason: "bot" };
  if (event.kind === "message" && event.text.trim() === "" && event.media.length === 0) {
    return { decision: "ignore", reason: "empty" };
  }
  const stopped = event.chat.kind === "direct" ? directStop(input) : groupStop(input);
  if (stopped) return stopped;
  if (event.kind === "reaction") return reactionDecision(input);
  if (event.kind !== "message") return allowed(input, { isCommand: isCommandEvent(input), wasMentioned: true });
  return event.chat.kind === "direct"
    ? allowed(input, { isCommand: input.isCommand(event.text), wasMentioned: true })
    : gates(input, event, groupRules(config, event.chat));
}

/** Whether this sender is the owner: named by the owner, or the account's own person. Paired senders are guests. */
export function isOwner(input: OwnerInput): boolean {
  const { manifest, event } = input;
  if (manifest.personal && event.sender.isSelf === true) return true;
  return names(ownersOf(input), event.sender, manifest.id);
}

/** Who is named as the owner over this account. */
export const ownersOf = (
  { config, ownerAllowFrom = [] }: Pick<OwnerInput, "config" | "ownerAllowFrom">,
): readonly string[] =>
  ownerAllowFrom.length > 0 ? ownerAllowFrom : directRules(config).allowFrom.filter((entry) => entry !== "*");

/** Own messages are ignored, but for the chat with oneself on a personal account. */
function ownMessage({ manifest, config, event }: AccessInput): AccessDecision | undefined {
  if (event.sender.isSelf !== true) return undefined;
  if (!manifest.personal || !isSelfChat(event)) return { decision: "ignore", reason: "own_message" };
  const { policy, allowFrom } = directRules(config);
  if (policy === "disabled") return { decision: "refuse", reason: "dm_disabled" };
  const wanted = config["selfChatMode"] === true || allowFrom.length === 0 || hasWildcard(allowFrom) ||
    names(allowFrom, event.sender, manifest.id);
  return wanted && config["selfChatMode"] !== false ? undefined : { decision: "ignore", reason: "own_message" };
}

/** The chat of the account with itself. */
export const isSelfChat = ({ chat, sender }: Pick<Inbound, "chat" | "sender">): boolean =>
  sender.isSelf === true && chat.kind === "direct" &&
  [sender.id, ...sender.aliases ?? []].some((id) => sameId(id, chat.id));

const botsAllowed = ({ config, event }: AccessInput): boolean =>
  event.chat.kind === "direct" ? allowsBots(config) : groupRules(config, event.chat).allowBots;

function directStop({ manifest, config, event, approved }: AccessInput): AccessDecision | undefined {
  const { policy, allowFrom } = directRules(config);
  if (event.sender.isSelf === true) return undefined;
  if (policy === "disabled") return { decision: "refuse", reason: "dm_disabled" };
  const list = [...allowFrom, ...approved];
  if (hasWildcard(allowFrom) || names(list, event.sender, manifest.id)) return undefined;
  if (policy === "open") return { decision: "refuse", reason: "dm_open_without_star" };
  if (policy === "allowlist") return { decision: "refuse", reason: "dm_not_allowed" };
  // Only who says something asks to be let in: a reaction or a note is no request.
  return event.kind === "message"
    ? { decision: "pairing", reason: "pairing_required" }
    : { decision: "refuse", reason: "pairing_required" };
}

function groupStop(input: AccessInput): AccessDecision | undefined {
  const { config, event } = input;
  const refuse = (reason: Reason): AccessDecision => ({ decision: "refuse", reason });
  const groupDm = groupDmRule(config, event.chat);
  if (groupDm === "off") return refuse("group_dm_off");
  const rules = groupRules(config, event.chat);
  if (rules.policy === "disabled") return refuse("groups_disabled");
  if (rules.off) return refuse("group_off");
  if (groupDm === "none" && rules.hasList && rules.listed === "no" && mustBeListed(rules, config)) {
    return refuse("group_not_listed");
  }
  return maySpeak(input, rules) ? undefined : refuse("sender_not_allowed");
}

/** Keys of `groups` are an allow list under every policy; guilds and rooms only under `allowlist`. */
const mustBeListed = (rules: GroupRules, config: Readonly<Record<string, unknown>>): boolean =>
  rules.policy === "allowlist" || config["groups"] !== undefined;

/**
 * The place's own list, else `groupAllowFrom`, else the account's allow list. Nobody is let in by an empty list, but by a
 * room or guild that the owner wrote down by name: who is there was let in by the platform.
 */
function maySpeak({ manifest, config, event, approved }: AccessInput, rules: GroupRules): boolean {
  const isIn = (list: readonly string[]): boolean => hasWildcard(list) || names(list, event.sender, manifest.id);
  if (rules.senders !== undefined && rules.senders.length > 0) return isIn(rules.senders);
  if (rules.policy === "open") return true;
  if (rules.groupAllowFrom !== undefined && rules.groupAllowFrom.length > 0) return isIn(rules.groupAllowFrom);
  if (rules.placeAdmits) return true;
  return isIn([...directRules(config).allowFrom, ...approved]);
}

/** Command gate, then mention gate. */
function gates(input: AccessInput, event: InboundMessage, rules: GroupRules): AccessDecision {
  const { manifest, patterns } = input;
  const isCommand = input.isCommand(event.text);
  const authorized = commandAuthorized(input);
  if (isCommand && !authorized) return { decision: "ignore", reason: "command_not_authorized" };
  const matched = matchesAny(patterns, event.text);
  const wasMentioned = event.mentioned === true || event.nativeCommand === true || matched ||
    event.replyTo?.fromSelf === true;
  const required = input.activation === undefined ? rules.requireMention : input.activation === "mention";
  const canDetect = manifest.capabilities.detectsMentions || event.mentioned !== undefined || patterns.length > 0;
  // A command of somebody who may give it needs no mention, unless it is addressed to somebody else.
  const bypass = isCommand && authorized && event.mentionsOthers !== true;
  if (required && canDetect && !wasMentioned && !bypass) return { decision: "history", reason: "not_mentioned" };
  return allowed(input, { isCommand, wasMentioned });
}

/** `own` (default): reactions to our messages. They become notes of the session, never prompts. */
function reactionDecision(input: AccessInput): AccessDecision {
  const { event, config, manifest } = input;
  const rule = config["reactionNotifications"] ?? "own";
  const isOurs = event.kind === "reaction" && event.onOwnMessage === true;
  const allowlist = Array.isArray(config["reactionAllowlist"]) ? config["reactionAllowlist"].map(String) : [];
  const wanted = rule === "all" || (rule === "own" && isOurs) ||
    (rule === "allowlist" && (hasWildcard(allowlist) || names(allowlist, event.sender, manifest.id)));
  return wanted
    ? allowed(input, { isCommand: false, wasMentioned: isOurs })
    : { decision: "ignore", reason: "reactions_off" };
}

const isCommandEvent = ({ event, isCommand }: AccessInput): boolean => event.kind === "button" && isCommand(event.data);

function allowed(
  input: AccessInput,
  facts: { readonly isCommand: boolean; readonly wasMentioned: boolean },
): Allowed {
  const authorized = commandAuthorized(input);
  const owner = isOwner(input);
  const mayConfigure = owner || (authorized && ownersOf(input).length === 0);
  return { decision: "allow", ...facts, commandAuthorized: authorized, isOwner: owner, mayConfigure };
}

/** With access groups: some list is there that holds the sender. Without them: whoever got this far may. */
function commandAuthorized(input: AccessInput): boolean {
  const { manifest, config, event, approved, useAccessGroups } = input;
  if (!useAccessGroups || isOwner(input)) return true;
  const direct = [...directRules(config).allowFrom, ...approved];
  const lists = [direct];
  if (event.chat.kind !== "direct") {
    const { senders, groupAllowFrom } = groupRules(config, event.chat);
    lists.push([...senders ?? []], [...groupAllowFrom ?? []]);
  }
  return lists.some((list) => hasWildcard(list) || names(list, event.sender, manifest.id));
}
