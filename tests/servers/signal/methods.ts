/** The daemon's JSON-RPC methods, strict in what they take. */
import { attachments, bad, emoji, flag, list, onlyKnown, type Params, text, textStyles, whole } from "./params.ts";
import { IO_ERROR, Refusal, USER_ERROR } from "./refusal.ts";
import type { SentMessage, World } from "./world.ts";

export interface Daemon {
  readonly world: World;
  readonly version: string;
  readonly multi: boolean;
  readonly subscriptions: Map<number, string>;
  readonly links: Map<string, PromiseWithResolvers<string>>;
  /** How long `finishLink` waits for the phone. */
  readonly linkMs: number;
}

export type Method = (daemon: Daemon, params: Params, account: string) => unknown;

const MAX_MESSAGE = 64 * 1024;
const TO = ["recipient", "groupId", "username", "account"];

/** Methods of one account. */
export const METHODS: Readonly<Record<string, Method>> = {
  version: ({ version }, params) => {
    onlyKnown(params, ["account"]);
    return { version };
  },
  send,
  sendReaction(daemon, params, account) {
    onlyKnown(params, [...TO, "emoji", "targetAuthor", "targetTimestamp", "remove"]);
    destination(daemon, params);
    emoji(params);
    flag(params, "remove");
    author(daemon, text(params, "targetAuthor"), "targetAuthor");
    if (whole(params, "targetTimestamp") === undefined) throw bad("targetTimestamp is missing");
    return taken(daemon, account);
  },
  remoteDelete(daemon, params, account) {
    onlyKnown(params, [...TO, "targetTimestamp"]);
    const to = destination(daemon, params);
    ownMessage(daemon, to, whole(params, "targetTimestamp"));
    return taken(daemon, account);
  },
  sendTyping(daemon, params, account) {
    onlyKnown(params, ["recipient", "groupId", "account", "stop"]);
    flag(params, "stop");
    destination(daemon, params);
    return taken(daemon, account);
  },
  sendReceipt(daemon, params, account) {
    onlyKnown(params, ["recipient", "targetTimestamp", "type", "account"]);
    const recipient = text(params, "recipient");
    if (recipient === undefined) throw bad("recipient is missing");
    daemon.world.reach(recipient);
    const { targetTimestamp: times } = params;
    if (!Array.isArray(times) || times.length === 0 || !times.every((time) => Number.isSafeInteger(time))) {
      throw bad("targetTimestamp is no list of longs");
    }
    const type = text(params, "type") ?? "read";
    if (type !== "read" && type !== "viewed") throw new Refusal(USER_ERROR, `Unknown receipt type: ${type}`);
    return taken(daemon, account);
  },
  getAttachment({ world }, params) {
    onlyKnown(params, ["id", "recipient", "groupId", "account"]);
    const file = world.files.get(text(params, "id") ?? "");
    const chat = text(params, "recipient") ?? text(params, "groupId");
    if (chat === undefined) throw bad("recipient or groupId is missing");
    if (!file) throw new Refusal(USER_ERROR, "Could not find attachment with ID: gone");
    if (file.chat !== chat) throw new Refusal(USER_ERROR, `The attachment is not from ${chat}`);
    return { data: file.data.toBase64() };
  },
  listGroups({ world }, params) {
    onlyKnown(params, ["account"]);
    return [...world.groups.values()].map(({ id, title, member }) => ({ id, name: title, isMember: member }));
  },
  subscribeReceive({ subscriptions }, params, account) {
    onlyKnown(params, ["account"]);
    const id = subscriptions.size + Math.max(0, ...subscriptions.keys()) + 1;
    subscriptions.set(id, account);
    return id;
  },
  unsubscribeReceive({ subscriptions }, params) {
    onlyKnown(params, ["account", "subscription"]);
    const id = whole(params, "subscription");
    if (id === undefined || !subscriptions.delete(id)) throw bad("Unknown subscription id");
    return {};
  },
};

/** Methods that only a daemon of several accounts has. */
export const MULTI_METHODS: Readonly<Record<string, Method>> = {
  listAccounts: ({ world }, params) => {
    onlyKnown(params, []);
    return world.accounts.map(({ number, uuid }) => ({ number: number ?? null, aci: uuid }));
  },
  startLink({ links }, params) {
    onlyKnown(params, []);
    const uri = `sgnl://linkdevice?uuid=${crypto.randomUUID()}&pub_key=${crypto.randomUUID()}`;
    links.set(uri, Promise.withResolvers());
    return { deviceLinkUri: uri };
  },
  async finishLink({ links, world, linkMs }, params) {
    onlyKnown(params, ["deviceLinkUri", "deviceName"]);
    const uri = text(params, "deviceLinkUri") ?? "";
    const link = links.get(uri);
    if (!link) throw new Refusal(USER_ERROR, "Invalid device link uri");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), linkMs));
    const number = await Promise.race([link.promise, late]);
    clearTimeout(timer);
    links.delete(uri);
    if (number === undefined) throw new Refusal(IO_ERROR, "Link request timed out, please try again.");
    const account = { number, uuid: crypto.randomUUID() };
    world.accounts.push(account);
    return { number, aci: account.uuid };
  },
};

function send(daemon: Daemon, params: Params, account: string): unknown {
  const quoteKeys = ["quoteTimestamp", "quoteAuthor", "quoteMessage"];
  onlyKnown(params, [...TO, "message", "textStyle", "attachments", "editTimestamp", ...quoteKeys]);
  const { world } = daemon;
  const to = destination(daemon, params);
  const message = text(params, "message") ?? "";
  if (new TextEncoder().encode(message).byteLength > MAX_MESSAGE) throw new Refusal(USER_ERROR, "Message too long");
  const files = attachments(list(params, "attachments"));
  if (message === "" && files.length === 0) {
    throw new Refusal(
      USER_ERROR,
      "Sending empty message is not allowed, either a message, attachment or sticker must be given.",
    );
  }
  const edits = whole(params, "editTimestamp");
  if (edits !== undefined) ownMessage(daemon, to, edits);
  const sent: SentMessage = {
    timestamp: world.now(),
    account,
    to,
    message,
    styles: textStyles(list(params, "textStyle"), message),
    attachments: files,
    quote: quoteOf(daemon, params),
    edits,
  };
  world.sent.push(sent);
  return { timestamp: sent.timestamp, results: [{ recipientAddress: { number: to }, type: "SUCCESS" }] };
}

function quoteOf(daemon: Daemon, params: Params): SentMessage["quote"] {
  const timestamp = whole(params, "quoteTimestamp");
  const written = text(params, "quoteAuthor");
  const message = text(params, "quoteMessage");
  if (timestamp === undefined) {
    if (written !== undefined || message !== undefined) throw bad("A quote has no timestamp");
    return undefined;
  }
  if (written === undefined) throw new Refusal(USER_ERROR, "Quote author parameter is missing");
  return { timestamp, author: author(daemon, written, "quoteAuthor"), message };
}

const author = ({ world }: Daemon, written: string | undefined, key: string): string => {
  if (written === undefined || !world.find(written)) throw new Refusal(USER_ERROR, `Invalid ${key}: ${written}`);
  return written;
};

/** Exactly one place, which exists and takes messages. */
function destination({ world }: Daemon, params: Params): string {
  const recipients = list(params, "recipient");
  const groupIds = list(params, "groupId");
  const usernames = list(params, "username");
  if (recipients.length + groupIds.length + usernames.length !== 1) {
    throw new Refusal(USER_ERROR, "No recipients given, or more than this server takes");
  }
  const [recipient, groupId, username] = [recipients[0], groupIds[0], usernames[0]];
  if (recipient !== undefined) {
    world.reach(recipient);
    return recipient;
  }
  if (groupId !== undefined) {
    const group = world.groups.get(groupId);
    if (!group) throw new Refusal(USER_ERROR, `Group not found: ${groupId}`);
    if (!group.member) throw new Refusal(USER_ERROR, `User is not a group member of ${group.title}`);
    return groupId;
  }
  const person = world.people.find((each) => each.username === username);
  if (!person) throw new Refusal(USER_ERROR, `The user u:${username} is not registered.`);
  return `u:${username}`;
}

function ownMessage({ world }: Daemon, to: string, timestamp: number | undefined): void {
  const found = world.sent.find((sent) => sent.timestamp === timestamp && sent.to === to);
  if (!found) throw new Refusal(USER_ERROR, "There is no message of this account with that timestamp");
}

const taken = ({ world }: Daemon, _account: string) => ({ timestamp: world.now(), results: [] });
