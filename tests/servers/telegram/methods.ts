/** The methods of the Bot API that the gateway uses, as strict as the real ones about limits and words. */
import { parseHtml } from "./html.ts";
import { isTrue, objectOf, type Params, textOf, type Upload } from "./params.ts";
import { bad, Refusal } from "./refusal.ts";
import { REACTIONS } from "./reaction_list.ts";
import type { Updates } from "./updates.ts";
import type { Message, Person, Room, World } from "./world.ts";

export interface BotAccount {
  readonly token: string;
  readonly me: Person & { readonly can_join_groups: boolean; readonly can_read_all_group_messages: boolean };
  readonly updates: Updates;
  commands: readonly Record<string, unknown>[];
  /** Callback queries that were not answered yet. */
  readonly queries: Set<string>;
  /** What sendChatAction was called with. */
  readonly actions: Record<string, unknown>[];
}

export interface Call {
  readonly world: World;
  readonly bot: BotAccount;
  readonly params: Params;
  readonly signal: AbortSignal;
  readonly allowHttpWebhook: boolean;
}

type Method = (call: Call) => unknown;
const MB = 1024 * 1024;

export const METHODS: Readonly<Record<string, Method>> = {
  getMe: ({ bot }) => bot.me,
  getUpdates: ({ bot, params, signal }) => bot.updates.getUpdates(params.values, signal),
  setWebhook,
  deleteWebhook({ bot }) {
    bot.updates.setWebhook(undefined, undefined);
    return true;
  },
  getWebhookInfo({ bot }) {
    const error = bot.updates.lastWebhookError();
    return {
      url: bot.updates.webhook()?.url ?? "",
      has_custom_certificate: false,
      pending_update_count: bot.updates.pending().length,
      ...(error === undefined ? {} : { last_error_date: error.at, last_error_message: error.message }),
    };
  },
  setMyCommands,
  sendMessage(call) {
    const { text, entities } = formatted(call, textOf(call.params.values, "text"));
    if (text.trim() === "") throw bad("message text is empty");
    if (text.length > 4096) throw bad("message is too long");
    return post(call, { text, ...(entities.length === 0 ? {} : { entities }) });
  },
  sendPhoto: (call) => sendFile(call, "photo", 10 * MB),
  sendDocument: (call) => sendFile(call, "document", 50 * MB),
  sendVoice: (call) => sendFile(call, "voice", 50 * MB),
  sendAudio: (call) => sendFile(call, "audio", 50 * MB),
  sendVideo: (call) => sendFile(call, "video", 50 * MB),
  sendAnimation: (call) => sendFile(call, "animation", 50 * MB),
  sendSticker: (call) => sendFile(call, "sticker", MB),
  sendPoll,
  sendChatAction({ world, bot, params }) {
    const room = world.roomFor(params.values["chat_id"]);
    if (params.values["action"] !== "typing") throw bad("wrong parameter action in request");
    const thread = params.values["message_thread_id"];
    if (thread !== undefined && !room.topics.has(Number(thread))) throw bad("message thread not found");
    bot.actions.push({ ...params.values });
    return true;
  },
  editMessageText,
  editMessageCaption(call) {
    const message = ownMessage(call, "edit");
    const { text, entities } = formatted(call, textOf(call.params.values, "caption"));
    if (text.length > 1024) throw bad("message caption is too long");
    return replace(call, message, { caption: text, caption_entities: entities });
  },
  deleteMessage(call) {
    const room = call.world.roomFor(call.params.values["chat_id"]);
    const id = Number(call.params.values["message_id"]);
    const message = room.messages.get(id);
    if (!message) throw bad("message to delete not found");
    if (message.from?.id !== call.bot.me.id && room.chat.type !== "private") throw bad("message can't be deleted");
    room.messages.delete(id);
    return true;
  },
  setMessageReaction,
  answerCallbackQuery({ bot, params }) {
    const id = textOf(params.values, "callback_query_id");
    if (bot.queries.delete(id)) return true;
    throw bad("query is too old and response timeout expired or query ID is invalid");
  },
  getFile({ world, params }) {
    const file = world.files.get(textOf(params.values, "file_id"));
    if (!file) throw bad("wrong file_id or the file is temporarily unavailable");
    if (file.bytes.byteLength > 20 * MB) throw bad("file is too big");
    const { bytes, declared = bytes.byteLength, ...info } = file;
    return { ...info, file_size: declared };
  },
};

function setWebhook({ bot, params, allowHttpWebhook }: Call): true {
  const url = textOf(params.values, "url");
  if (!url.startsWith("https://") && !(allowHttpWebhook && url.startsWith("http://127.0.0.1:"))) {
    throw bad("bad webhook: An HTTPS URL must be provided for webhook");
  }
  const secret = textOf(params.values, "secret_token");
  if (!/^[A-Za-z0-9_-]{0,256}$/u.test(secret)) throw bad("secret token contains unallowed characters");
  bot.updates.setWebhook({ url, secret }, params.values["allowed_updates"]);
  return true;
}

function setMyCommands({ bot, params }: Call): true {
  const list = params.values["commands"];
  if (!Array.isArray(list)) throw bad('parameter "commands" is required');
  if (list.length > 100) throw bad("BOT_COMMANDS_TOO_MUCH");
  const commands = list.map(objectOf);
  for (const { command, description } of commands) {
    if (typeof command !== "string" || !/^[a-z0-9_]{1,32}$/u.test(command)) throw bad("BOT_COMMAND_INVALID");
    if (typeof description !== "string" || description.length < 1 || description.length > 256) {
      throw bad("BOT_COMMAND_DESCRIPTION_INVALID");
    }
  }
  bot.commands = commands;
  return true;
}

/** The text with its entities; checks the parse mode. */
function formatted({ params }: Pick<Call, "params">, text: string) {
  const mode = params.values["parse_mode"];
  if (mode === undefined) return { text: text.trim(), entities: [] };
  if (mode !== "HTML") throw bad("unsupported parse_mode");
  return parseHtml(text);
}

/** Adds a message of the bot to the room after the checks that every send shares. */
function post(call: Call, rest: Record<string, unknown>): Message {
  const { world, bot, params: { values } } = call;
  const room = world.roomFor(values["chat_id"]);
  return world.addMessage(room, bot.me, { ...placed(room, values), ...keyboard(values), ...rest });
}

function placed(room: Room, values: Record<string, unknown>): Record<string, unknown> {
  const thread = values["message_thread_id"];
  // The general topic has no id on sends, whatever updates and typing say.
  if (thread !== undefined && (Number(thread) === 1 || !room.topics.has(Number(thread)))) {
    throw bad("message thread not found");
  }
  const topic = thread === undefined ? {} : { message_thread_id: Number(thread), is_topic_message: true };
  const reply = objectOf(values["reply_parameters"]);
  if (reply["message_id"] === undefined) return topic;
  const answered = room.messages.get(Number(reply["message_id"]));
  if (!answered && !isTrue(reply["allow_sending_without_reply"])) throw bad("message to be replied not found");
  return { ...topic, ...(answered ? { reply_to_message: answered } : {}) };
}

function keyboard(values: Record<string, unknown>): Record<string, unknown> {
  const markup = objectOf(values["reply_markup"]);
  const rows = markup["inline_keyboard"];
  if (rows === undefined) return {};
  if (!Array.isArray(rows)) throw bad("object expected as reply markup");
  for (const button of rows.flat().map(objectOf)) {
    const data = button["callback_data"];
    if (typeof button["text"] !== "string" || button["text"] === "") {
      throw bad("text buttons are unallowed in the inline keyboard");
    }
    const bytes = typeof data === "string" ? new TextEncoder().encode(data).byteLength : 0;
    if (bytes < 1 || bytes > 64) throw bad("BUTTON_DATA_INVALID");
  }
  return { reply_markup: markup };
}

function sendFile(call: Call, field: string, most: number): Message {
  const { values } = call.params;
  const upload = uploadOf(call.params, field);
  if (upload.bytes.byteLength === 0) throw bad("file must be non-empty");
  if (upload.bytes.byteLength > most) throw new Refusal(413, "Request Entity Too Large");
  if (field === "photo") checkPhoto(upload);
  const caption = values["caption"] === undefined ? undefined : formatted(call, textOf(values, "caption"));
  if (caption && caption.text.length > 1024) throw bad("message caption is too long");
  const file = call.world.addFile(upload.bytes, `${field}s/file_#${extension(upload.name)}`);
  const info = { file_id: file.file_id, file_unique_id: file.file_unique_id, file_size: upload.bytes.byteLength };
  const named = { ...info, file_name: upload.name };
  return post(call, {
    [field]: field === "photo" ? [{ ...info, width: 10, height: 10 }] : named,
    ...(caption ? { caption: caption.text, caption_entities: caption.entities } : {}),
  });
}

/** `photo: "attach://<part>"`, or the file as a part of that name. */
function uploadOf({ values, files }: Params, field: string): Upload {
  const reference = /^attach:\/\/(.+)$/u.exec(textOf(values, field))?.[1] ?? field;
  const upload = files.get(reference);
  if (!upload) throw bad(`there is no ${field} in the request`);
  return upload;
}

const extension = (name: string): string => /\.[a-z0-9]{1,5}$/iu.exec(name)?.[0] ?? ".bin";

function checkPhoto({ bytes }: Upload): void {
  const head = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const isImage = head.startsWith("ffd8ff") || head === "89504e47" || head === "52494646";
  if (!isImage) throw bad("IMAGE_PROCESS_FAILED");
}

function sendPoll(call: Call): Message {
  const { values } = call.params;
  const question = textOf(values, "question");
  const options = Array.isArray(values["options"]) ? values["options"].map(objectOf) : [];
  if (question.length < 1 || question.length > 300) {
    throw bad("poll question must be non-empty and at most 300 characters");
  }
  if (options.length < 2) throw bad("poll must have at least 2 option");
  if (options.length > 12) throw bad("poll can't have more than 12 options");
  if (options.some(({ text }) => typeof text !== "string" || text === "" || text.length > 100)) {
    throw bad("poll options length must not exceed 100");
  }
  const period = values["open_period"];
  if (period !== undefined && !(Number(period) >= 5 && Number(period) <= 2_628_000)) {
    throw bad("open period is out of range");
  }
  return post(call, {
    poll: {
      id: `poll${Math.floor(Math.random() * 1e9)}`,
      question,
      options: options.map((option) => ({ ...option, voter_count: 0 })),
      allows_multiple_answers: isTrue(values["allows_multiple_answers"]),
    },
  });
}

function ownMessage(call: Call, verb: string): Message {
  const room = call.world.roomFor(call.params.values["chat_id"]);
  const message = room.messages.get(Number(call.params.values["message_id"]));
  if (!message) throw bad(`message to ${verb} not found`);
  if (message.from?.id !== call.bot.me.id) throw bad(`message can't be ${verb}ed`);
  return message;
}

function editMessageText(call: Call): Message {
  const message = ownMessage(call, "edit");
  if (message["text"] === undefined) throw bad("there is no text in the message to edit");
  const { text, entities } = formatted(call, textOf(call.params.values, "text"));
  if (text === "") throw bad("message text is empty");
  if (text.length > 4096) throw bad("MESSAGE_TOO_LONG");
  return replace(call, message, { text, entities });
}

function replace(call: Call, message: Message, parts: Record<string, unknown>): Message {
  const room = call.world.roomFor(call.params.values["chat_id"]);
  const same = Object.entries(parts).every(([key, value]) =>
    JSON.stringify(message[key] ?? []) === JSON.stringify(value) ||
    JSON.stringify(message[key]) === JSON.stringify(value)
  );
  if (same) {
    throw bad(
      "message is not modified: specified new message content and reply markup are exactly the same as a current content " +
        "and reply markup of the message",
    );
  }
  // An edit without a keyboard takes the keyboard away.
  const { reply_markup: _gone, ...rest } = message;
  const edited: Message = {
    ...rest,
    message_id: message.message_id,
    chat: message.chat,
    date: message.date,
    ...keyboard(call.params.values),
    ...parts,
    edit_date: call.world.now(),
  };
  room.messages.set(message.message_id, edited);
  return edited;
}

function setMessageReaction({ world, params: { values } }: Call): true {
  const room = world.roomFor(values["chat_id"]);
  const id = Number(values["message_id"]);
  if (!room.messages.has(id)) throw bad("message to react not found");
  const list = Array.isArray(values["reaction"]) ? values["reaction"].map(objectOf) : [];
  if (list.length > 1) throw bad("REACTIONS_TOO_MANY");
  const emoji = list.map((each) => String(each["emoji"]));
  if (list.some((each) => each["type"] !== "emoji") || emoji.some((each) => !REACTIONS.includes(each))) {
    throw bad("REACTION_INVALID");
  }
  room.reactions.set(id, emoji);
  return true;
}
