/** Who there is on this Signal, and what the daemon took from us. */
import { Refusal, sendRefusal, USER_ERROR } from "./refusal.ts";
import type { Attachment, TextStyle } from "./params.ts";
import { NUMBER, UUID } from "./params.ts";

export interface Person {
  readonly number: string | undefined;
  readonly uuid: string;
  readonly name: string;
  readonly username?: string;
  registered: boolean;
  trusted: boolean;
}

export interface Group {
  /** 32 bytes in base64. */
  readonly id: string;
  readonly title: string;
  readonly members: readonly Person[];
  /** The bot is a member. */
  member: boolean;
}

/** A message that the daemon took from us. */
export interface SentMessage {
  readonly timestamp: number;
  readonly account: string;
  /** The person's number or id, the group's id, or `u:<name>`. */
  readonly to: string;
  readonly message: string;
  readonly styles: readonly TextStyle[];
  readonly attachments: readonly Attachment[];
  readonly quote:
    | { readonly timestamp: number; readonly author: string; readonly message: string | undefined }
    | undefined;
  readonly edits: number | undefined;
}

export interface Account {
  readonly number: string | undefined;
  readonly uuid: string;
}

export interface World {
  readonly people: readonly Person[];
  readonly groups: ReadonlyMap<string, Group>;
  readonly accounts: Account[];
  readonly sent: SentMessage[];
  readonly files: Map<string, { readonly data: Uint8Array; readonly chat: string }>;
  person(options: { number?: string; name: string; username?: string }): Person;
  group(title: string, members: readonly Person[]): Group;
  /** Milliseconds, never the same twice. */
  now(): number;
  find(written: string): Person | Account | undefined;
  /** Throws what signal-cli answers when the person cannot be written to. */
  reach(written: string): Person | Account;
}

export function createWorld(): World {
  const people: Person[] = [];
  const groups = new Map<string, Group>();
  const accounts: Account[] = [];
  let last = 0;
  const find: World["find"] = (written) => {
    const bare = written.replace(/^PNI:/u, "");
    return [...people, ...accounts].find(({ number, uuid }) => number === bare || uuid === bare);
  };
  return {
    people,
    groups,
    accounts,
    sent: [],
    files: new Map(),
    person({ number, name, username }) {
      const person: Person = {
        number,
        uuid: crypto.randomUUID(),
        name,
        ...(username === undefined ? {} : { username }),
        registered: true,
        trusted: true,
      };
      people.push(person);
      return person;
    },
    group(title, members) {
      const id = crypto.getRandomValues(new Uint8Array(32)).toBase64();
      const group: Group = { id, title, members, member: true };
      groups.set(id, group);
      return group;
    },
    now() {
      last = Math.max(last + 1, Date.now());
      return last;
    },
    find,
    reach(written) {
      if (!NUMBER.test(written) && !UUID.test(written)) {
        throw new Refusal(USER_ERROR, `Invalid phone number: ${written}`);
      }
      const person = find(written);
      if (!person) throw new Refusal(USER_ERROR, `The user ${written} is not registered.`);
      if ("registered" in person && !person.registered) throw sendRefusal("UNREGISTERED_FAILURE", person);
      if ("trusted" in person && !person.trusted) throw sendRefusal("IDENTITY_FAILURE", person);
      return person;
    },
  };
}
