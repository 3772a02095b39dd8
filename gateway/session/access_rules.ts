/** What an account's configuration says about who may talk to it, in one shape whatever the provider's own key names. */
import type { Chat } from "../../schemas/worker/content.ts";
import { idList } from "./sender_match.ts";

export type DmPolicy = "pairing" | "allowlist" | "open" | "disabled";
export type GroupPolicy = "allowlist" | "open" | "disabled";

export interface DirectRules {
  readonly policy: DmPolicy;
  readonly allowFrom: readonly string[];
}

export interface GroupRules {
  readonly policy: GroupPolicy;
  /** The group stands in the configuration: by its own key, by `*`, or not at all. */
  readonly listed: "own" | "wildcard" | "no";
  /** Some group stands there, so that one that does not is not meant. */
  readonly hasList: boolean;
  /** Who the place itself names: `guilds` and `channels` let everybody in who is there, `groups` does not. */
  readonly placeAdmits: boolean;
  /** The place is switched off. */
  readonly off: boolean;
  /** Who may talk in this place; undefined: the account's lists decide. */
  readonly senders: readonly string[] | undefined;
  /** `groupAllowFrom`; undefined: not configured. */
  readonly groupAllowFrom: readonly string[] | undefined;
  readonly requireMention: boolean;
  readonly allowBots: boolean;
}

type Config = Readonly<Record<string, unknown>>;

export function directRules(config: Config): DirectRules {
  const dm = recordOf(config["dm"]);
  const wanted = config["dmPolicy"] ?? dm["policy"];
  const policy = dm["enabled"] === false ? "disabled" : oneOf(wanted, ["pairing", "allowlist", "open", "disabled"]);
  return { policy: policy ?? "pairing", allowFrom: idList(config["allowFrom"] ?? dm["allowFrom"]) };
}

/** The rules for one place, the most particular entry first: topic, room, group, guild, `*`. */
export function groupRules(config: Config, chat: Chat): GroupRules {
  const found = lookUp(config, chat);
  const entries = found.entries;
  const first = <T>(read: (entry: Config) => T | undefined): T | undefined => {
    for (const entry of entries) {
      const value = read(entry);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  return {
    policy: oneOf(config["groupPolicy"], ["allowlist", "open", "disabled"]) ?? "allowlist",
    listed: found.listed,
    hasList: found.hasList,
    placeAdmits: found.placeAdmits,
    off: found.unlistedRoom || first((entry) => isOff(entry) ? true : undefined) === true,
    senders: first((entry) => listOf(entry["users"] ?? entry["allowFrom"])),
    groupAllowFrom: listOf(config["groupAllowFrom"]),
    requireMention: first((entry) => booleanOf(entry["requireMention"])) ?? booleanOf(config["requireMention"]) ?? true,
    allowBots: first((entry) => booleanOf(entry["allowBots"])) ?? allowsBots(config),
  };
}

/** The `systemPrompt` of a place, the most particular first, else the account's. */
export function placeSystemPrompt(config: Config, chat: Chat): string {
  const own = chat.kind === "direct" ? [] : lookUp(config, chat).entries.map((entry) => entry["systemPrompt"]);
  const found = [...own, config["systemPrompt"]].find((value) => typeof value === "string" && value.trim() !== "");
  return typeof found === "string" ? found.trim() : "";
}

export const allowsBots = (config: Config): boolean => config["allowBots"] === true;

/** A group of direct messages on a platform that also has rooms: off unless switched on, then for the named ones. */
export function groupDmRule(config: Config, chat: Chat): "off" | "on" | "none" {
  const dm = recordOf(config["dm"]);
  const enabled = booleanOf(dm["groupEnabled"]);
  if (chat.kind !== "group" || chat.guildId !== undefined || enabled === undefined) return "none";
  const rooms = idList(dm["groupChannels"]);
  const named = rooms.length === 0 || rooms.some((room) => equal(room, chat.id) || equal(room, chat.title));
  return enabled && named ? "on" : "off";
}

interface Found {
  readonly entries: readonly Config[];
  readonly listed: GroupRules["listed"];
  readonly hasList: boolean;
  readonly placeAdmits: boolean;
  /** The guild names its rooms and this one is not among them. */
  readonly unlistedRoom: boolean;
}

function lookUp(config: Config, chat: Chat): Found {
  const groups = place(config["groups"], [chat.id, chat.parentId]);
  // Anybody may name a thread like a room that is listed: only its parent's name counts.
  const roomName = chat.parentId === undefined ? chat.title : chat.parentTitle;
  const rooms = place(config["channels"], [chat.id, chat.parentId, roomName]);
  const guilds = place(config["guilds"], [chat.guildId, chat.guildName]);
  const within = [...guilds.own, ...guilds.wildcard].map((guild) => guild["channels"]).find(isRecord);
  const inGuild = place(within, [chat.id, chat.parentId, roomName]);
  const topics = [...groups.own, ...groups.wildcard].flatMap((group) => place(group["topics"], [chat.threadId]).own);
  const own = [...inGuild.own, ...rooms.own, ...groups.own, ...guilds.own];
  const wildcard = [...inGuild.wildcard, ...rooms.wildcard, ...groups.wildcard, ...guilds.wildcard];
  return {
    entries: [
      ...topics,
      ...inGuild.own,
      ...rooms.own,
      ...groups.own,
      ...inGuild.wildcard,
      ...guilds.own,
      ...rooms.wildcard,
      ...groups.wildcard,
      ...guilds.wildcard,
    ],
    listed: own.length > 0 ? "own" : wildcard.length > 0 ? "wildcard" : "no",
    hasList: groups.size + rooms.size + guilds.size > 0,
    placeAdmits: inGuild.own.length + rooms.own.length + guilds.own.length > 0,
    unlistedRoom: inGuild.size > 0 && inGuild.own.length + inGuild.wildcard.length === 0,
  };
}

/** The entries of a map of places under these ids, and under `*`. */
function place(map: unknown, ids: readonly (string | undefined)[]) {
  const entries = Object.entries(recordOf(map));
  const own = entries.filter(([key]) => key !== "*" && ids.some((id) => equal(key, id)));
  const wildcard = entries.filter(([key]) => key === "*");
  const values = (list: typeof entries): Config[] => list.map(([, value]) => recordOf(value));
  return { own: values(own), wildcard: values(wildcard), size: entries.length };
}

/** A slug of the configuration also finds the title that it was made of: `#general`, `friends-of-hono`. */
const equal = (key: string, id: string | undefined): boolean =>
  id !== undefined && (plain(key) === plain(id) || (slug(key) === slug(id) && slug(key) !== ""));
const plain = (text: string): string => text.trim().toLowerCase();
const slug = (text: string): string =>
  /^[-+\d]+$/u.test(text) ? "" : plain(text).replace(/^#/u, "").replaceAll(/[^\p{L}\p{N}]+/gu, "-");

const isOff = (entry: Config): boolean => entry["enabled"] === false || entry["allow"] === false;
const listOf = (value: unknown): string[] | undefined => Array.isArray(value) ? idList(value) : undefined;
const booleanOf = (value: unknown): boolean | undefined => typeof value === "boolean" ? value : undefined;
const isRecord = (value: unknown): value is Config =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const recordOf = (value: unknown): Config => isRecord(value) ? value : {};

function oneOf<const T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((each) => each === value);
}
