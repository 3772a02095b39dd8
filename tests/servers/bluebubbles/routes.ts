/** The calls of our strict BlueBubbles server and what each of them refuses. */
import { type BubbleChat, type BubbleMessage, shown, type World } from "./world.ts";

/** An error in the server's own form. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly type: string, message: string) {
    super(message);
  }
}
const bad = (message: string): Refusal => new Refusal(400, "Validation Error", message);

export interface Mac {
  readonly world: World;
  /** Of the server; changed by tests. */
  readonly settings: { privateApi: boolean; macOS: string; maxAttachmentBytes: number };
  /** Names of sends under way. */
  readonly sending: Set<string>;
  readonly signs: { readonly kind: "read" | "typing"; readonly chat: string }[];
  readonly reactions: { readonly message: string; readonly reaction: string }[];
}

export interface Asked {
  readonly mac: Mac;
  /** Parts of the path that the pattern holds, decoded. */
  readonly parts: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly file: File | undefined;
}

type Route = (asked: Asked) => unknown;

export const ROUTES: readonly (readonly [string, RegExp, Route])[] = [
  ["GET", /^\/ping$/u, () => "pong"],
  ["GET", /^\/server\/info$/u, ({ mac: { settings } }) => ({
    os_version: settings.macOS,
    server_version: "1.9.9",
    private_api: settings.privateApi,
    helper_connected: settings.privateApi,
    detected_imessage: "owner@example.org",
  })],
  ["POST", /^\/chat\/query$/u, ({ mac, body }) => {
    const { limit, offset } = paging(body, 1000);
    return mac.world.chats.slice(offset, offset + limit).map(({ guid, name }) => ({ guid, displayName: name }));
  }],
  ["POST", /^\/chat\/new$/u, newChat],
  ["POST", /^\/message\/query$/u, ({ mac, body }) => {
    const { limit, offset } = paging(body, 1000);
    const after = Number(body["after"] ?? 0);
    return mac.world.messages.filter(({ dateCreated }) => dateCreated > after).slice(offset, offset + limit)
      .map((message) => shown(message));
  }],
  ["POST", /^\/message\/text$/u, sendText],
  ["POST", /^\/message\/attachment$/u, sendFile],
  ["POST", /^\/message\/react$/u, react],
  ["POST", /^\/message\/([^/]+)\/edit$/u, edit],
  ["POST", /^\/message\/([^/]+)\/unsend$/u, unsend],
  ["GET", /^\/message\/([^/]+)$/u, ({ mac, parts }) => shown(messageOf(mac, parts[0]))],
  ["POST", /^\/chat\/([^/]+)\/(read|typing)$/u, sign],
];

function sendText({ mac, body }: Asked): unknown {
  onlyKeys(body, [
    "chatGuid",
    "tempGuid",
    "message",
    "method",
    "selectedMessageGuid",
    "partIndex",
    "effectId",
    "subject",
  ]);
  const chat = chatOf(mac, body["chatGuid"]);
  method(mac, body);
  const text = textOf(body, "message");
  const reply = body["selectedMessageGuid"];
  if (reply !== undefined) {
    if (body["method"] !== "private-api") throw bad("Replies need the Private API");
    messageOf(mac, reply);
  }
  return sent(mac, { chat, text, temp: textOf(body, "tempGuid"), extra: { threadOriginatorGuid: reply ?? null } });
}

function sendFile({ mac, body, file }: Asked): unknown {
  onlyKeys(body, ["chatGuid", "tempGuid", "name", "method", "isAudioMessage"]);
  const chat = chatOf(mac, body["chatGuid"]);
  method(mac, body);
  const name = textOf(body, "name");
  if (!file || file.size === 0) throw bad("Attachment not provided or was empty");
  if (file.size > mac.settings.maxAttachmentBytes) throw new Refusal(413, "Payload Too Large", "The file is too large");
  return sent(mac, { chat, text: "", temp: textOf(body, "tempGuid"), extra: {}, file, name });
}

interface Sending {
  readonly chat: BubbleChat;
  readonly text: string;
  readonly temp: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly file?: File;
  readonly name?: string;
}

function sent(mac: Mac, { chat, text, temp, extra, file, name }: Sending): unknown {
  if (mac.sending.has(temp)) throw bad(`Message is already queued to be sent! (Temp GUID: ${temp})`);
  const files = file && name !== undefined
    ? [{ guid: `at_0_${crypto.randomUUID()}`, name, mimeType: file.type, bytes: new Uint8Array(0) }]
    : [];
  const message = mac.world.add({ chat, sender: undefined, text, files, extra });
  file?.bytes().then((bytes) => message.files = files.map((each) => ({ ...each, bytes })));
  return { ...shown(message), tempGuid: temp };
}

function newChat({ mac, body }: Asked): unknown {
  const addresses = body["addresses"];
  if (!Array.isArray(addresses) || addresses.length === 0) throw bad("addresses is required");
  method(mac, body);
  const text = textOf(body, "message");
  const chat = addresses.length === 1
    ? mac.world.direct(String(addresses[0]))
    : mac.world.group("", addresses.map(String));
  const message = mac.world.add({ chat, sender: undefined, text });
  return { guid: chat.guid, messages: [shown(message)] };
}

const REACTIONS = ["love", "like", "dislike", "laugh", "emphasize", "question"];

function react({ mac, body }: Asked): unknown {
  onlyKeys(body, ["chatGuid", "selectedMessageGuid", "reaction", "partIndex"]);
  needsPrivateApi(mac);
  chatOf(mac, body["chatGuid"]);
  const { guid } = messageOf(mac, body["selectedMessageGuid"]);
  const reaction = textOf(body, "reaction");
  if (!REACTIONS.includes(reaction.replace(/^-/u, ""))) throw bad("Invalid reaction");
  mac.reactions.push({ message: guid, reaction });
  return { guid: crypto.randomUUID() };
}

function edit({ mac, parts, body }: Asked): unknown {
  onlyKeys(body, ["editedMessage", "backwardsCompatibilityMessage", "partIndex"]);
  const message = ownMessage(mac, parts[0]);
  if (mac.settings.macOS.startsWith("26")) throw new Refusal(500, "iMessage Error", "Failed to edit message");
  textOf(body, "backwardsCompatibilityMessage");
  message.text = textOf(body, "editedMessage");
  message.edited = Date.now();
  return shown(message);
}

function unsend({ mac, parts }: Asked): unknown {
  const message = ownMessage(mac, parts[0]);
  message.retracted = Date.now();
  return shown(message);
}

function ownMessage(mac: Mac, guid: unknown): BubbleMessage {
  needsPrivateApi(mac);
  if (Number.parseInt(mac.settings.macOS) < 13) throw bad("This needs macOS Ventura or newer");
  const message = messageOf(mac, guid);
  if (message.sender !== undefined) throw bad("You did not write this message");
  return message;
}

function sign({ mac, parts }: Asked): unknown {
  needsPrivateApi(mac);
  const [guid, kind] = parts;
  const chat = chatOf(mac, guid);
  mac.signs.push({ kind: kind === "read" ? "read" : "typing", chat: chat.guid });
  return null;
}

function chatOf({ world }: Mac, guid: unknown): BubbleChat {
  const chat = world.chats.find((each) => each.guid === guid);
  if (chat) return chat;
  throw new Refusal(404, "Not Found", "Chat does not exist!");
}

function messageOf({ world }: Mac, guid: unknown): BubbleMessage {
  const message = world.messages.find((each) => each.guid === guid);
  if (message) return message;
  throw new Refusal(404, "Not Found", "Message does not exist!");
}

function method(mac: Mac, { method }: Readonly<Record<string, unknown>>): void {
  if (method !== "apple-script" && method !== "private-api") throw bad("method is invalid");
  if (method === "private-api") needsPrivateApi(mac);
}

function needsPrivateApi({ settings }: Mac): void {
  if (!settings.privateApi) throw new Refusal(500, "iMessage Error", "iMessage Private API is not enabled!");
}

function textOf(body: Readonly<Record<string, unknown>>, key: string): string {
  const value = body[key];
  if (typeof value !== "string" || value === "") throw bad(`The ${key} field is mandatory.`);
  return value;
}

function onlyKeys(body: Readonly<Record<string, unknown>>, keys: readonly string[]): void {
  const extra = Object.keys(body).find((key) => !keys.includes(key));
  if (extra !== undefined) throw bad(`The ${extra} field is unknown.`);
}

function paging(body: Readonly<Record<string, unknown>>, most: number): { limit: number; offset: number } {
  const limit = Number(body["limit"] ?? 100);
  const offset = Number(body["offset"] ?? 0);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) throw bad("The limit field is invalid.");
  if (!Number.isInteger(offset) || offset < 0) throw bad("The offset field is invalid.");
  return { limit, offset };
}
