/** The BlueBubbles provider: webhooks in, REST calls out. */
import type { Target } from "../../schemas/worker/content.ts";
import type { Provider, ProviderContext } from "../runtime/provider.ts";
import { toPlainText } from "../runtime/plain_text.ts";
import { type Abilities, abilitiesOf } from "./abilities.ts";
import { askServer, connectForLife } from "./connection.ts";
import { invalid, networkError, unsupported } from "./errors.ts";
import { createIntake } from "./intake.ts";
import { createMemory } from "./memory.ts";
import { chatGuidFor, createSender } from "./outbound.ts";
import { createRest } from "./rest.ts";
import { createSafety } from "./safety.ts";
import { readSettings } from "./settings.ts";
import { tapbackOf } from "./tapbacks.ts";
import { answerPost } from "./webhook.ts";

/** Throws ProviderError for a configuration that can never work. */
export function createProvider(context: ProviderContext): Provider {
  const settings = readSettings(context);
  const rest = createRest(settings);
  const memory = createMemory();
  const safety = createSafety(context);
  const intake = createIntake({ context, settings, memory, rest, onSafe: safety.safe });
  let abilities: Abilities = abilitiesOf(undefined, settings);
  let life: Promise<void> | undefined;

  async function chatOf(target: Target, signal: AbortSignal): Promise<string> {
    const guid = await chatGuidFor(target, { rest, memory }, signal);
    if (guid === undefined) throw invalid(`There is no chat with "${target.chatId}" yet`);
    return guid;
  }
  const chatPath = async (target: Target, signal: AbortSignal): Promise<string> =>
    `/chat/${encodeURIComponent(await chatOf(target, signal))}`;

  return {
    connect() {
      life = connectForLife({
        context,
        settings,
        rest,
        intake,
        safeUntil: () => safety.until,
        onAbilities: (found) => abilities = found,
      });
    },
    disconnect: async () => await life,
    send: createSender({ rest, memory, abilities: () => abilities }),
    async edit(_target, messageId, text, signal) {
      abilities.require("edit");
      const plain = toPlainText(text);
      const body = { editedMessage: plain, backwardsCompatibilityMessage: `Edited to: “${plain}”`, partIndex: 0 };
      await rest.call("POST", `/message/${encodeURIComponent(messageId)}/edit`, signal, { body });
    },
    async delete(_target, messageId, signal) {
      abilities.require("unsend");
      await rest.call("POST", `/message/${encodeURIComponent(messageId)}/unsend`, signal, { body: { partIndex: 0 } });
    },
    async react(target, messageId, emoji, { remove }, signal) {
      abilities.require("reactions");
      const tapback = tapbackOf(emoji);
      if (tapback === undefined) {
        throw unsupported(`iMessage has no reaction ${emoji}: it has ❤️ 👍 👎 😂 ‼️ ❓`);
      }
      const reaction = remove ? `-${tapback}` : tapback;
      const body = { chatGuid: await chatOf(target, signal), selectedMessageGuid: messageId, reaction, partIndex: 0 };
      await rest.call("POST", "/message/react", signal, { body });
    },
    async typing(target, on, signal) {
      abilities.require("typing");
      // Servers do not end it reliably; the next message or a minute does.
      if (on) await rest.call("POST", `${await chatPath(target, signal)}/typing`, signal, { body: {} });
    },
    async read(target, _messageId, _senderId, signal) {
      abilities.require("read");
      await rest.call("POST", `${await chatPath(target, signal)}/read`, signal, { body: {} });
    },
    async fetchMedia(ref, maxBytes, signal) {
      const known = memory.mediaOf(ref);
      const file = await rest.download(`/attachment/${encodeURIComponent(ref)}/download`, maxBytes, signal);
      const mimeType = known?.mimeType ?? file.mimeType ?? "application/octet-stream";
      const fileName = known?.fileName;
      return { kind: "media", data: file.data, mimeType, ...(fileName === undefined ? {} : { fileName }) };
    },
    probe: async (signal) => ({ ...(await askServer(rest, settings, signal)).facts }),
    async login() {
      context.loginStep({ kind: "wait", text: "Asking the BlueBubbles server whether it knows the password" });
      try {
        const { sentence } = await askServer(rest, settings, context.signal);
        context.loginStep({ kind: "done", text: sentence });
      } catch (error) {
        const { message, retryable } = networkError(error).error;
        context.loginStep({ kind: "failed", text: message, retryable });
      }
    },
    async webhook(request) {
      const answer = await answerPost(request, settings.webhookSecret, intake);
      if (answer.status === 200) context.alive();
      return answer;
    },
  };
}
