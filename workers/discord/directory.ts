/** Channels, servers and roles that the gateway has told of; what it has not is asked for once. */
import type { Chat } from "../../schemas/worker/content.ts";
import { checker } from "../../schemas/validate.ts";
import type { Api, Route } from "./rest.ts";
import { Channel, CHANNEL_DM, CHANNEL_GROUP_DM, Guild, isThread, Member } from "./wire.ts";

/** The one that was learnt first is forgotten first, and asked for again when it speaks. */
const MAX_CHANNELS = 5_000;
const MAX_GUILDS = 1_000;

const checkChannel = checker(Channel);
const checkGuild = checker(Guild);
const checkMember = checker(Member);
type Role = NonNullable<Guild["roles"]>[number];

interface KnownGuild {
  name: string | undefined;
  readonly roles: Map<string, string>;
  /** Roles of the bot itself. */
  readonly own: Set<string>;
}

export interface Directory {
  guild(guild: Guild): void;
  forgetGuild(guildId: string): void;
  channel(channel: Channel): void;
  forgetChannel(channelId: string): void;
  ownRoles(guildId: string, roles: readonly string[]): void;
  role(guildId: string, role: Role): void;
  /** The chat in the contract's form. Never rejects: a channel that cannot be asked for is taken by what is known of it. */
  chat(channelId: string, guildId: string | undefined, signal: AbortSignal, unknown?: "ask"): Promise<Chat>;
  channelName(channelId: string): string | undefined;
  roleName(guildId: string | undefined, roleId: string): string | undefined;
  isOwnRole(guildId: string | undefined, roleId: string): boolean;
}

export function createDirectory(api: Pick<Api, "call">, selfId: () => string | undefined): Directory {
  const channels = new Map<string, Channel>();
  const guilds = new Map<string, KnownGuild>();
  const asked = new Map<string, Promise<void>>();

  function guildOf(id: string): KnownGuild {
    const known = guilds.get(id) ?? { name: undefined, roles: new Map(), own: new Set() };
    guilds.set(id, known);
    capped(guilds, MAX_GUILDS);
    return known;
  }

  function learn(channel: Channel): void {
    channels.delete(channel.id);
    channels.set(channel.id, channel);
    capped(channels, MAX_CHANNELS);
  }

  function learnRole(guild: KnownGuild, role: Role): void {
    if (role.name !== undefined) guild.roles.set(role.id, role.name);
    // The role that an invitation has made for this bot.
    if (role.tags?.bot_id !== undefined && role.tags.bot_id === selfId()) guild.own.add(role.id);
  }

  function learnGuild({ id, name, channels: rooms = [], threads = [], roles = [], members = [] }: Guild): void {
    const known = guildOf(id);
    if (name !== undefined) known.name = name;
    for (const room of [...rooms, ...threads]) learn({ ...room, guild_id: id });
    for (const role of roles) learnRole(known, role);
    const me = members.find((member) => member.user?.id === selfId());
    for (const role of me?.roles ?? []) known.own.add(role);
  }

  /** One question at a time for each thing. A failure is not asked again for a server: its name is a comfort. */
  function ask(route: Route, take: (answer: unknown) => void, signal: AbortSignal): Promise<void> {
    const running = asked.get(route);
    if (running) return running;
    const asking = api.call("get", route, signal).then(take).catch(() => {}).finally(() => asked.delete(route));
    asked.set(route, asking);
    return asking;
  }

  async function askChannel(id: string, signal: AbortSignal): Promise<void> {
    if (channels.has(id)) return;
    await ask(`/channels/${id}`, (answer) => {
      const checked = checkChannel(answer);
      if (checked.ok) learn(checked.value);
    }, signal);
  }

  /** A session that another process has begun does not tell of its servers again. */
  async function askGuild(id: string, signal: AbortSignal): Promise<void> {
    if (guilds.has(id)) return;
    const self = selfId();
    await Promise.all([
      ask(`/guilds/${id}`, (answer) => {
        const checked = checkGuild(answer);
        if (checked.ok) learnGuild(checked.value);
      }, signal),
      ...self === undefined ? [] : [ask(`/guilds/${id}/members/${self}`, (answer) => {
        const checked = checkMember(answer);
        for (const role of checked.ok ? checked.value.roles ?? [] : []) guildOf(id).own.add(role);
      }, signal)],
    ]);
    guildOf(id);
  }

  return {
    guild: learnGuild,
    forgetGuild: (guildId) => void guilds.delete(guildId),
    channel: learn,
    forgetChannel: (channelId) => void channels.delete(channelId),
    ownRoles(guildId, roles) {
      const { own } = guildOf(guildId);
      own.clear();
      for (const role of roles) own.add(role);
    },
    role: (guildId, role) => learnRole(guildOf(guildId), role),
    async chat(channelId, guildId, signal, unknown) {
      // A direct chat needs no more than its id.
      if (guildId !== undefined || unknown === "ask") await askChannel(channelId, signal);
      const chat = chatOf(channelId, guildId, channels.get(channelId));
      if (chat.guildId !== undefined) await askGuild(chat.guildId, signal);
      if (chat.parentId !== undefined) await askChannel(chat.parentId, signal);
      const guildName = chat.guildId === undefined ? undefined : guilds.get(chat.guildId)?.name;
      const parentTitle = chat.parentId === undefined ? undefined : channels.get(chat.parentId)?.name;
      return {
        ...chat,
        ...(guildName === undefined ? {} : { guildName }),
        ...(typeof parentTitle === "string" ? { parentTitle } : {}),
      };
    },
    channelName: (channelId) => channels.get(channelId)?.name ?? undefined,
    roleName: (guildId, roleId) => guildId === undefined ? undefined : guilds.get(guildId)?.roles.get(roleId),
    isOwnRole: (guildId, roleId) => guildId !== undefined && guilds.get(guildId)?.own.has(roleId) === true,
  };
}

function chatOf(id: string, guildId: string | undefined, channel: Channel | undefined): Chat {
  const guild = guildId ?? channel?.guild_id;
  const title = channel?.name ?? undefined;
  const base = { id, ...(title === undefined || title === "" ? {} : { title }) };
  if (channel?.type === CHANNEL_GROUP_DM) return { ...base, kind: "group" };
  if (guild === undefined || channel?.type === CHANNEL_DM) return { ...base, kind: "direct" };
  // A thread has an id of its own; only its parent tells where it hangs.
  const parentId = channel && isThread(channel) ? channel.parent_id ?? undefined : undefined;
  return { ...base, kind: "channel", guildId: guild, ...(parentId === undefined ? {} : { parentId }) };
}

function capped<K, V>(map: Map<K, V>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
