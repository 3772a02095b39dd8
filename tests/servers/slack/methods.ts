/** The Web API's methods as far as a bot needs them: arguments, scopes, refusals and effects by Slack's reference. */
import type { BotAccount } from "./accounts.ts";
import { checkBlocks, checkMetadata } from "./blocks.ts";
import { FILE_METHODS } from "./file_methods.ts";
import type { Params } from "./params.ts";
import { Refusal } from "./refusal.ts";
import { type Conversation, type Message, shown, type World } from "./world.ts";

export interface Call {
  readonly world: World;
  readonly bot: BotAccount;
  readonly params: Params;
  readonly origin: string;
  /** Tells every app what happened. */
  readonly emit: (event: Record<string, unknown>, conversation?: Conversation) => void;
  readonly options: { readonly honoursClientId: boolean; readonly shareDelayMs: number };
}

export interface Method {
  /** One of these; empty: any valid token. */
  readonly scopes: readonly string[];
  readonly run: (call: Call) => Record<string, unknown>;
}

const MAX_TEXT = 40_000;
const MAX_UPDATE = 4_000;

/** A conversation that the bot may write to. */
export function writable({ world, bot }: Call, id: string): Conversation {
  const room = world.conversation(id);
  if (!room.members.has(bot.userId)) {
    throw new Refusal(room.type === "channel" ? "not_in_channel" : "channel_not_found");
  }
  if (room.archived) throw new Refusal("is_archived");
  return room;
}

function postMessage(call: Call): Record<string, unknown> {
  const { params, world, bot, emit, options } = call;
  const room = writable(call, params.text("channel"));
  const blocks = params.json("blocks", "invalid_blocks_format");
  const written = params.optional("text") ?? "";
  if (written.trim() === "" && blocks === undefined) throw new Refusal("no_text");
  if (blocks !== undefined) checkBlocks(blocks);
  const metadata = params.json("metadata", "invalid_metadata_format");
  if (metadata !== undefined) checkMetadata(metadata);
  const thread = params.optional("thread_ts");
  if (thread !== undefined && !room.messages.has(thread)) throw new Refusal("thread_not_found");
  const clientId = params.optional("client_msg_id");
  if (clientId !== undefined && !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u.test(clientId)) {
    throw new Refusal("invalid_arguments");
  }
  const twin = [...room.messages.values()].find(({ client_msg_id: id }) => id !== undefined && id === clientId);
  if (twin && options.honoursClientId) return { channel: room.id, ts: twin.ts, message: shown(twin) };
  const text = written.slice(0, MAX_TEXT);
  const message: Message = {
    type: "message",
    ts: world.nextTs(),
    user: bot.userId,
    bot_id: bot.botId,
    text,
    ...(thread === undefined ? {} : { thread_ts: thread }),
    ...(blocks === undefined ? {} : { blocks }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(clientId === undefined ? {} : { client_msg_id: clientId }),
    reactions: new Map(),
    texts: [text],
  };
  room.messages.set(message.ts, message);
  emit({ ...shown(message), channel: room.id }, room);
  return { channel: room.id, ts: message.ts, message: shown(message) };
}

function update(call: Call): Record<string, unknown> {
  const { params, world, bot, emit } = call;
  const room = writable(call, params.text("channel"));
  const message = world.message(room.id, params.text("ts"));
  if (message.user !== bot.userId) throw new Refusal("cant_update_message");
  const blocks = params.json("blocks", "invalid_blocks_format");
  const text = params.optional("text") ?? "";
  if (text === "" && blocks === undefined) throw new Refusal("no_text");
  if (text.length > MAX_UPDATE) throw new Refusal("msg_too_long");
  if (blocks !== undefined) checkBlocks(blocks);
  const before = shown(message);
  message.text = text;
  message.texts.push(text);
  // What is not given stays; an empty list takes the blocks away.
  if (Array.isArray(blocks)) blocks.length === 0 ? delete message.blocks : message.blocks = blocks;
  message.edited = { user: bot.userId, ts: world.nextTs() };
  emit({
    type: "message",
    subtype: "message_changed",
    hidden: true,
    channel: room.id,
    ts: world.nextTs(),
    message: shown(message),
    previous_message: before,
  }, room);
  return { channel: room.id, ts: message.ts, text };
}

function remove(call: Call): Record<string, unknown> {
  const { params, world, bot, emit } = call;
  const room = writable(call, params.text("channel"));
  const message = world.message(room.id, params.text("ts"));
  if (message.user !== bot.userId) throw new Refusal("cant_delete_message");
  room.messages.delete(message.ts);
  emit({
    type: "message",
    subtype: "message_deleted",
    hidden: true,
    channel: room.id,
    ts: world.nextTs(),
    deleted_ts: message.ts,
    previous_message: shown(message),
  }, room);
  return { channel: room.id, ts: message.ts };
}

/** The names that a workspace has; the real one has some thousand more. */
const EMOJI = /^(?:\+1|-1|eyes|tada|heart|fire|thinking_face|white_check_mark|thumbsup|lobster|partyparrot)$/u;

function reaction(call: Call, add: boolean): Record<string, unknown> {
  const { params, world, bot, emit } = call;
  const name = params.text("name");
  if (!EMOJI.test(name)) throw new Refusal("invalid_name");
  const room = writable(call, params.text("channel"));
  const message = world.message(room.id, params.text("timestamp"));
  const who = message.reactions.get(name) ?? new Set();
  if (who.has(bot.userId) === add) throw new Refusal(add ? "already_reacted" : "no_reaction");
  add ? who.add(bot.userId) : who.delete(bot.userId);
  message.reactions.set(name, who);
  emit({
    type: add ? "reaction_added" : "reaction_removed",
    user: bot.userId,
    reaction: name,
    item_user: message.user,
    item: { type: "message", channel: room.id, ts: message.ts },
    event_ts: world.nextTs(),
  }, room);
  return {};
}

function history(call: Call, thread: boolean): Record<string, unknown> {
  const { params, world, bot } = call;
  const room = world.conversation(params.text("channel"));
  if (!room.members.has(bot.userId)) throw new Refusal("not_in_channel");
  const oldest = Number(params.optional("oldest") ?? 0);
  const limit = Math.min(Number(params.optional("limit") ?? 100), 999);
  const root = thread ? params.text("ts") : undefined;
  if (root !== undefined && !room.messages.has(root)) throw new Refusal("thread_not_found");
  const all = [...room.messages.values()].filter(({ ts, thread_ts: of }) =>
    Number(ts) > oldest && (root === undefined ? of === undefined : of === root || ts === root)
  );
  // The channel comes newest first, a thread oldest first.
  if (root === undefined) all.reverse();
  const from = Number(params.optional("cursor") ?? 0);
  const page = all.slice(from, from + limit);
  const more = from + limit < all.length;
  const withMetadata = params.flag("include_all_metadata");
  return {
    messages: page.map((each) => ({
      ...shown(each),
      ...(withMetadata && each.metadata !== undefined ? { metadata: each.metadata } : {}),
    })),
    has_more: more,
    response_metadata: { next_cursor: more ? String(from + limit) : "" },
  };
}

function conversationInfo({ params, world, bot }: Call): Record<string, unknown> {
  const room = world.conversation(params.text("channel"));
  if (room.type !== "channel" && !room.members.has(bot.userId)) throw new Refusal("channel_not_found");
  const { id, name, type } = room;
  return {
    channel: {
      id,
      ...(name === undefined ? {} : { name }),
      is_channel: type === "channel",
      is_group: type === "group",
      is_im: type === "im",
      is_mpim: type === "mpim",
      is_member: room.members.has(bot.userId),
    },
  };
}

function openConversation({ params, world, bot }: Call): Record<string, unknown> {
  const users = params.text("users").split(",");
  const user = users.length === 1 ? world.users.get(users[0] ?? "") : undefined;
  if (!user) throw new Refusal("user_not_found");
  if (user.is_bot) throw new Refusal("cannot_dm_bot");
  return { channel: { id: world.direct(user.id, bot.userId).id } };
}

function setStatus(call: Call): Record<string, unknown> {
  const room = writable(call, call.params.text("channel_id"));
  const thread = call.params.text("thread_ts");
  if (!room.messages.has(thread)) throw new Refusal("thread_not_found");
  call.bot.statuses.push(String(call.params.values["status"] ?? ""));
  return {};
}

const HISTORY = ["channels:history", "groups:history", "im:history", "mpim:history"];
const READ = ["channels:read", "groups:read", "im:read", "mpim:read"];

export const METHODS: Readonly<Record<string, Method>> = {
  "auth.test": {
    scopes: [],
    run: ({ world, bot, origin }) => ({
      url: `${origin}/`,
      team: "The House",
      user: world.users.get(bot.userId)?.name,
      team_id: world.teamId,
      user_id: bot.userId,
      bot_id: bot.botId,
      is_enterprise_install: false,
    }),
  },
  "chat.postMessage": { scopes: ["chat:write"], run: postMessage },
  "chat.update": { scopes: ["chat:write"], run: update },
  "chat.delete": { scopes: ["chat:write"], run: remove },
  "reactions.add": { scopes: ["reactions:write"], run: (call) => reaction(call, true) },
  "reactions.remove": { scopes: ["reactions:write"], run: (call) => reaction(call, false) },
  "conversations.history": { scopes: HISTORY, run: (call) => history(call, false) },
  "conversations.replies": { scopes: HISTORY, run: (call) => history(call, true) },
  "conversations.info": { scopes: READ, run: conversationInfo },
  "conversations.open": { scopes: ["im:write", "channels:manage"], run: openConversation },
  "users.info": {
    scopes: ["users:read"],
    run({ params, world }) {
      const user = world.users.get(params.text("user"));
      if (!user) throw new Refusal("user_not_found");
      return { user: { ...user, team_id: world.teamId, profile: { real_name: user.real_name, display_name: "" } } };
    },
  },
  "assistant.threads.setStatus": { scopes: ["assistant:write"], run: setStatus },
  ...FILE_METHODS,
};
