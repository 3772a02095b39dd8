/** What people do in the workspace; each act becomes the events that Slack sends for it. */
import type { BotAccount } from "./accounts.ts";
import { type Conversation, type FileRow, type Message, shown, type World } from "./world.ts";

export interface Said {
  readonly user: string;
  readonly channel: string;
  readonly text: string;
  readonly thread?: string;
  readonly files?: readonly FileRow[];
  readonly subtype?: string;
}

export interface People {
  /** Returns the message's ts; resolves `delivered` when the app has acknowledged every event of it. */
  say(said: Said): { readonly ts: string; readonly delivered: Promise<unknown> };
  edit(channel: string, ts: string, text: string): Promise<unknown>;
  remove(channel: string, ts: string): Promise<unknown>;
  react(user: string, channel: string, ts: string, name: string, added?: boolean): Promise<unknown>;
  /** Any event as it is. */
  event(event: Record<string, unknown>): Promise<unknown>;
  /** A file as Slack shows it; its bytes are served to whoever has the token. */
  file(
    bytes: Uint8Array<ArrayBuffer>,
    row: { readonly name: string; readonly mimetype: string; readonly subtype?: string },
  ): FileRow;
  /** Resolves with what the app answered at once. */
  slash(
    command: { readonly user: string; readonly channel: string; readonly command: string; readonly text: string },
  ): Promise<unknown>;
  press(user: string, channel: string, ts: string, actionId: string, value: string): Promise<unknown>;
}

export interface PeopleDeps {
  readonly world: World;
  readonly bot: () => BotAccount;
  readonly origin: () => string;
  readonly emit: (event: Record<string, unknown>, conversation?: Conversation) => Promise<unknown>;
  readonly slash: (payload: Record<string, string>) => Promise<unknown>;
  readonly interactive: (payload: Record<string, unknown>) => Promise<unknown>;
  /** An address for answers to one act. */
  readonly responseUrl: (user: string, channel: string) => string;
}

export function createPeople({ world, bot, origin, emit, slash, interactive, responseUrl }: PeopleDeps): People {
  function say({ user, channel, text, thread, files, subtype }: Said) {
    const room = world.conversation(channel);
    const parent = thread === undefined ? undefined : room.messages.get(thread);
    const message: Message = {
      type: "message",
      ts: world.nextTs(),
      user,
      text,
      client_msg_id: crypto.randomUUID(),
      ...(thread === undefined ? {} : { thread_ts: thread }),
      ...(files === undefined ? {} : { files: [...files] }),
      reactions: new Map(),
      texts: [text],
    };
    room.messages.set(message.ts, message);
    const event = {
      ...shown(message),
      ...(parent === undefined ? {} : { parent_user_id: parent.user }),
      ...(subtype === undefined ? {} : { subtype }),
      channel,
      event_ts: message.ts,
      team: world.teamId,
    };
    const events = [emit(event, room)];
    // Mentions in channels come twice, and the second kind does not say what a conversation it comes from.
    if (room.type !== "im" && text.includes(`<@${bot().userId}>`)) events.push(emit({ ...event, type: "app_mention" }));
    return { ts: message.ts, delivered: Promise.all(events) };
  }

  return {
    say,
    event: (event) => emit(event),
    edit(channel, ts, text) {
      const room = world.conversation(channel);
      const message = world.message(channel, ts);
      const before = shown(message);
      message.text = text;
      message.edited = { user: message.user, ts: world.nextTs() };
      const changed = { type: "message", subtype: "message_changed", hidden: true, channel, ts: world.nextTs() };
      return emit({ ...changed, message: shown(message), previous_message: before }, room);
    },
    remove(channel, ts) {
      const room = world.conversation(channel);
      const before = shown(world.message(channel, ts));
      room.messages.delete(ts);
      const gone = {
        type: "message",
        subtype: "message_deleted",
        hidden: true,
        channel,
        ts: world.nextTs(),
        deleted_ts: ts,
      };
      return emit({ ...gone, previous_message: before }, room);
    },
    react(user, channel, ts, name, added = true) {
      const message = world.message(channel, ts);
      return emit({
        type: added ? "reaction_added" : "reaction_removed",
        user,
        reaction: name,
        item_user: message.user,
        item: { type: "message", channel, ts },
        event_ts: world.nextTs(),
      });
    },
    file(bytes, { name, mimetype, subtype }) {
      const id = world.nextId("F");
      const row: FileRow = {
        id,
        name,
        mimetype,
        size: bytes.byteLength,
        mode: "hosted",
        ...(subtype === undefined ? {} : { subtype }),
        url_private: `${origin()}/files-pri/${id}`,
        url_private_download: `${origin()}/files-pri/${id}/download`,
      };
      world.files.set(id, { ...row, bytes, owner: "U0", shares: new Map(), announced: undefined });
      return row;
    },
    slash({ user, channel, command, text }) {
      const room = world.conversation(channel);
      return slash({
        token: "verification",
        team_id: world.teamId,
        channel_id: channel,
        channel_name: room.type === "im" ? "directmessage" : room.name ?? "privategroup",
        user_id: user,
        user_name: world.users.get(user)?.name ?? "",
        command,
        text,
        api_app_id: bot().appId,
        response_url: responseUrl(user, channel),
        trigger_id: `${world.nextTs()}.${crypto.randomUUID()}`,
      });
    },
    press(user, channel, ts, actionId, value) {
      const message = world.message(channel, ts);
      return interactive({
        type: "block_actions",
        user: { id: user, username: world.users.get(user)?.name, team_id: world.teamId },
        team: { id: world.teamId },
        channel: { id: channel },
        container: { type: "message", message_ts: ts, channel_id: channel },
        message: shown(message),
        response_url: responseUrl(user, channel),
        trigger_id: world.nextTs(),
        actions: [{ action_id: actionId, block_id: "b", type: "button", value, action_ts: world.nextTs() }],
      });
    },
  };
}
