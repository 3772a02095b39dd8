/** Everything that is done to a message or a chat beside sending: edit, delete, react, typing. */
import type { Target } from "../../schemas/worker/content.ts";
import { type OpenApi } from "./api.ts";
import { descriptionOf } from "./errors.ts";
import { MAX_CAPTION, MAX_MESSAGE, toTelegramHtml } from "./format.ts";
import type { Sender } from "./outbound.ts";
import type { Settings } from "./settings.ts";
import { addressOf, messageIdOf } from "./target.ts";
import { reactionEmoji } from "./reactions.ts";

export interface Shared {
  readonly api: OpenApi;
  readonly settings: Pick<Settings, "linkPreview">;
  readonly sender: Pick<Sender, "guided">;
}

/** Replaces the text; the words under a file when the message is one. The same text again is no error. */
export async function edit(
  { api, settings, sender }: Shared,
  target: Target,
  messageId: string,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const id = messageIdOf(messageId);
  const link_preview_options = { is_disabled: !settings.linkPreview };
  await sender.guided(addressOf(target), async ({ chatId, html }) => {
    const rendered = toTelegramHtml(text);
    const asHtml = html && rendered.visible > 0 && rendered.visible <= MAX_MESSAGE;
    const mode = asHtml ? { parse_mode: "HTML" as const } : {};
    try {
      await api(signal).editMessageText(chatId, id, asHtml ? rendered.html : text, { ...mode, link_preview_options });
    } catch (error) {
      const description = descriptionOf(error);
      if (description.includes("message is not modified")) return;
      if (!description.includes("no text in the message")) throw error;
      const caption = asHtml ? toTelegramHtml(text, MAX_CAPTION).html : text;
      await api(signal).editMessageCaption(chatId, id, { ...mode, caption });
    }
  });
}

/** A message that is gone already is what was wanted. */
export async function remove({ api, sender }: Shared, target: Target, messageId: string, signal: AbortSignal) {
  const id = messageIdOf(messageId);
  await sender.guided(addressOf(target), async ({ chatId }) => {
    try {
      await api(signal).deleteMessage(chatId, id);
    } catch (error) {
      if (!descriptionOf(error).includes("message to delete not found")) throw error;
    }
  });
}

/** Sets our one reaction on the message, or takes it away. */
export async function react(
  { api, sender }: Shared,
  target: Target,
  messageId: string,
  emoji: string,
  { remove: isRemoval }: { readonly remove: boolean },
  signal: AbortSignal,
): Promise<void> {
  const id = messageIdOf(messageId);
  const wanted = isRemoval ? undefined : reactionEmoji(emoji);
  await sender.guided(addressOf(target), async ({ chatId }) => {
    await api(signal).setMessageReaction(chatId, id, wanted === undefined ? [] : [{ type: "emoji", emoji: wanted }]);
  });
}

/** Telegram shows it for five seconds and has no way to take it back. */
export async function typing({ api, sender }: Shared, target: Target, on: boolean, signal: AbortSignal) {
  if (!on) return;
  const address = addressOf(target);
  const { typingThreadId: threadId } = address;
  await sender.guided(address, async ({ chatId }) => {
    await api(signal).sendChatAction(chatId, "typing", threadId === undefined ? {} : { message_thread_id: threadId });
  });
}
