/** The state of our fake Discord: people, servers, channels, messages. Payloads are typed by discord-api-types alone. */
import type {
  APIApplicationCommand,
  APIAttachment,
  APIChannel,
  APIDMChannel,
  APIMessage,
  APIPublicThreadChannel,
  APIRole,
  APITextChannel,
  APIUser,
  GatewayGuildCreateDispatchData,
} from "discord-api-types/v10";

/** The types of flags are enumerations without a name for nothing. */
const NO_FLAGS = Number(0);
const EPOCH = 1_420_070_400_000n;
let counter = 0n;

/** Ids grow with time, as Discord's do. */
export function snowflake(at = Date.now()): string {
  counter = (counter + 1n) & 0x3fffffn;
  return String(((BigInt(at) - EPOCH) << 22n) | counter);
}

export interface StoredMessage {
  message: APIMessage;
  readonly nonce: string | undefined;
  readonly at: number;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer>; readonly type: string }[];
  reactions: string[];
}

export interface World {
  readonly token: string;
  readonly applicationId: string;
  readonly bot: APIUser;
  readonly anna: APIUser;
  readonly bert: APIUser;
  readonly otherBot: APIUser;
  readonly guildId: string;
  readonly botRole: APIRole;
  readonly otherRole: APIRole;
  readonly general: APITextChannel;
  readonly locked: APITextChannel;
  readonly readOnly: APITextChannel;
  readonly thread: APIPublicThreadChannel;
  readonly channels: Map<string, APIChannel>;
  readonly messages: Map<string, StoredMessage>;
  /** Served under /attachments. */
  readonly files: Map<string, { readonly bytes: Uint8Array<ArrayBuffer>; readonly type: string }>;
  commands: Pick<APIApplicationCommand, "name">[] | undefined;
  guild(): GatewayGuildCreateDispatchData;
  directChannel(user: APIUser): APIDMChannel;
  person(id: string): APIUser | undefined;
  attach(base: string, name: string, type: string, bytes: Uint8Array<ArrayBuffer>): APIAttachment;
}

const user = (username: string, bot = false): APIUser => ({
  id: snowflake(),
  username,
  discriminator: "0",
  global_name: bot ? null : `${username[0]?.toUpperCase()}${username.slice(1)}`,
  avatar: null,
  ...(bot ? { bot } : {}),
});

export function createWorld(): World {
  const guildId = snowflake();
  const [bot, anna, bert, otherBot] = [user("clawbot", true), user("anna"), user("bert"), user("otherbot", true)];
  const role = (name: string, tags?: APIRole["tags"]): APIRole => ({
    id: snowflake(),
    name,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    position: 1,
    permissions: "0",
    managed: tags !== undefined,
    mentionable: true,
    flags: NO_FLAGS,
    ...(tags === undefined ? {} : { tags }),
  });
  const botRole = role("clawbot", { bot_id: bot.id });
  const otherRole = role("friends");
  const textChannel = (name: string): APITextChannel => ({
    id: snowflake(),
    type: 0,
    guild_id: guildId,
    name,
    position: 0,
    permission_overwrites: [],
    nsfw: false,
    parent_id: null,
    topic: null,
    last_message_id: null,
    rate_limit_per_user: 0,
  });
  const [general, locked, readOnly] = [textChannel("general"), textChannel("locked"), textChannel("read-only")];
  const thread: APIPublicThreadChannel = {
    id: snowflake(),
    type: 11,
    guild_id: guildId,
    name: "a thread",
    parent_id: general.id,
    applied_tags: [],
    rate_limit_per_user: 0,
    last_message_id: null,
    thread_metadata: {
      archived: false,
      auto_archive_duration: 1440,
      archive_timestamp: new Date().toISOString(),
      locked: false,
    },
  };
  const channels = new Map<string, APIChannel>([general, locked, readOnly, thread].map((each) => [each.id, each]));
  const files: World["files"] = new Map();

  return {
    token: `${btoa(bot.id).replaceAll("=", "")}.fake.token-of-the-test`,
    applicationId: snowflake(),
    bot,
    anna,
    bert,
    otherBot,
    guildId,
    botRole,
    otherRole,
    general,
    locked,
    readOnly,
    thread,
    channels,
    messages: new Map(),
    files,
    commands: undefined,
    // The many keys of a server that no client of a text bot reads are left out here.
    guild: () => ({
      id: guildId,
      name: "Friends of tests",
      unavailable: false,
      joined_at: new Date().toISOString(),
      large: false,
      member_count: 3,
      roles: [botRole, otherRole],
      channels: [general, locked, readOnly],
      threads: [thread],
      members: [{
        user: bot,
        roles: [botRole.id],
        joined_at: new Date().toISOString(),
        deaf: false,
        mute: false,
        flags: NO_FLAGS,
      }],
      voice_states: [],
      presences: [],
      stage_instances: [],
      guild_scheduled_events: [],
      soundboard_sounds: [],
    } as Partial<GatewayGuildCreateDispatchData> as GatewayGuildCreateDispatchData),
    directChannel(person) {
      for (const channel of channels.values()) {
        if (channel.type === 1 && channel.recipients?.some(({ id }) => id === person.id)) return channel;
      }
      const made: APIDMChannel = { id: snowflake(), type: 1, last_message_id: null, recipients: [person], name: null };
      channels.set(made.id, made);
      return made;
    },
    person: (id) => [bot, anna, bert, otherBot].find((each) => each.id === id),
    attach(base, name, type, bytes) {
      const id = snowflake();
      const path = `/attachments/${guildId}/${id}/${name}`;
      files.set(path, { bytes, type });
      const url = `${base}${path}`;
      return { id, filename: name, size: bytes.byteLength, url, proxy_url: url, content_type: type };
    },
  };
}
