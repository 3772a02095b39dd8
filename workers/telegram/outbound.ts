/** Sends: one call of the contract as one or two of Telegram's, with the detours that Telegram asks for. */
import { InputFile } from "grammy/web";
import type { Outbound, Poll, Receipt } from "../../schemas/worker/content.ts";
import { checker } from "../../schemas/validate.ts";
import { type OpenApi, readAnswer, UPLOAD_MS } from "./api.ts";
import { descriptionOf, isParseError, migratedTo, toProviderError } from "./errors.ts";
import { MAX_CAPTION, MAX_MESSAGE, toTelegramHtml } from "./format.ts";
import type { Memory } from "./memory.ts";
import type { Settings } from "./settings.ts";
import { type Address, addressOf, invalid } from "./target.ts";
import { type Media, uploadKind, uploadName, wantsDocument } from "./upload.ts";
import { Sent } from "./wire.ts";

const checkSent = checker(Sent);
/** Detours of one call: plain text, the group's new id, a document instead of a photo. */
const MAX_DETOURS = 3;

export interface OutboundDeps {
  readonly api: OpenApi;
  readonly settings: Pick<Settings, "linkPreview">;
  readonly memory: Memory;
}

/** One call as it is tried; detours change it. */
interface Draft {
  readonly chatId: number | string;
  readonly html: boolean;
  readonly asDocument: boolean;
}

export interface Sender {
  send(message: Outbound, signal: AbortSignal): Promise<Receipt>;
  poll(poll: Poll, signal: AbortSignal): Promise<{ readonly receipt: Receipt; readonly pollId?: string }>;
  /** Runs a call with the detours. */
  guided<T>(address: Address, call: (draft: Draft) => Promise<T>): Promise<T>;
}

export function createSender({ api, settings, memory }: OutboundDeps): Sender {
  async function guided<T>(address: Address, call: (draft: Draft) => Promise<T>): Promise<T> {
    let draft: Draft = { chatId: memory.follow(address.chatId), html: true, asDocument: false };
    for (let detours = 0;; detours++) {
      try {
        return await call(draft);
      } catch (error) {
        const next = detours < MAX_DETOURS ? detour(draft, error) : undefined;
        if (next === undefined) throw toProviderError(error);
        draft = next;
      }
    }
  }

  /** Every error handled here says that nothing was sent, so another try cannot double the message. */
  function detour(draft: Draft, error: unknown): Draft | undefined {
    const moved = migratedTo(error);
    if (moved !== undefined && draft.chatId !== moved) {
      memory.moved(draft.chatId, moved);
      return { ...draft, chatId: moved };
    }
    if (draft.html && isParseError(error)) return { ...draft, html: false };
    if (!draft.asDocument && wantsDocument(descriptionOf(error))) return { ...draft, asDocument: true };
    return undefined;
  }

  function textPart(message: Outbound, text: string, address: Address, signal: AbortSignal): Promise<Sent> {
    const rendered = toTelegramHtml(text);
    const preview = message.linkPreview ?? settings.linkPreview;
    return guided(address, async (draft) => {
      const html = draft.html && rendered.visible > 0 && rendered.visible <= MAX_MESSAGE;
      const answer: unknown = await api(signal).sendMessage(draft.chatId, html ? rendered.html : text, {
        ...common(message, address),
        ...buttons(message),
        ...(html ? { parse_mode: "HTML" } : {}),
        link_preview_options: { is_disabled: !preview },
      });
      return accepted("sendMessage", answer);
    });
  }

  function mediaPart(
    message: Outbound,
    media: Media,
    caption: string,
    last: boolean,
    address: Address,
    signal: AbortSignal,
  ): Promise<Sent> {
    const kind = uploadKind(media);
    const rendered = toTelegramHtml(caption, MAX_CAPTION);
    return guided(address, async (draft) => {
      const file = new InputFile(media.data, uploadName(media));
      const more = {
        ...common(message, address),
        ...(last ? buttons(message) : {}),
        ...(caption === "" ? {} : { caption: draft.html ? rendered.html : caption }),
        ...(caption !== "" && draft.html ? { parse_mode: "HTML" as const } : {}),
      };
      const call = api(signal, UPLOAD_MS);
      const { chatId } = draft;
      switch (draft.asDocument ? "document" : kind) {
        case "photo":
          return accepted("sendPhoto", await call.sendPhoto(chatId, file, more));
        case "animation":
          return accepted("sendAnimation", await call.sendAnimation(chatId, file, more));
        case "voice":
          return accepted("sendVoice", await call.sendVoice(chatId, file, more));
        case "audio":
          return accepted("sendAudio", await call.sendAudio(chatId, file, more));
        case "video":
          return accepted("sendVideo", await call.sendVideo(chatId, file, { ...more, supports_streaming: true }));
        case "sticker":
          return accepted("sendSticker", await call.sendSticker(chatId, file, common(message, address)));
        case "document":
          return accepted("sendDocument", await call.sendDocument(chatId, file, more));
      }
    });
  }

  function accepted(method: string, answer: unknown): Sent {
    const sent = readAnswer(checkSent, method, answer);
    memory.own(sent);
    return sent;
  }

  /** Sends what of the parts is not sent yet. */
  async function once(key: string, part: string, work: () => Promise<Sent>): Promise<Sent> {
    const parts = memory.parts(key);
    const done = parts.get(part) ?? await work();
    parts.set(part, done);
    return done;
  }

  return {
    guided,
    async send(message, signal) {
      const address = addressOf(message.target);
      const text = (message.text ?? "").trim();
      const { media, idempotencyKey: key } = message;
      if (!media && text === "") throw invalid("Cannot send the message: it has neither text nor a file");
      const asCaption = media !== undefined && media.kind !== "sticker" &&
        toTelegramHtml(text, MAX_CAPTION).visible <= MAX_CAPTION && text.length <= MAX_CAPTION;
      const sent: Sent[] = [];
      if (media) {
        const work = () => mediaPart(message, media, asCaption ? text : "", asCaption || text === "", address, signal);
        sent.push(await once(key, "media", work));
      }
      if (!asCaption && text !== "") {
        // Only the first part answers the message; a second quote of it would be noise.
        const rest = media ? { ...address, replyTo: undefined } : address;
        sent.push(await once(key, "text", () => textPart(message, text, rest, signal)));
      }
      return receiptOf(sent);
    },
    async poll({ target, question, options, maxSelections, durationHours, idempotencyKey }, signal) {
      const address = addressOf(target);
      const sent = await once(idempotencyKey, "poll", () =>
        guided(address, async ({ chatId }) => {
          const answer: unknown = await api(signal).sendPoll(chatId, question, options.map((text) => ({ text })), {
            ...common({}, address),
            ...(maxSelections !== undefined && maxSelections > 1 ? { allows_multiple_answers: true } : {}),
            ...(durationHours === undefined ? {} : { open_period: durationHours * 3600 }),
          });
          return accepted("sendPoll", answer);
        }));
      const pollId = sent.poll?.id;
      return { receipt: receiptOf([sent]), ...(pollId === undefined || pollId === "" ? {} : { pollId }) };
    },
  };
}

const common = ({ silent }: Pick<Outbound, "silent">, { threadId, replyTo }: Address) => ({
  ...(threadId === undefined ? {} : { message_thread_id: threadId }),
  // A message that was deleted meanwhile must not cost the answer.
  ...(replyTo === undefined ? {} : { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
  ...(silent === true ? { disable_notification: true } : {}),
});

/** Telegram counts bytes, the contract characters. */
const MAX_BUTTON_BYTES = 64;

function buttons({ buttons: rows }: Pick<Outbound, "buttons">) {
  if (!rows || rows.every((row) => row.length === 0)) return {};
  const encoder = new TextEncoder();
  const keyboard = rows.filter((row) => row.length > 0).map((row) =>
    row.map(({ label, data }) => {
      if (encoder.encode(data).byteLength > MAX_BUTTON_BYTES) {
        throw invalid(`Cannot send the button "${label}": its data is longer than ${MAX_BUTTON_BYTES} bytes`);
      }
      return { text: label, callback_data: data };
    })
  );
  return { reply_markup: { inline_keyboard: keyboard } };
}

function receiptOf(sent: readonly Sent[]): Receipt {
  const last = sent.at(-1);
  if (!last) throw invalid("Cannot send the message: it is empty");
  return {
    messageIds: sent.map(({ message_id }) => String(message_id)),
    chatId: String(last.chat.id),
    at: last.date === undefined ? Date.now() : last.date * 1000,
  };
}
