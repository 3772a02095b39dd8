/** People, chats and messages in the forms of the contract and in those of signal-cli. */
import type { Chat, Sender, Target } from "../../schemas/worker/content.ts";
import { invalid } from "./errors.ts";

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu;
const NUMBER = /^\+\d{5,15}$/u;
const GROUP = /^[A-Za-z0-9+/_-]{20,}={0,2}$/u;

/** A person as signal-cli names one; either form may be missing. */
export interface Person {
  readonly number?: string | undefined;
  readonly uuid?: string | undefined;
}

/** The number where there is one, because allow lists hold numbers; else `uuid:<id>`. */
export function personId({ number, uuid }: Person): string | undefined {
  if (number !== undefined && NUMBER.test(number)) return number;
  return uuid !== undefined && UUID.test(uuid) ? `uuid:${uuid.toLowerCase()}` : undefined;
}

/** `+15551234567`, `uuid:<id>` or a bare id. */
export function personOf(written: string | undefined): Person {
  const text = (written ?? "").trim();
  const bare = text.replace(/^uuid:/iu, "");
  if (UUID.test(bare)) return { uuid: bare.toLowerCase() };
  return NUMBER.test(text) ? { number: text } : {};
}

/** The account itself; `id` is what messages of ours are signed with. */
export interface Self extends Person {
  readonly id: string;
  /** As the daemon wants it in `account`. */
  readonly account: string;
}

export function selfOf(account: string, uuid: string | undefined): Self | undefined {
  const person = personOf(account);
  const self = { ...person, ...(person.uuid === undefined ? { uuid: personOf(uuid).uuid } : {}) };
  const id = personId(self);
  return id === undefined ? undefined : { ...self, id, account: person.number ?? person.uuid ?? account };
}

/** Whether both are the same person, as far as the known forms tell. */
export const samePerson = (a: Person, b: Person): boolean =>
  (a.number !== undefined && a.number === b.number) ||
  (a.uuid !== undefined && a.uuid.toLowerCase() === b.uuid?.toLowerCase());

export function senderOf(person: Person, name: string | undefined, isSelf: boolean): Sender | undefined {
  const id = personId(person);
  if (id === undefined) return undefined;
  const uuid = person.uuid?.toLowerCase();
  const aliases = uuid === undefined ? [] : [`uuid:${uuid}`, uuid].filter((alias) => alias !== id);
  return {
    id,
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(name === undefined || name === "" ? {} : { name }),
    ...(isSelf ? { isSelf: true } : {}),
  };
}

export const directChat = (id: string, title: string | undefined): Chat => ({
  id,
  kind: "direct",
  ...(title === undefined || title === "" ? {} : { title }),
});

export const groupChat = (id: string, title: string | undefined): Chat => ({
  id,
  kind: "group",
  ...(title === undefined || title === "" ? {} : { title }),
});

/** A message is known by when it was sent and who sent it. */
export const messageIdOf = (timestamp: number, author: string): string => `${timestamp}:${author}`;

export interface MessageName {
  readonly timestamp: number;
  readonly author: string | undefined;
}

/** Reads `<timestamp>:<author>`, or a bare timestamp. */
export function readMessageId(written: string): MessageName {
  const match = /^(\d{1,16})(?::(.+))?$/u.exec(written.trim());
  if (!match) throw invalid(`Cannot use the message id "${written}": it does not begin with a timestamp`);
  return { timestamp: Number(match[1]), author: match[2] };
}

/** signal-cli's form of a person in a parameter. */
export function recipientOf(written: string): string {
  const { number, uuid } = personOf(written);
  const found = number ?? uuid;
  if (found === undefined) {
    throw invalid(`Cannot use the person "${written}": it is neither a number nor an account id`);
  }
  return found;
}

export type Address =
  | { readonly kind: "person"; readonly recipient: string }
  | { readonly kind: "group"; readonly groupId: string }
  | { readonly kind: "username"; readonly username: string };

/** A number, `uuid:<id>`, `username:<name>`, a group id or `signal:group:<id>`. */
export function addressOf(target: Pick<Target, "chatId" | "kind">): Address {
  const text = target.chatId.trim().replace(/^signal:/iu, "");
  const group = /^group:(.+)$/iu.exec(text)?.[1] ?? (target.kind === "group" ? text : undefined);
  if (group !== undefined) {
    if (!GROUP.test(group)) throw invalid(`Cannot use the group "${target.chatId}": its id is not in base64`);
    return { kind: "group", groupId: group };
  }
  const username = /^(?:username:|u:)(.+)$/iu.exec(text)?.[1];
  if (username !== undefined) return { kind: "username", username };
  const { number, uuid } = personOf(text);
  const recipient = number ?? uuid;
  if (recipient !== undefined) return { kind: "person", recipient };
  if (GROUP.test(text)) return { kind: "group", groupId: text };
  throw invalid(`Cannot use the chat "${target.chatId}": it is no number, account id, username or group`);
}

/** The parameters that say where something goes. */
export function placeParams(address: Address): Record<string, unknown> {
  switch (address.kind) {
    case "person":
      return { recipient: [address.recipient] };
    case "group":
      return { groupId: address.groupId };
    case "username":
      return { username: [address.username] };
  }
}
