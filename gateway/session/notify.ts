/** Tells subscribers about sessions: `sessions.changed` to topic `sessions`, `session.message` to `messages:<key>`. */
import { SessionMessageEvent, SessionsChangedEvent } from "../../schemas/event/session.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { Bus } from "../bus.ts";
import type { Clock } from "../observe/clock.ts";
import type { Message } from "../../schemas/message.ts";
import { HISTORY_MAX_BYTES, shrink } from "./history.ts";
import type { Session, StoredMessage } from "./types.ts";

const hasPicture = ({ content }: Message): boolean => content.some(({ type }) => type === "image");

/** The topic of `sessions.subscribe`. */
export const SESSIONS_TOPIC = "sessions";
/** The topic of `sessions.messages.subscribe`; `key` is canonical. */
export const messagesTopic = (key: string): string => `messages:${key}`;

/** The topic of a node that follows a session by `chat.subscribe`; `key` is canonical. */
export const nodeChatTopic = (key: string): string => `chat:${key}`;

export type ChangeReason = Static<typeof SessionsChangedEvent.payload>["reason"];

export interface SessionNotifier {
  /** A message was appended to the session's transcript. Call it after the append, once a message. */
  messageAppended(session: Pick<Session, "key">, stored: StoredMessage): void;
  /** The session `key` (canonical) was made, changed, reset, deleted or used. */
  changed(key: string, reason: ChangeReason): void;
}

export function createSessionNotifier({ bus, clock }: { readonly bus: Bus; readonly clock: Clock }): SessionNotifier {
  const changed = (sessionKey: string, reason: ChangeReason): void =>
    bus.publish(SessionsChangedEvent, { sessionKey, reason, ts: clock.now() }, {
      only: ({ topics }) => topics.has(SESSIONS_TOPIC),
    });
  return {
    changed,
    messageAppended({ key }, { id, seq, message }) {
      const topic = messagesTopic(key);
      // Pictures alone make a message large; one above the cap would cost every slow reader its connection.
      const shown = hasPicture(message) ? shrink(message, HISTORY_MAX_BYTES) : message;
      bus.publish(SessionMessageEvent, { sessionKey: key, message: shown, messageId: id, messageSeq: seq }, {
        only: ({ topics }) => topics.has(topic),
      });
      changed(key, "message");
    },
  };
}
