/** The fake provider's connection: calls with answers over a WebSocket, made again when it breaks. */
import { checker } from "../../schemas/validate.ts";
import { ChannelError } from "../../schemas/worker/channel.ts";
import { ProviderError } from "../runtime/provider.ts";
import { PlatformOrder } from "./protocol.ts";

const checkOrder = checker(PlatformOrder);
const checkError = checker(ChannelError);
const MAX_RETRY_MS = 5_000;

export interface LinkOptions {
  readonly url: string;
  readonly retryMs: number;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onLost: (attempt: number, retryInMs: number) => void;
  readonly onOrder: (order: Exclude<PlatformOrder, { do: "answer" | "refuse" }>) => void;
}

export interface Link {
  open(): void;
  /** One way. */
  tell(at: string, body: Record<string, unknown>): void;
  /** Rejects with the platform's error, or `unreachable` when the connection breaks in between. */
  call(at: string, body: Record<string, unknown>, signal: AbortSignal): Promise<Record<string, unknown>>;
  /** Resolves when the connection is closed: what was told before has left by then. */
  close(): Promise<void>;
}

const broken = (outcome: "not_sent" | "unknown") =>
  new ProviderError({ code: "unreachable", message: "The connection is broken", retryable: true, outcome });

export function createLink(options: LinkOptions): Link {
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  let socket: WebSocket | undefined;
  let next = 0;
  let attempt = 0;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function take(text: unknown): void {
    const checked = typeof text === "string" ? checkOrder(JSON.parse(text)) : undefined;
    if (!checked?.ok) return;
    const order = checked.value;
    if (order.do !== "answer" && order.do !== "refuse") return options.onOrder(order);
    const call = waiting.get(order.call);
    waiting.delete(order.call);
    if (order.do === "answer") return call?.resolve(order.value);
    const error = checkError(order.error);
    call?.reject(error.ok ? new ProviderError(error.value) : new Error(error.error));
  }

  function lost(): void {
    for (const call of waiting.values()) call.reject(broken("unknown"));
    waiting.clear();
    socket = undefined;
    if (closed) return;
    attempt++;
    const wait = Math.min(options.retryMs * 2 ** (attempt - 1), MAX_RETRY_MS);
    options.onLost(attempt, wait);
    timer = setTimeout(open, wait);
  }

  function open(): void {
    if (closed) return;
    const opened = new WebSocket(options.url);
    socket = opened;
    opened.onopen = () => {
      attempt = 0;
      options.onOpen();
    };
    opened.onmessage = (event) => take(event.data);
    opened.onerror = () => {};
    opened.onclose = lost;
  }

  function transmit(call: number, at: string, body: Record<string, unknown>): boolean {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify({ call, at, body }));
    return true;
  }

  return {
    open,
    tell: (at, body) => void transmit(0, at, body),
    async call(at, body, signal) {
      const call = ++next;
      const pending = Promise.withResolvers<Record<string, unknown>>();
      const onAbort = () => {
        waiting.delete(call);
        pending.reject(broken("unknown"));
      };
      if (!transmit(call, at, body)) throw broken("not_sent");
      waiting.set(call, pending);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        return await pending.promise;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    close() {
      closed = true;
      clearTimeout(timer);
      const open = socket;
      if (!open) return Promise.resolve();
      open.close();
      return new Promise((resolve) => open.addEventListener("close", () => resolve()));
    },
  };
}
