/**
 * Our fake platform for `workers/fake` (its provider is ours too: this tests the gateway, no platform). It delivers at
 * least once: what was not acknowledged comes again with the next connection.
 */
import type { ChannelError } from "../../../schemas/worker/channel.ts";
import type { Inbound } from "../../../schemas/worker/content.ts";
import { checker } from "../../../schemas/validate.ts";
import { type PlatformOrder, ProviderCall } from "../../../workers/fake/protocol.ts";
import { eventually } from "../../helpers/wait.ts";

const checkCall = checker(ProviderCall);

export interface SeenCall {
  readonly at: string;
  readonly body: Record<string, unknown>;
  readonly time: number;
}

export interface PlatformOptions {
  /** The platform drops a repeated idempotency key and answers with the first receipt. */
  readonly idempotent?: boolean;
  /** Answers a call; undefined: never. Default: success. The receipt of a message is made by the platform. */
  readonly answer?: (
    call: SeenCall,
  ) => { readonly value: Record<string, unknown> } | { readonly error: ChannelError } | undefined;
  /** Milliseconds between taking a call and answering it: in between, only the platform knows. Default: none. */
  readonly delayMs?: () => number;
}

export interface FakePlatform extends AsyncDisposable {
  readonly url: string;
  /** Every call of the provider, in order; `hello` marks a new connection. */
  readonly calls: readonly SeenCall[];
  /** The messages that the chats show, in order, as they were last edited. */
  sent(
    chatId?: string,
  ): { readonly text: string; readonly chatId: string; readonly key: string; readonly id: string }[];
  /** Sends a message of a person; returns its dedupe key. Delivered again until it is acknowledged. */
  say(text: string, from?: { readonly chatId?: string; readonly senderId?: string; readonly key?: string }): string;
  emit(event: Inbound): string;
  /** Dedupe keys that the gateway has not acknowledged. */
  unacknowledged(): string[];
  order(order: PlatformOrder): void;
  connected(): boolean;
  waitConnected(): Promise<void>;
  waitCall(at: string, count?: number): Promise<SeenCall>;
  /** Breaks the connection. */
  drop(): void;
  stop(): Promise<void>;
}

export function startFakePlatform(options: PlatformOptions = {}): FakePlatform {
  const calls: SeenCall[] = [];
  const open = new Map<string, Inbound>();
  const receipts = new Map<string, Record<string, unknown>>();
  const delivered: { text: string; chatId: string; key: string; id: string }[] = [];
  let socket: WebSocket | undefined;
  let ids = 0;
  let saidCount = 0;

  const late = new Set<ReturnType<typeof setTimeout>>();
  const order = (message: PlatformOrder): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };

  /** On the connection that asked: an answer for one process must not reach the next. */
  function reply(to: WebSocket, message: PlatformOrder): void {
    const send = () => to.readyState === WebSocket.OPEN ? to.send(JSON.stringify(message)) : undefined;
    if (options.delayMs === undefined) return send();
    const timer = setTimeout(() => {
      late.delete(timer);
      send();
    }, options.delayMs());
    late.add(timer);
  }

  function accept(call: SeenCall): Record<string, unknown> {
    const { target, text, idempotencyKey } = call.body;
    const chatId = typeof target === "object" && target !== null && "chatId" in target ? String(target.chatId) : "";
    const key = String(idempotencyKey);
    const known = options.idempotent ? receipts.get(key) : undefined;
    if (known) return known;
    const id = `m${++ids}`;
    delivered.push({ text: String(text ?? ""), chatId, key, id });
    const receipt = { messageIds: [id], chatId, at: Date.now() };
    receipts.set(key, receipt);
    return receipt;
  }

  /** Edits and deletes messages; the error when there is no such message. */
  function change({ at, body }: SeenCall): ChannelError | undefined {
    if (at !== "edit" && at !== "delete") return undefined;
    const index = delivered.findIndex(({ id }) => id === body["messageId"]);
    const message = delivered[index];
    if (message === undefined) {
      return { code: "not_found", message: "There is no such message", retryable: false, outcome: "not_sent" };
    }
    if (at === "edit") message.text = String(body["text"]);
    else delivered.splice(index, 1);
    return undefined;
  }

  function take(from: WebSocket, data: unknown): void {
    const checked = checkCall(typeof data === "string" ? JSON.parse(data) : undefined);
    if (!checked.ok) throw new Error(`The fake provider sent nonsense: ${checked.error}`);
    const { call, at, body } = checked.value;
    const seen: SeenCall = { at, body, time: performance.now() };
    calls.push(seen);
    if (at === "hello") { for (const event of open.values()) order({ do: "inbound", event }); }
    if (at === "acked") open.delete(String(body["dedupeKey"]));
    if (call === 0) return;
    const refusal = change(seen);
    if (refusal) return reply(from, { do: "refuse", call, error: refusal });
    const answer = options.answer ? options.answer(seen) : { value: {} };
    if (answer === undefined) return;
    if ("error" in answer) return reply(from, { do: "refuse", call, error: answer.error });
    reply(from, { do: "answer", call, value: isMessage(seen) ? accept(seen) : answer.value });
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (request.headers.get("upgrade") !== "websocket") return new Response(null, { status: 426 });
    const upgraded = Deno.upgradeWebSocket(request);
    upgraded.socket.onmessage = (event) => take(upgraded.socket, event.data);
    upgraded.socket.onopen = () => socket = upgraded.socket;
    upgraded.socket.onclose = () => {
      if (socket === upgraded.socket) socket = undefined;
    };
    upgraded.socket.onerror = () => {};
    return upgraded.response;
  });

  const platform: FakePlatform = {
    url: `ws://127.0.0.1:${server.addr.port}/`,
    calls,
    sent: (chatId) => delivered.filter((message) => chatId === undefined || message.chatId === chatId),
    say(text, { chatId = "chat", senderId = "anna", key = `said-${++saidCount}` } = {}) {
      return platform.emit({
        kind: "message",
        dedupeKey: key,
        chat: { id: chatId, kind: "direct" },
        sender: { id: senderId, name: senderId },
        timestamp: Date.now(),
        messageId: key,
        text,
        media: [],
      });
    },
    emit(event) {
      open.set(event.dedupeKey, event);
      order({ do: "inbound", event });
      return event.dedupeKey;
    },
    unacknowledged: () => [...open.keys()],
    order,
    connected: () => socket?.readyState === WebSocket.OPEN,
    async waitConnected() {
      await eventually("the fake provider to connect", () => platform.connected(), 20_000);
    },
    waitCall: (at, count = 1) =>
      eventually(`call ${count} of "${at}"`, () => calls.filter((call) => call.at === at)[count - 1], 20_000),
    drop: () => socket?.close(),
    async stop() {
      for (const timer of late) clearTimeout(timer);
      socket?.close();
      await server.shutdown();
    },
    [Symbol.asyncDispose]: () => platform.stop(),
  };
  return platform;
}

const isMessage = (call: SeenCall): boolean => call.at === "send" || call.at === "poll";
