/** Messages to the server: text with a name of its own for each attempt of the same key, attachments as forms. */
import { checker } from "../../schemas/validate.ts";
import type { Outbound, Receipt, Target } from "../../schemas/worker/content.ts";
import { toPlainText } from "../runtime/plain_text.ts";
import type { Abilities } from "./abilities.ts";
import { handleOf, readChatGuid } from "./chat_guid.ts";
import { invalid, oddAnswer } from "./errors.ts";
import type { Memory } from "./memory.ts";
import { type Rest, SEND_MS } from "./rest.ts";
import { Chats, SentChat, SentMessage } from "./wire.ts";

const checkSent = checker(SentMessage);
const checkSentChat = checker(SentChat);
const checkChats = checker(Chats);
const PAGE = 200;
const MAX_CHATS = 2_000;

export interface SenderDeps {
  readonly rest: Rest;
  readonly memory: Memory;
  readonly abilities: () => Abilities;
}

export type Send = (message: Outbound, signal: AbortSignal) => Promise<Receipt>;

export function createSender({ rest, memory, abilities }: SenderDeps): Send {
  /** `make` runs once for each part of a key: a second attempt goes on where the first one failed. */
  async function once(key: string, part: string, make: () => Promise<string>): Promise<string> {
    const parts = memory.parts(key);
    const known = parts.get(part);
    if (known !== undefined) return known;
    const guid = await make();
    parts.set(part, guid);
    memory.own(guid);
    return guid;
  }

  async function sendText(chatGuid: string, text: string, message: Outbound, signal: AbortSignal): Promise<string> {
    const { privateApi, can } = abilities();
    const { replyToId } = message.target;
    const reply = replyToId !== undefined && can("reply") ? { selectedMessageGuid: replyToId, partIndex: 0 } : {};
    const body = {
      chatGuid,
      tempGuid: await tempGuid(message.idempotencyKey, "text"),
      message: text,
      method: privateApi ? "private-api" : "apple-script",
      ...reply,
    };
    const checked = checkSent(await rest.call("POST", "/message/text", signal, { body, deadlineMs: SEND_MS }));
    if (!checked.ok) throw oddAnswer("/message/text");
    return checked.value.guid;
  }

  async function sendFile(chatGuid: string, message: Outbound, signal: AbortSignal): Promise<string> {
    const { media, idempotencyKey } = message;
    if (!media) throw invalid("Cannot send: there is no attachment");
    const name = (media.fileName ?? defaultName(media.mimeType)).replaceAll(/[\p{Cc}/\\"]+/gu, "_");
    const body = new FormData();
    body.set("chatGuid", chatGuid);
    body.set("tempGuid", await tempGuid(idempotencyKey, "file"));
    body.set("name", name);
    body.set("method", abilities().privateApi ? "private-api" : "apple-script");
    if (media.kind === "voice" && abilities().privateApi) body.set("isAudioMessage", "true");
    body.set("attachment", new Blob([media.data], { type: media.mimeType }), name);
    const checked = checkSent(await rest.call("POST", "/message/attachment", signal, { body, deadlineMs: SEND_MS }));
    if (!checked.ok) throw oddAnswer("/message/attachment");
    return checked.value.guid;
  }

  /** The first message to somebody: the server makes the chat with it. */
  async function sendNew(handle: string, text: string, message: Outbound, signal: AbortSignal): Promise<string> {
    const body = {
      addresses: [handle],
      message: text,
      tempGuid: await tempGuid(message.idempotencyKey, "text"),
      method: abilities().privateApi ? "private-api" : "apple-script",
      service: "iMessage",
    };
    const checked = checkSentChat(await rest.call("POST", "/chat/new", signal, { body, deadlineMs: SEND_MS }));
    if (!checked.ok) throw oddAnswer("/chat/new");
    memory.rememberChat(handle, checked.value.guid);
    return checked.value.messages?.[0]?.guid ?? `sent:${message.idempotencyKey}`;
  }

  return async (message, signal) => {
    const text = toPlainText(message.text ?? "");
    const { media, idempotencyKey: key, target } = message;
    if (text.trim() === "" && !media) throw invalid("Cannot send: there is neither text nor an attachment");
    if (media) abilities().require("sendAttachment");
    const known = memory.parts(key).get("chat");
    const chatGuid = known ?? await chatGuidFor(target, { rest, memory }, signal);
    const ids: string[] = [];
    if (chatGuid === undefined) {
      if (media) throw invalid(`Cannot send an attachment to "${target.chatId}": send a text first`);
      ids.push(await once(key, "text", () => sendNew(handleOf(target.chatId), text, message, signal)));
    } else {
      memory.parts(key).set("chat", chatGuid);
      if (media) ids.push(await once(key, "file", () => sendFile(chatGuid, message, signal)));
      if (text.trim() !== "") ids.push(await once(key, "text", () => sendText(chatGuid, text, message, signal)));
    }
    return { messageIds: ids, chatId: target.chatId, at: Date.now() };
  };
}

/** The chat's name; undefined for a person with whom there is no chat yet. Throws ProviderError for what is neither. */
export async function chatGuidFor(
  { chatId }: Pick<Target, "chatId">,
  { rest, memory }: Pick<SenderDeps, "rest" | "memory">,
  signal: AbortSignal,
): Promise<string | undefined> {
  const written = chatId.trim().replace(/^(?:bluebubbles:)?chat_guid:/iu, "");
  if (readChatGuid(written)) return written;
  const identifier = /^(?:bluebubbles:)?chat_identifier:(.+)$/iu.exec(written)?.[1]?.trim();
  const wanted = identifier ?? handleOf(written.replace(/^bluebubbles:/iu, ""));
  if (identifier === undefined && !/^(?:\+?\d{3,15}|[^\s@;]+@[^\s@;]+)$/u.test(wanted)) {
    throw invalid(`Cannot send to "${chatId}": it is no telephone number, e-mail address or chat`);
  }
  const known = memory.chatOf(wanted);
  if (known !== undefined) return known;
  for (let offset = 0; offset < MAX_CHATS; offset += PAGE) {
    const page = checkChats(await rest.call("POST", "/chat/query", signal, { body: { limit: PAGE, offset } }));
    if (!page.ok) throw oddAnswer("/chat/query");
    const found = page.value.find(({ guid }) => {
      const form = readChatGuid(guid);
      return form !== undefined &&
        (identifier === undefined
          ? form.kind === "direct" && handleOf(form.identifier) === wanted
          : form.identifier === identifier);
    });
    if (found) {
      memory.rememberChat(wanted, found.guid);
      return found.guid;
    }
    if (page.value.length < PAGE) break;
  }
  if (identifier !== undefined) throw invalid(`Cannot send to "${chatId}": the server knows no such chat`);
  return undefined;
}

/** The same for every attempt, so that the server refuses a second one while the first is under way. */
async function tempGuid(key: string, part: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${part}:${key}`));
  return `temp-${new Uint8Array(digest).toHex().slice(0, 32)}`;
}

const defaultName = (type: string): string => `attachment.${/\/([a-z0-9]+)/u.exec(type)?.[1] ?? "bin"}`;
