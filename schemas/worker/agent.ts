/**
 * Messages between the main process and the agent worker (`workers/agent`). Each side checks what it receives.
 * One worker serves many runs at once; every message of a run names it.
 */
import { Closed, Int0, JsonObject, NonEmpty, OneOf, type Static, Type } from "../primitives.ts";
import { ImagePart, Message, ToolCallPart, Usage } from "../message.ts";

/** The kinds of model endpoint. `builtin` needs no network and no key. */
export const MODEL_APIS = ["openai-completions", "anthropic-messages", "google-generative-ai", "builtin"] as const;
export const ModelApi = OneOf(MODEL_APIS);
export type ModelApi = Static<typeof ModelApi>;

export const THINKING_LEVELS = ["off", "minimal", "low", "medium", "high", "xhigh"] as const;
export const ThinkingLevel = OneOf(THINKING_LEVELS);
export type ThinkingLevel = Static<typeof ThinkingLevel>;

/** What the worker needs to reach a model. The key crosses this border and no other; it is never logged. */
export const ModelTarget = Closed({
  provider: NonEmpty,
  model: NonEmpty,
  api: ModelApi,
  baseUrl: Type.Optional(NonEmpty),
  apiKey: Type.Optional(NonEmpty),
  headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  maxOutputTokens: Type.Optional(Type.Integer({ minimum: 1 })),
  reasoning: Type.Optional(Type.Boolean()),
  vision: Type.Optional(Type.Boolean()),
});
export type ModelTarget = Static<typeof ModelTarget>;

/** `inputSchema` is JSON Schema. */
export const ToolSpec = Closed({ name: NonEmpty, description: NonEmpty, inputSchema: JsonObject });
export type ToolSpec = Static<typeof ToolSpec>;

/** Pictures of one tool result, and base64 characters of all of them together: what one row of chat.history can hold. */
export const MAX_TOOL_IMAGES = 4;
export const MAX_TOOL_IMAGE_CHARS = 5 << 20;

/** A picture that a tool made, for a model that can see. */
export const ToolImage = Closed({
  ...ImagePart.properties,
  data: Type.String({ minLength: 1, maxLength: MAX_TOOL_IMAGE_CHARS }),
});

export const AgentCommand = Type.Union([
  Closed({
    type: Type.Literal("run.start"),
    runId: NonEmpty,
    target: ModelTarget,
    system: Type.String(),
    messages: Type.Array(Message),
    tools: Type.Array(ToolSpec),
    thinking: ThinkingLevel,
    /** Model calls at most, so that a tool loop ends. */
    maxSteps: Type.Integer({ minimum: 1 }),
  }),
  Closed({ type: Type.Literal("run.abort"), runId: NonEmpty }),
  Closed({
    type: Type.Literal("tool.result"),
    runId: NonEmpty,
    callId: NonEmpty,
    isError: Type.Boolean(),
    text: Type.String(),
    images: Type.Optional(Type.Array(ToolImage, { maxItems: MAX_TOOL_IMAGES })),
  }),
  Closed({ type: Type.Literal("ping"), id: Int0 }),
]);
export type AgentCommand = Static<typeof AgentCommand>;
export type RunStart = Extract<AgentCommand, { type: "run.start" }>;

/** Why a model call failed, in terms that a person can act on. */
export const MODEL_ERROR_KINDS = [
  "no_key",
  "refused",
  "rate_limit",
  "unreachable",
  "timeout",
  "context_length",
  "bad_model",
  "refusal",
  "unknown",
] as const;
export const ModelErrorKind = OneOf(MODEL_ERROR_KINDS);
export type ModelErrorKind = Static<typeof ModelErrorKind>;

export const AgentReport = Type.Union([
  /** The worker has loaded its bootstrap and takes commands. */
  Closed({ type: Type.Literal("ready") }),
  /** A piece of the current assistant message. */
  Closed({ type: Type.Literal("run.delta"), runId: NonEmpty, kind: OneOf(["text", "thinking"]), text: Type.String() }),
  /** An assistant message is complete: one per model call. Deltas after it belong to the next one. */
  Closed({
    type: Type.Literal("run.message"),
    runId: NonEmpty,
    text: Type.String(),
    thinking: Type.Optional(Type.String()),
    toolCalls: Type.Array(ToolCallPart),
    stopReason: OneOf(["stop", "length", "toolUse"]),
    usage: Type.Optional(Usage),
  }),
  /** The model wants a tool; main answers with `tool.result`. */
  Closed({ type: Type.Literal("tool.call"), runId: NonEmpty, callId: NonEmpty, name: NonEmpty, args: JsonObject }),
  Closed({ type: Type.Literal("run.end"), runId: NonEmpty, aborted: Type.Boolean() }),
  Closed({
    type: Type.Literal("run.error"),
    runId: NonEmpty,
    kind: ModelErrorKind,
    /** One sentence for a person; holds no key and no header. */
    message: NonEmpty,
    status: Type.Optional(Type.Integer()),
    retryAfterMs: Type.Optional(Int0),
  }),
  Closed({ type: Type.Literal("pong"), id: Int0 }),
  Closed({
    type: Type.Literal("log"),
    level: OneOf(["debug", "info", "warn", "error"]),
    event: NonEmpty,
    fields: JsonObject,
  }),
]);
export type AgentReport = Static<typeof AgentReport>;
