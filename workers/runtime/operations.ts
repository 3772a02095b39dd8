/** Main's commands as calls of the provider: one abort signal and one deadline each, every error in the contract's form. */
import type { ChannelCommand, ChannelError, ReplyValue } from "../../schemas/worker/channel.ts";
import { type Provider, ProviderError } from "./provider.ts";
import { scrub } from "./scrub.ts";

type Answers = "store.rows" | "done" | "refused";
/** A command that is answered by one `reply` or `failed`. */
export type Operation = Exclude<Extract<ChannelCommand, { op: string }>, { type: Answers }>;

const SECOND = 1000;
const DEADLINES: Readonly<Record<Operation["type"], number>> = {
  send: 120 * SECOND,
  edit: 30 * SECOND,
  delete: 30 * SECOND,
  react: 30 * SECOND,
  typing: 10 * SECOND,
  read: 15 * SECOND,
  poll: 60 * SECOND,
  "media.fetch": 120 * SECOND,
  probe: 30 * SECOND,
  "login.start": 15 * 60 * SECOND,
  "login.cancel": 15 * SECOND,
  logout: 30 * SECOND,
  webhook: 30 * SECOND,
};
/** Commands that change nothing on the platform which anybody would miss or see twice. */
const HARMLESS = new Set<Operation["type"]>([
  "typing",
  "read",
  "media.fetch",
  "probe",
  "login.start",
  "login.cancel",
  "webhook",
]);

const MAX_MESSAGE = 1000;
const clip = (text: string): string => text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text;

const outcomeOf = (type: Operation["type"]): ChannelError["outcome"] => HARMLESS.has(type) ? "not_sent" : "unknown";

/** The contract's form of anything that an operation threw. */
export function errorOf(type: Operation["type"], thrown: unknown): ChannelError {
  if (thrown instanceof ProviderError) {
    return { ...thrown.error, message: clip(scrub(thrown.error.message)) || "The operation failed" };
  }
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code: "internal", message: clip(scrub(text)), retryable: false, outcome: outcomeOf(type) };
}

/** Answers within the command's deadline, whatever the provider does: `signal` also ends it. Rejects with what it threw. */
export async function perform(provider: Provider, operation: Operation, signal: AbortSignal): Promise<ReplyValue> {
  const abort = new AbortController();
  const ms = DEADLINES[operation.type];
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const end = (error: ChannelError): void => {
    abort.abort(new DOMException(error.message, "AbortError"));
    reject(new ProviderError(error));
  };
  const outcome = outcomeOf(operation.type);
  const timer = setTimeout(
    () => end({ code: "timeout", message: `The platform gave no answer within ${ms} ms`, retryable: true, outcome }),
    ms,
  );
  const onStop = () => end({ code: "unreachable", message: "The account stops", retryable: true, outcome });
  if (signal.aborted) onStop();
  else signal.addEventListener("abort", onStop, { once: true });
  try {
    return await Promise.race([cut, dispatch(provider, operation, abort.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onStop);
  }
}

const OK: ReplyValue = { kind: "ok" };

async function dispatch(provider: Provider, command: Operation, signal: AbortSignal): Promise<ReplyValue> {
  switch (command.type) {
    case "send":
      return { kind: "receipt", receipt: await provider.send(command.message, signal) };
    case "poll": {
      const { receipt, pollId } = await able(provider.poll, command).call(provider, command.poll, signal);
      return { kind: "receipt", receipt, ...(pollId === undefined ? {} : { pollId }) };
    }
    case "media.fetch":
      return await fetchMedia(provider, command, signal);
    case "probe":
      return { kind: "probe", facts: await able(provider.probe, command).call(provider, signal) };
    case "webhook": {
      const { path, query, headers, body } = command;
      const answer = await able(provider.webhook, command).call(provider, { path, query, headers, body }, signal);
      return { kind: "http", status: answer.status, headers: answer.headers ?? {}, body: answer.body ?? "" };
    }
    default:
      await act(provider, command, signal);
      return OK;
  }
}

type Action = Exclude<Operation, { type: "send" | "poll" | "media.fetch" | "probe" | "webhook" }>;

/** The commands that answer with nothing but success. */
async function act(provider: Provider, command: Action, signal: AbortSignal): Promise<void> {
  switch (command.type) {
    case "edit":
      return await able(provider.edit, command).call(provider, command.target, command.messageId, command.text, signal);
    case "delete":
      return await able(provider.delete, command).call(provider, command.target, command.messageId, signal);
    case "react": {
      const options = { remove: command.remove ?? false, senderId: command.senderId };
      return await able(provider.react, command)
        .call(provider, command.target, command.messageId, command.emoji, options, signal);
    }
    case "typing":
      return await able(provider.typing, command).call(provider, command.target, command.on, signal);
    case "read":
      return await able(provider.read, command)
        .call(provider, command.target, command.messageId, command.senderId, signal);
    case "login.start":
      return await able(provider.login, command).call(provider, command.flow, command.input ?? {});
    case "login.cancel":
      return await able(provider.cancelLogin, command).call(provider);
    case "logout":
      return await able(provider.logout, command).call(provider, signal);
  }
}

async function fetchMedia(
  provider: Provider,
  command: Extract<Operation, { type: "media.fetch" }>,
  signal: AbortSignal,
): Promise<ReplyValue> {
  const media = await able(provider.fetchMedia, command).call(provider, command.ref, command.maxBytes, signal);
  if (media.data.byteLength > command.maxBytes) {
    const message = `The attachment has ${media.data.byteLength} bytes, ${command.maxBytes} are allowed`;
    throw new ProviderError({ code: "too_large", message, retryable: false, outcome: "not_sent" });
  }
  return media;
}

function able<T>(method: T | undefined, command: Operation): T {
  if (method !== undefined) return method;
  const message = `This platform has no ${command.type}`;
  throw new ProviderError({ code: "unsupported", message, retryable: false, outcome: "not_sent" });
}
