/** Sends and edits: one call of the contract is one call of the daemon. */
import { checker } from "../../schemas/validate.ts";
import type { Outbound, Receipt, Target } from "../../schemas/worker/content.ts";
import { isAtLeast } from "./account.ts";
import { invalid, unsupported } from "./errors.ts";
import { stylesOf, toSignal } from "./format.ts";
import {
  type Address,
  addressOf,
  messageIdOf,
  personId,
  personOf,
  placeParams,
  readMessageId,
  recipientOf,
} from "./identity.ts";
import type { Shared } from "./shared.ts";
import { UPLOAD_MS } from "./rpc.ts";
import { Sent } from "./wire.ts";

const checkSent = checker(Sent);

export async function send(shared: Shared, message: Outbound, signal: AbortSignal): Promise<Receipt> {
  const { rpc, memory, log } = shared;
  const { self } = shared.identity();
  const address = addressOf(message.target);
  const body = bodyOf(shared, message.text ?? "");
  const { media } = message;
  if (!media && body.text === "") throw invalid("Cannot send the message: it has neither text nor a file");
  const params = {
    account: self.account,
    ...placeParams(address),
    ...messageParams(body),
    ...(media ? { attachments: [dataUri(media)] } : {}),
    ...quoteParams(shared, message.target, address),
  };
  const deadlineMs = media ? UPLOAD_MS : undefined;
  const sent = await rpc.ask("send", checkSent, params, {
    signal,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  const failures = (sent.results ?? []).filter(({ type }) => type !== "SUCCESS");
  if (failures.length > 0) {
    log("warn", "signal.sent_to_some", {
      failed: failures.length,
      kinds: [...new Set(failures.map(({ type }) => type))],
    });
  }
  const chatId = chatIdOf(address);
  memory.own(sent.timestamp, chatId);
  memory.seen(sent.timestamp, self.id, body.text);
  return {
    messageIds: [messageIdOf(sent.timestamp, self.id)],
    chatId,
    at: sent.timestamp,
    ...(failures.length > 0 ? { extra: { notReached: failures.length } } : {}),
  };
}

export async function edit(shared: Shared, target: Target, messageId: string, text: string, signal: AbortSignal) {
  const { self, version } = shared.identity();
  // An older daemon would pass over the parameter and send a second message.
  if (!isAtLeast(version, 0, 12)) throw unsupported(`signal-cli ${version} cannot edit messages; 0.12 can`);
  const { timestamp, author } = readMessageId(messageId);
  if (author !== undefined && author !== self.id) throw invalid("Cannot edit the message: somebody else wrote it");
  const body = bodyOf(shared, text);
  if (body.text === "") throw invalid("Cannot edit the message: the new text is empty");
  const params = {
    account: self.account,
    ...placeParams(addressOf(target)),
    ...messageParams(body),
    editTimestamp: timestamp,
  };
  const sent = await shared.rpc.ask("send", checkSent, params, { signal });
  shared.memory.own(sent.timestamp, chatIdOf(addressOf(target)));
}

function bodyOf({ settings }: Shared, markdown: string) {
  const rendered = toSignal(markdown, settings.tables);
  // A text of marks alone is shown as it is written.
  return rendered.text === "" ? { text: markdown.trim(), styles: [] } : rendered;
}

const messageParams = (body: ReturnType<typeof bodyOf>) => ({
  message: body.text,
  ...(body.styles.length > 0 ? { textStyle: stylesOf(body) } : {}),
});

/** A quote needs its author; where nobody knows who that is, the answer goes out without one. */
function quoteParams(shared: Shared, { replyToId }: Target, address: Address): Record<string, unknown> {
  if (replyToId === undefined) return {};
  const { self } = shared.identity();
  const { timestamp, author: named } = readMessageId(replyToId);
  const peer = address.kind === "person" ? address.recipient : undefined;
  const ours = shared.memory.ownChat(timestamp) === undefined ? undefined : self.id;
  const author = named ?? ours ?? shared.memory.authorOf(timestamp) ?? peer;
  if (author === undefined || author === "unknown") {
    shared.log("info", "signal.quote_left_out", { timestamp });
    return {};
  }
  const text = shared.memory.textOf(timestamp, author);
  return {
    quoteTimestamp: timestamp,
    quoteAuthor: recipientOf(author),
    ...(text === undefined || text === "" ? {} : { quoteMessage: text }),
  };
}

function chatIdOf(address: Address): string {
  switch (address.kind) {
    case "person":
      return personId(personOf(address.recipient)) ?? address.recipient;
    case "group":
      return address.groupId;
    case "username":
      return `username:${address.username}`;
  }
}

/** The daemon takes files as data, so that no directory has to be shared. Signs of the form itself may not stand in a name. */
function dataUri({ mimeType, fileName, data }: NonNullable<Outbound["media"]>): string {
  const mime = /^[\w.+-]+\/[\w.+-]+/u.exec(mimeType)?.[0] ?? "application/octet-stream";
  const name = (fileName ?? "").replaceAll(/[\p{Cc};,=%"\\/]+/gu, "_").slice(0, 200);
  return `data:${mime}${name === "" ? "" : `;filename=${name}`};base64,${data.toBase64()}`;
}
