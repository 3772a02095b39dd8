/** What outlives the process: the gateway session with the last dispatch that main has, who we are, the last messages. */
import { Int0, NonEmpty, Open, type Static, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { createSequence, type Sequence } from "./sequence.ts";
import type { Settings } from "./settings.ts";

/** Chats whose last message is remembered; the one that was silent longest is forgotten first. */
const MAX_CHATS = 200;
/** Saves are joined: a save is a transaction of main. */
const SAVE_AFTER_MS = 500;

const Self = Open({ id: NonEmpty, username: Type.Optional(Type.String()), applicationId: NonEmpty });
export type Self = Static<typeof Self>;

const Saved = Open({
  /** Another bot or another server has other sessions. */
  of: NonEmpty,
  session: Type.Optional(Open({ id: NonEmpty, url: NonEmpty, seq: Int0 })),
  self: Type.Optional(Self),
  last: Type.Optional(Type.Record(Type.String(), Type.String())),
});
const checkSaved = checker(Saved);

export interface SessionInfo {
  readonly resumeURL: string;
  readonly sequence: number;
  readonly sessionId: string;
  readonly shardCount: number;
  readonly shardId: number;
}

export interface Memory {
  readonly sequence: Sequence;
  /** The session to resume, if there is one. */
  session(): SessionInfo | undefined;
  startSession(info: SessionInfo): void;
  dropSession(): void;
  self(): Self | undefined;
  learnSelf(self: Self): void;
  /** The last message of a chat that main has. */
  note(chatId: string, messageId: string): void;
  /** Chats and their last messages, the most recent first. */
  lastMessages(): [chatId: string, messageId: string][];
  forget(): Promise<void>;
  /** Saves now what is not saved yet. */
  flush(): Promise<void>;
}

export function createMemory(
  { saved, save, log }: Pick<ProviderContext, "saved" | "save" | "log">,
  settings: Pick<Settings, "token" | "apiRoot">,
): Memory {
  // The first part of a token is the bot's id and no secret.
  const of = `${settings.token.split(".")[0]} ${settings.apiRoot}`;
  const checked = checkSaved(saved);
  const known = checked.ok && checked.value.of === of ? checked.value : undefined;
  let session = known?.session && { id: known.session.id, url: known.session.url };
  let self = known?.self;
  const last = new Map(Object.entries(known?.last ?? {}));
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving: Promise<void> = Promise.resolve();

  const sequence = createSequence(() => plan());
  sequence.reset(known?.session?.seq);

  function plan(): void {
    timer ??= setTimeout(() => write(), SAVE_AFTER_MS);
  }

  function write(): void {
    clearTimeout(timer);
    timer = undefined;
    const rows = {
      of,
      ...(session === undefined ? {} : { session: { ...session, seq: sequence.committed() } }),
      ...(self === undefined ? {} : { self }),
      last: Object.fromEntries(last),
    };
    saving = saving.then(() => save(rows)).catch((error: unknown) => {
      log("warn", "discord.not_saved", { reason: String(error) });
    });
  }

  return {
    sequence,
    session: () =>
      session && self && {
        sessionId: session.id,
        resumeURL: session.url,
        sequence: sequence.received(),
        shardCount: 1,
        shardId: 0,
      },
    startSession(info) {
      if (session?.id === info.sessionId) return;
      session = { id: info.sessionId, url: info.resumeURL };
      // READY itself is number one and is finished with this.
      sequence.reset(0);
      plan();
    },
    dropSession() {
      session = undefined;
      plan();
    },
    self: () => self,
    learnSelf(found) {
      self = found;
      plan();
    },
    note(chatId, messageId) {
      const before = last.get(chatId);
      last.delete(chatId);
      last.set(chatId, before !== undefined && isLater(before, messageId) ? before : messageId);
      const [oldest] = last.keys();
      if (last.size > MAX_CHATS && oldest !== undefined) last.delete(oldest);
      plan();
    },
    lastMessages: () => [...last].reverse(),
    async forget() {
      clearTimeout(timer);
      timer = undefined;
      session = undefined;
      self = undefined;
      last.clear();
      saving = saving.then(() => save({}));
      await saving;
    },
    async flush() {
      if (timer !== undefined) write();
      await saving;
    },
  };
}

/** Ids grow with time; they are numbers too long for a double. */
const isLater = (a: string, b: string): boolean => a.length === b.length ? a > b : a.length > b.length;
