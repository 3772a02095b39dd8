/** Transcript messages, as chat.history, chat events and the model all see them. */
import { Closed, Int0, JsonObject, NonEmpty, OneOf, Open, type Static, Timestamp, Type } from "./primitives.ts";

export const TextPart = Closed({ type: Type.Literal("text"), text: Type.String() });
export const ThinkingPart = Closed({ type: Type.Literal("thinking"), thinking: Type.String() });
/** `data` is base64 without a data: prefix. */
export const ImagePart = Closed({ type: Type.Literal("image"), data: NonEmpty, mimeType: NonEmpty });
export const ToolCallPart = Closed({
  type: Type.Literal("toolCall"),
  id: NonEmpty,
  name: NonEmpty,
  arguments: JsonObject,
});
export type TextPart = Static<typeof TextPart>;
export type ImagePart = Static<typeof ImagePart>;
export type ToolCallPart = Static<typeof ToolCallPart>;

export const Usage = Closed({
  input: Int0,
  output: Int0,
  cacheRead: Type.Optional(Int0),
  cacheWrite: Type.Optional(Int0),
  total: Int0,
});
export type Usage = Static<typeof Usage>;

export const STOP_REASONS = ["stop", "length", "toolUse", "error", "aborted"] as const;

export const UserMessage = Closed({
  role: Type.Literal("user"),
  content: Type.Array(Type.Union([TextPart, ImagePart])),
  timestamp: Timestamp,
  /** Our own: the run that this message started, so that a page never shows it twice. */
  runId: Type.Optional(NonEmpty),
});
export const AssistantMessage = Closed({
  role: Type.Literal("assistant"),
  content: Type.Array(Type.Union([TextPart, ThinkingPart, ToolCallPart])),
  timestamp: Timestamp,
  api: Type.Optional(Type.String()),
  provider: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  usage: Type.Optional(Usage),
  stopReason: Type.Optional(OneOf(STOP_REASONS)),
  errorMessage: Type.Optional(Type.String()),
  runId: Type.Optional(NonEmpty),
});
export const ToolResultMessage = Closed({
  role: Type.Literal("toolResult"),
  toolCallId: NonEmpty,
  toolName: NonEmpty,
  content: Type.Array(Type.Union([TextPart, ImagePart])),
  isError: Type.Boolean(),
  timestamp: Timestamp,
  runId: Type.Optional(NonEmpty),
});
export const SystemMessage = Closed({
  role: Type.Literal("system"),
  content: Type.Array(TextPart),
  timestamp: Timestamp,
  __openclaw: Type.Optional(JsonObject),
});
export const Message = Type.Union([UserMessage, AssistantMessage, ToolResultMessage, SystemMessage]);
export type UserMessage = Static<typeof UserMessage>;
export type AssistantMessage = Static<typeof AssistantMessage>;
export type ToolResultMessage = Static<typeof ToolResultMessage>;
export type SystemMessage = Static<typeof SystemMessage>;
export type Message = Static<typeof Message>;

/** An attachment as clients send it; `content` is base64 or a data URL. Images only in this version. */
export const AttachmentInput = Open({
  type: Type.Optional(Type.String()),
  mimeType: Type.Optional(Type.String()),
  fileName: Type.Optional(Type.String()),
  content: Type.Optional(Type.Unknown()),
});
export type AttachmentInput = Static<typeof AttachmentInput>;
