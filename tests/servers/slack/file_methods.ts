/** The upload flow in three steps, and what files say of themselves. */
import type { Call, Method } from "./methods.ts";
import { recordOf } from "./params.ts";
import { Refusal } from "./refusal.ts";
import { type FileRow, type Message, shown, type StoredFile } from "./world.ts";

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  txt: "text/plain",
  pdf: "application/pdf",
  ogg: "audio/ogg",
};

const rowOf = ({ bytes: _, owner: __, shares: ___, announced: ____, caption: _____, ...row }: StoredFile): FileRow =>
  row;

function uploadUrl({ params, world, bot, origin }: Call): Record<string, unknown> {
  const name = params.text("filename");
  const length = Number(params.text("length"));
  if (!Number.isInteger(length) || length <= 0) throw new Refusal("invalid_arguments");
  const id = world.nextId("F");
  world.files.set(id, {
    id,
    name,
    mimetype: TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream",
    size: length,
    mode: "hosted",
    url_private: `${origin}/files-pri/${id}`,
    url_private_download: `${origin}/files-pri/${id}/download`,
    bytes: undefined,
    owner: bot.userId,
    shares: new Map(),
    announced: length,
  });
  return { upload_url: `${origin}/upload/v1/${id}`, file_id: id };
}

function complete(call: Call): Record<string, unknown> {
  const { params, world, bot, emit, options } = call;
  const files = params.json("files", "invalid_arguments");
  if (!Array.isArray(files) || files.length === 0) throw new Refusal("invalid_arguments");
  const found = files.map((each) => world.files.get(String(recordOf(each)["id"])));
  const channel = params.optional("channel_id");
  for (const file of found) if (!file?.bytes || file.owner !== bot.userId) throw new Refusal("file_not_found");
  if (channel === undefined) return { files };
  const room = world.conversation(channel);
  if (!room.members.has(bot.userId)) throw new Refusal("channel_not_found");
  const thread = params.optional("thread_ts");
  if (thread !== undefined && !room.messages.has(thread)) throw new Refusal("invalid_thread_ts");
  const stored = found.flatMap((file) => file ? [file] : []);
  if (stored.some((file) => file.shares.has(room.id))) throw new Refusal("file_already_shared");
  const text = params.optional("initial_comment") ?? "";
  const message: Message = {
    type: "message",
    ts: world.nextTs(),
    user: bot.userId,
    bot_id: bot.botId,
    text,
    files: stored.map(rowOf),
    ...(thread === undefined ? {} : { thread_ts: thread }),
    reactions: new Map(),
    texts: [text],
  };
  room.messages.set(message.ts, message);
  for (const file of stored) {
    file.shares.set(room.id, { ts: message.ts, visibleAt: Date.now() + options.shareDelayMs });
  }
  emit({ ...shown(message), subtype: "file_share", channel: room.id }, room);
  return { files: stored.map(({ id, name }) => ({ id, title: name })) };
}

function info({ params, world }: Call): Record<string, unknown> {
  const file = world.files.get(params.text("file"));
  if (!file) throw new Refusal("file_not_found");
  const shares = [...file.shares].filter(([, { visibleAt }]) => visibleAt <= Date.now());
  const of = (wanted: boolean) =>
    Object.fromEntries(
      shares.filter(([id]) => (world.conversations.get(id)?.type === "channel") === wanted)
        .map(([id, { ts }]) => [id, [{ ts }]]),
    );
  return { file: { ...rowOf(file), shares: { public: of(true), private: of(false) } } };
}

export const FILE_METHODS: Readonly<Record<string, Method>> = {
  "files.getUploadURLExternal": { scopes: ["files:write"], run: uploadUrl },
  "files.completeUploadExternal": { scopes: ["files:write"], run: complete },
  "files.info": { scopes: ["files:read"], run: info },
  "files.delete": {
    scopes: ["files:write"],
    run({ params, world }) {
      if (!world.files.delete(params.text("file"))) throw new Refusal("file_not_found");
      return {};
    },
  },
};
