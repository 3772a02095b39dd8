/** Everything that is done to a message or a chat beside sending: delete, react, type, mark as read, fetch. */
import { checker } from "../../schemas/validate.ts";
import type { ReplyValue } from "../../schemas/worker/channel.ts";
import type { Target } from "../../schemas/worker/content.ts";
import { ProviderError } from "../runtime/provider.ts";
import { invalid, oddAnswer } from "./errors.ts";
import { addressOf, placeParams, readMessageId, recipientOf } from "./identity.ts";
import { readRef } from "./inbound_media.ts";
import type { Shared } from "./shared.ts";
import { UPLOAD_MS } from "./rpc.ts";
import { Fetched } from "./wire.ts";

const checkFetched = checker(Fetched);

/** Takes a message of ours back from everybody. */
export async function remove(shared: Shared, target: Target, messageId: string, signal: AbortSignal): Promise<void> {
  const { self } = shared.identity();
  const { timestamp, author } = readMessageId(messageId);
  if (author !== undefined && author !== self.id) throw invalid("Cannot delete the message: somebody else wrote it");
  const params = { account: self.account, ...placeParams(addressOf(target)), targetTimestamp: timestamp };
  await shared.rpc.call("remoteDelete", params, { signal });
}

export async function react(
  shared: Shared,
  target: Target,
  messageId: string,
  emoji: string,
  options: { readonly remove: boolean; readonly senderId: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { self } = shared.identity();
  const address = addressOf(target);
  const { timestamp, author: named } = readMessageId(messageId);
  const ours = shared.memory.ownChat(timestamp) === undefined ? undefined : self.id;
  const peer = address.kind === "person" ? address.recipient : undefined;
  const author = named ?? options.senderId ?? ours ?? shared.memory.authorOf(timestamp) ?? peer;
  if (author === undefined) throw invalid("Cannot react: in a group Signal wants to know who wrote the message");
  await shared.rpc.call("sendReaction", {
    account: self.account,
    ...placeParams(address),
    emoji,
    targetAuthor: recipientOf(author),
    targetTimestamp: timestamp,
    ...(options.remove ? { remove: true } : {}),
  }, { signal });
}

/** Signal hides it by itself after a while; it is refreshed from outside. */
export async function typing(shared: Shared, target: Target, on: boolean, signal: AbortSignal): Promise<void> {
  const address = addressOf(target);
  if (address.kind === "username") return;
  const { self } = shared.identity();
  const params = { account: self.account, ...placeParams(address), ...(on ? {} : { stop: true }) };
  await shared.rpc.call("sendTyping", params, { signal });
}

/** In private chats alone, and only where the owner wants people to know. */
export async function read(shared: Shared, target: Target, messageId: string, senderId: string, signal: AbortSignal) {
  if (!shared.settings.sendReadReceipts || addressOf(target).kind !== "person") return;
  const { self } = shared.identity();
  await shared.rpc.call("sendReceipt", {
    account: self.account,
    recipient: recipientOf(senderId),
    targetTimestamp: [readMessageId(messageId).timestamp],
    type: "read",
  }, { signal });
}

/** The daemon has the file already and gives it in base64. */
export async function fetchMedia(
  shared: Shared,
  written: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Extract<ReplyValue, { kind: "media" }>> {
  const { self } = shared.identity();
  const { id, chat, group, mime, name } = readRef(written);
  const most = Math.min(maxBytes, shared.settings.maxMediaBytes);
  const place = group ? { groupId: chat } : { recipient: recipientOf(chat) };
  const answer = await shared.rpc.ask("getAttachment", checkFetched, { account: self.account, id, ...place }, {
    signal,
    deadlineMs: UPLOAD_MS,
    maxBytes: Math.ceil(most / 3) * 4 + 64 * 1024,
  });
  const data = decoded(answer.data);
  if (data.byteLength > most) {
    const message = `The attachment has ${data.byteLength} bytes, ${most} are allowed`;
    throw new ProviderError({ code: "too_large", message, retryable: false, outcome: "not_sent" });
  }
  return { kind: "media", data, mimeType: mime, ...(name === undefined ? {} : { fileName: name }) };
}

function decoded(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    throw oddAnswer("getAttachment", "its data is no base64");
  }
}
