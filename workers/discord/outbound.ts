/** Everything that this account does in Discord: messages, edits, reactions, polls, typing. */
import type { RawFile } from "discord.js";
import type { Outbound, Poll, Receipt, Target } from "../../schemas/worker/content.ts";
import { checker } from "../../schemas/validate.ts";
import { type Provider, ProviderError } from "../runtime/provider.ts";
import type { Answers } from "./answers.ts";
import { invalid } from "./errors.ts";
import { timeOf } from "./inbound.ts";
import { allowedMentions, fileNameOf, messageBody, nonceOf, placing, pollBody, textOf } from "./payload.ts";
import type { Api } from "./rest.ts";
import type { Settings } from "./settings.ts";
import { OpenedChannel, SentMessage } from "./wire.ts";

const checkSent = checker(SentMessage);
const checkOpened = checker(OpenedChannel);
/** Direct chats whose channel is known. */
const MAX_DIRECT = 1_000;
const ID = /^\d{1,32}$/u;

export type Outlet = Required<Pick<Provider, "send" | "poll" | "edit" | "delete" | "react" | "typing">>;

export interface OutletDeps {
  readonly api: Pick<Api, "call">;
  readonly settings: Settings;
  readonly answers: Answers;
  /** A message of ours that Discord has. */
  readonly onSent: (messageId: string) => void;
}

export function createOutlet({ api, settings, answers, onSent }: OutletDeps): Outlet {
  const direct = new Map<string, string>();

  /** `channel:<id>`, `user:<id>`; a bare number is a channel, which is what events carry. Threads are channels. */
  async function channelOf(target: Target, signal: AbortSignal): Promise<string> {
    if (target.threadId !== undefined) return idOf(target.threadId, "thread");
    const [, kind, written = ""] = /^(?:discord:)?(?:(user|channel):)?(.*)$/iu.exec(target.chatId.trim()) ?? [];
    const mention = /^<(?:@!?|#)(\d+)>$/u.exec(written);
    if (kind?.toLowerCase() !== "user" && !mention?.[0].startsWith("<@")) {
      return idOf(mention?.[1] ?? written, "channel");
    }
    return await directChannel(idOf(mention?.[1] ?? written, "user"), signal);
  }

  async function directChannel(userId: string, signal: AbortSignal): Promise<string> {
    const known = direct.get(userId);
    if (known !== undefined) return known;
    const opened = checkOpened(
      await api.call("post", "/users/@me/channels", signal, { body: { recipient_id: userId } }),
    );
    if (!opened.ok) throw odd(opened.error, "not_sent");
    const [oldest] = direct.keys();
    if (direct.size >= MAX_DIRECT && oldest !== undefined) direct.delete(oldest);
    direct.set(userId, opened.value.id);
    return opened.value.id;
  }

  function receiptOf(answer: unknown): Receipt {
    const sent = checkSent(answer);
    if (!sent.ok) throw odd(sent.error, "unknown");
    const { id, channel_id: chatId, timestamp } = sent.value;
    onSent(id);
    return { messageIds: [id], chatId, at: timeOf(timestamp, id) };
  }

  return {
    async send(message, signal) {
      const body = messageBody(message, settings);
      const files = message.media === undefined ? undefined : [fileOf(message.media, settings)];
      const { target, idempotencyKey: key } = message;
      const answered = await answers.answer(target.replyHandle, { key, body, files }, signal);
      if (answered !== undefined) return receiptOf(answered);
      const channel = await channelOf(target, signal);
      const whole = { ...body, ...placing(target, await nonceOf(key)) };
      return receiptOf(
        await api.call("post", `/channels/${channel}/messages`, signal, {
          body: whole,
          ...(files === undefined ? {} : { files }),
        }),
      );
    },
    async poll(poll: Poll, signal) {
      const body = { ...pollBody(poll, settings), ...placing(poll.target, await nonceOf(poll.idempotencyKey)) };
      const channel = await channelOf(poll.target, signal);
      const receipt = receiptOf(await api.call("post", `/channels/${channel}/messages`, signal, { body }));
      const [pollId] = receipt.messageIds;
      return { receipt, ...(pollId === undefined ? {} : { pollId }) };
    },
    async edit(target, messageId, text, signal) {
      // Buttons of a question that is answered have no use.
      const body = { content: textOf(text), allowed_mentions: allowedMentions(settings), components: [] };
      const channel = await channelOf(target, signal);
      await api.call("patch", `/channels/${channel}/messages/${idOf(messageId, "message")}`, signal, { body });
    },
    async delete(target, messageId, signal) {
      const channel = await channelOf(target, signal);
      await api.call("delete", `/channels/${channel}/messages/${idOf(messageId, "message")}`, signal);
    },
    async react(target, messageId, emoji, { remove }, signal) {
      const channel = await channelOf(target, signal);
      const path = `/channels/${channel}/messages/${idOf(messageId, "message")}/reactions/${
        emojiPath(emoji)
      }/@me` as const;
      await api.call(remove ? "delete" : "put", path, signal);
    },
    async typing(target, on, signal) {
      // The sign goes out by itself after ten seconds, or with the next message.
      if (on) await api.call("post", `/channels/${await channelOf(target, signal)}/typing`, signal);
    },
  };
}

function fileOf(media: NonNullable<Outbound["media"]>, { maxMediaBytes }: Settings): RawFile {
  if (media.data.byteLength > maxMediaBytes) {
    const message =
      `The attachment has ${media.data.byteLength} bytes, channels.discord.mediaMaxMb allows ${maxMediaBytes}`;
    throw new ProviderError({ code: "too_large", message, retryable: false, outcome: "not_sent" });
  }
  return { name: fileNameOf(media), data: media.data, contentType: media.mimeType };
}

/** `👍`, `name:id`, or `<:name:id>` as people copy it. */
function emojiPath(emoji: string): string {
  const [, custom] = /^<?a?:?(\w{1,32}:\d{1,32})>?$/u.exec(emoji) ?? [];
  return encodeURIComponent(custom ?? emoji);
}

function idOf(written: string, what: string): string {
  if (ID.test(written)) return written;
  throw invalid(
    `Cannot use the ${what} "${written}": write channel:<id> or user:<id>, with the number that Discord shows`,
  );
}

const odd = (reason: string, outcome: "not_sent" | "unknown"): ProviderError =>
  new ProviderError({
    code: "platform",
    message: `Discord's answer cannot be read: ${reason}`,
    retryable: false,
    outcome,
  });
