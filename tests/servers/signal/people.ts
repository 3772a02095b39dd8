/** What people do on this Signal, as the envelopes that the daemon would write. */
import type { Group, Person, World } from "./world.ts";

export interface SayOptions {
  readonly group?: Group;
  readonly timestamp?: number;
  /** More of the data message, such as mentions or a quote. */
  readonly extra?: Record<string, unknown>;
}

export interface People {
  say(person: Person, text: string | null, options?: SayOptions): Promise<number>;
  sendFile(person: Person, file: SentFile, options?: SayOptions & { readonly text?: string }): Promise<number>;
  react(
    person: Person,
    emoji: string,
    on: Target,
    options?: SayOptions & { readonly remove?: boolean },
  ): Promise<number>;
  edit(person: Person, target: number, text: string, options?: SayOptions): Promise<number>;
  remove(person: Person, target: number, options?: SayOptions): Promise<number>;
  receipt(person: Person, kind: "delivery" | "read" | "viewed", timestamps: readonly number[]): Promise<void>;
  typing(person: Person): Promise<void>;
  story(person: Person, text: string): Promise<void>;
  /** The owner writes on the phone. `to` undefined: to the group of the options. */
  own(to: Person | "self" | undefined, text: string, options?: SayOptions): Promise<number>;
  /** Any envelope of a person. */
  envelope(person: Person, content: Record<string, unknown>, timestamp?: number): Promise<void>;
}

export interface SentFile {
  readonly data: Uint8Array;
  readonly contentType: string;
  readonly filename?: string;
}

interface Target {
  readonly author: Pick<Person, "number" | "uuid">;
  readonly timestamp: number;
}

export function createPeople(world: World, deliver: (envelope: Record<string, unknown>) => Promise<void>): People {
  const envelope = (person: Person, content: Record<string, unknown>, timestamp: number) =>
    deliver({
      source: person.number ?? person.uuid,
      sourceNumber: person.number ?? null,
      sourceUuid: person.uuid,
      sourceName: person.name,
      sourceDevice: 1,
      timestamp,
      serverReceivedTimestamp: timestamp + 1,
      ...content,
    });
  const groupInfo = (group: Group | undefined) =>
    group ? { groupInfo: { groupId: group.id, groupName: group.title, revision: 3, type: "DELIVER" } } : {};
  const data = (text: string | null, timestamp: number, { group, extra }: SayOptions) => ({
    timestamp,
    message: text,
    expiresInSeconds: 0,
    viewOnce: false,
    ...groupInfo(group),
    ...extra,
  });
  const names = ({ number, uuid }: Pick<Person, "number" | "uuid">, prefix: string) => ({
    [prefix]: number ?? uuid,
    [`${prefix}Number`]: number ?? null,
    [`${prefix}Uuid`]: uuid,
  });

  const people: People = {
    async say(person, text, options = {}) {
      const timestamp = options.timestamp ?? world.now();
      await envelope(person, { dataMessage: data(text, timestamp, options) }, timestamp);
      return timestamp;
    },
    sendFile(person, { data: bytes, contentType, filename }, { text, ...options } = {}) {
      const id = `${crypto.randomUUID()}.bin`;
      world.files.set(id, { data: bytes, chat: options.group?.id ?? person.number ?? person.uuid });
      const attachment = {
        contentType,
        filename: filename ?? null,
        id,
        size: bytes.byteLength,
        width: null,
        height: null,
      };
      return people.say(person, text ?? null, { ...options, extra: { attachments: [attachment], ...options.extra } });
    },
    react(person, emoji, on, { remove, ...options } = {}) {
      const reaction = {
        emoji,
        ...names(on.author, "targetAuthor"),
        targetSentTimestamp: on.timestamp,
        isRemove: remove === true,
      };
      return people.say(person, null, { ...options, extra: { reaction } });
    },
    async edit(person, target, text, options = {}) {
      const timestamp = world.now();
      const editMessage = { targetSentTimestamp: target, dataMessage: data(text, timestamp, options) };
      await envelope(person, { editMessage }, timestamp);
      return timestamp;
    },
    remove: (person, target, options = {}) =>
      people.say(person, null, { ...options, extra: { remoteDelete: { timestamp: target } } }),
    async receipt(person, kind, timestamps) {
      const when = world.now();
      const receiptMessage = {
        when,
        isDelivery: kind === "delivery",
        isRead: kind === "read",
        isViewed: kind === "viewed",
        timestamps,
      };
      await envelope(person, { receiptMessage }, when);
    },
    async typing(person) {
      const timestamp = world.now();
      await envelope(person, { typingMessage: { action: "STARTED", timestamp } }, timestamp);
    },
    async story(person, text) {
      const storyMessage = { allowsReplies: true, textAttachment: { text } };
      await envelope(person, { storyMessage }, world.now());
    },
    async own(to, text, options = {}) {
      const timestamp = options.timestamp ?? world.now();
      const [self] = world.accounts;
      if (!self) throw new Error("Cannot write as the owner: there is no account");
      const peer = to === "self" ? self : to;
      const sentMessage = {
        ...(peer === undefined ? { destination: null } : names(peer, "destination")),
        ...data(text, timestamp, options),
      };
      const owner: Person = { ...self, name: "Owner", registered: true, trusted: true };
      await envelope(owner, { syncMessage: { sentMessage } }, timestamp);
      return timestamp;
    },
    envelope: (person, content, timestamp = world.now()) => envelope(person, content, timestamp),
  };
  return people;
}
