/** Parameters and results of chat.send and chat.abort (methods facts, sections 6.2 and 6.3). */
import { QUEUE_MODES } from "../config.ts";
import { AttachmentInput } from "../message.ts";
import { Closed, Int0, NonEmpty, OneOf, Open, type Static, Type } from "../primitives.ts";

const Opt = Type.Optional;

export const ChatSendParams = Open({
  sessionKey: NonEmpty,
  agentId: Opt(Type.String()),
  message: Type.String(),
  thinking: Opt(Type.String()),
  /** Accepted for older clients; the answer goes to the session only. */
  deliver: Opt(Type.Boolean()),
  attachments: Opt(Type.Array(AttachmentInput)),
  timeoutMs: Opt(Int0),
  queueMode: Opt(OneOf(QUEUE_MODES)),
  /** The message is text for the model even when it looks like a command. */
  suppressCommandInterpretation: Opt(Type.Boolean()),
  /** Becomes the run id. */
  idempotencyKey: NonEmpty,
});
export type ChatSendParams = Static<typeof ChatSendParams>;

export const ChatAborted = Closed({
  ok: Type.Literal(true),
  aborted: Type.Boolean(),
  runIds: Type.Array(NonEmpty),
});
/** `started`, or for a repeat `in_flight` and later `ok`; a stop text answers like chat.abort. */
export const ChatSendResult = Type.Union([
  Closed({ runId: NonEmpty, status: OneOf(["started", "in_flight", "ok"]) }),
  ChatAborted,
]);

export const ChatAbortParams = Open({ sessionKey: NonEmpty, runId: Opt(NonEmpty), agentId: Opt(Type.String()) });
