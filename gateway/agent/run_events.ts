/**
 * Turns what happens in a run into `agent` and `chat` events (events facts, sections 2 and 3). Per-chunk work is two small
 * objects; the bus serialises them once. Chat deltas are throttled, and what was held back goes out before the end.
 */
import type { AgentPayload } from "../../schemas/event/agent.ts";
import { AgentEvent, AgentToolEvent } from "../../schemas/event/agent.ts";
import { ChatEvent, type ChatPayload } from "../../schemas/event/chat.ts";
import type { AssistantMessage, Message } from "../../schemas/message.ts";
import type { Bus, Recipient } from "../bus.ts";
import type { Clock } from "../observe/clock.ts";
import { nodeChatTopic } from "../session/notify.ts";
import { isSilent, mayBeSilent } from "./silence.ts";
import type { RunFinal } from "./types.ts";

/** Milliseconds between two chat deltas of a run. */
export const CHAT_DELTA_MS = 75;

export interface RunEventOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly runId: string;
  readonly sessionKey: string;
  /** The session key as the client wrote it: aborted events and command answers carry it. */
  readonly literalKey: string;
  readonly agentId: string;
  /** Which connections take part in this session and may see tool events. */
  sees(recipient: Recipient): boolean;
}

/** What is shown of a run, settled when it starts. */
export interface RunView {
  readonly thinking: boolean;
  readonly toolResults: boolean;
}

type ErrorKind = Extract<RunFinal, { state: "error" }>["kind"];
type LifecycleData = Extract<AgentPayload, { stream: "lifecycle" }>["data"];
type ToolData = Extract<AgentPayload, { stream: "tool" }>["data"];
/** `Omit` over each member of the union by itself. */
type Body<T> = T extends unknown ? Omit<T, "runId" | "sessionKey" | "agentId" | "seq"> : never;

export class RunEvents {
  #seq = 0;
  #startedAt = 0;
  #view: RunView = { thinking: false, toolResults: false };
  /** Text of the current assistant message, how much of it the agent and the chat stream have shown. */
  #text = "";
  #shown = 0;
  #chatShown = 0;
  #thinking = "";
  /** Whether chat shows an earlier message of this run, so that the next delta must replace it. */
  #replace = false;
  #lastDeltaAt = -CHAT_DELTA_MS;
  #timer: (() => void) | undefined;
  readonly #nodeTopic: string;
  constructor(private readonly options: RunEventOptions) {
    this.#nodeTopic = nodeChatTopic(options.sessionKey);
  }

  get seq(): number {
    return this.#seq;
  }

  /** What the model has said in the current message. */
  get text(): string {
    return this.#text;
  }

  /** What clients were shown of it; empty while it may still turn out silent. */
  get visible(): string {
    return this.#text.slice(0, this.#shown);
  }

  start(startedAt: number, view: RunView): void {
    this.#startedAt = startedAt;
    this.#view = view;
    this.#lifecycle({ phase: "start", startedAt });
  }

  delta(kind: "text" | "thinking", text: string): void {
    if (text === "") return;
    if (kind === "thinking") return this.#thinkingDelta(text);
    this.#text += text;
    if (this.#shown === 0 && mayBeSilent(this.#text)) return;
    const delta = this.#shown === this.#text.length - text.length ? text : this.#text.slice(this.#shown);
    this.#show(delta);
  }

  /** The current assistant message is complete; what comes next belongs to another one. */
  message(): void {
    if (this.#shown === 0 && !isSilent(this.#text)) this.#show(this.#text);
    this.flush();
    if (this.#chatShown > 0) this.#replace = true;
    this.#text = "";
    this.#thinking = "";
    this.#shown = 0;
    this.#chatShown = 0;
  }

  tool(data: Omit<ToolData, "result">, result: string | undefined): void {
    const shown = result === undefined || !this.#view.toolResults
      ? data
      : { ...data, result: { content: [{ type: "text", text: result }] } };
    const payload: AgentPayload = { ...this.#envelope(), stream: "tool", data: shown };
    this.options.bus.publish(AgentToolEvent, payload, { only: this.options.sees });
  }

  /** `reply`: the last assistant message; nothing is shown for a silent one. */
  end(reply: string, stopReason: string, now: number): void {
    this.flush();
    this.#lifecycle({ phase: "end", startedAt: this.#startedAt, endedAt: now, aborted: false, stopReason });
    this.#chat({ state: "final", stopReason, ...(isSilent(reply) ? {} : { message: textMessage(reply.trim(), now) }) });
  }

  error(message: string, kind: ErrorKind, now: number): void {
    this.flush();
    const startedAt = this.#startedAt === 0 ? {} : { startedAt: this.#startedAt };
    this.#lifecycle({ phase: "error", ...startedAt, endedAt: now, error: message });
    this.#chat({ state: "error", errorMessage: message, errorKind: chatErrorKind(kind) });
  }

  aborted(reason: "rpc" | "stop" | "timeout", now: number): void {
    this.#stopTimer();
    this.#seq++;
    const partial = this.#shown > 0 ? { message: textMessage(this.#text, now) } : {};
    this.#chat({ state: "aborted", stopReason: reason, ...partial }, this.options.literalKey);
  }

  /** The run ended without an answer of its own: another run carries its message. */
  merged(): void {
    this.#seq++;
    this.#chat({ state: "final" });
  }

  /** A command answered without a model. */
  answered(message: Message): void {
    this.#seq++;
    this.#chat({ state: "final", message }, this.options.literalKey);
  }

  /** Sends what the throttle held back. */
  flush(): void {
    this.#stopTimer();
    if (this.#chatShown < this.#shown) this.#chatDelta();
  }

  #show(delta: string): void {
    this.#shown = this.#text.length;
    this.#agent({ ...this.#envelope(), stream: "assistant", data: { text: this.#text, delta } });
    this.#throttle();
  }

  #thinkingDelta(delta: string): void {
    if (!this.#view.thinking) return;
    this.#thinking += delta;
    this.#agent({ ...this.#envelope(), stream: "thinking", data: { text: this.#thinking, delta } });
  }

  /** The first delta at once, later ones at most every 75 ms; the timer shows a tail that no chunk follows. */
  #throttle(): void {
    if (this.#timer) return;
    const wait = this.#lastDeltaAt + CHAT_DELTA_MS - this.options.clock.now();
    if (wait <= 0) return this.#chatDelta();
    this.#timer = this.options.clock.after(wait, () => {
      this.#timer = undefined;
      if (this.#chatShown < this.#shown) this.#chatDelta();
    });
  }

  #chatDelta(): void {
    const now = this.options.clock.now();
    const deltaText = this.#text.slice(this.#chatShown);
    const replace = this.#replace ? { replace: true } : {};
    this.#replace = false;
    this.#chatShown = this.#text.length;
    this.#lastDeltaAt = now;
    this.#chat({ state: "delta", deltaText, ...replace, message: textMessage(this.#text, now) });
  }

  #stopTimer(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  #lifecycle(data: LifecycleData): void {
    this.#agent({ ...this.#envelope(), stream: "lifecycle", data });
  }

  #envelope() {
    const { runId, sessionKey, agentId, clock } = this.options;
    return { runId, seq: ++this.#seq, ts: clock.now(), sessionKey, agentId };
  }

  #agent(payload: AgentPayload): void {
    this.options.bus.publish(AgentEvent, payload, { nodeTopic: this.#nodeTopic });
  }

  #chat(body: Body<ChatPayload>, sessionKey = this.options.sessionKey): void {
    const { runId, agentId, bus } = this.options;
    const payload = { runId, sessionKey, agentId, seq: this.#seq, ...body };
    bus.publish(ChatEvent, payload, { nodeTopic: this.#nodeTopic });
  }
}

export const textMessage = (text: string, timestamp: number): AssistantMessage => ({
  role: "assistant",
  content: [{ type: "text", text }],
  timestamp,
});

function chatErrorKind(kind: ErrorKind): "refusal" | "timeout" | "rate_limit" | "context_length" | "unknown" {
  switch (kind) {
    case "refusal":
    case "timeout":
    case "rate_limit":
    case "context_length":
      return kind;
    default:
      return "unknown";
  }
}
