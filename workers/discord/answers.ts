/** Answers to slash commands: the first one takes the place of "thinking…", the others are ordinary messages. */
import { checker } from "../../schemas/validate.ts";
import type { RawFile } from "discord.js";
import { discordGone } from "./errors.ts";
import { type Handle, readHandle } from "./handles.ts";
import type { Body } from "./payload.ts";
import type { Api, Route } from "./rest.ts";
import { SentMessage } from "./wire.ts";

/** Interactions that wait for their answer at once; the oldest is left to Discord, which ends it by itself. */
const MAX_WAITING = 500;
/** "thinking…" of a command that nobody will answer is taken away before its handle ends. */
const CLEAR_MS = 14 * 60_000;
const LOADING = 1 << 7;

const checkSent = checker(SentMessage);

export interface Answers {
  /** A deferred interaction: if no answer comes, its place is cleared. */
  expect(written: string): void;
  /** Takes "thinking…" away, as far as that still stands. */
  drop(written: string): Promise<void>;
  /** The answer in the interaction's place; undefined: the place is taken or gone, send it as a message. */
  answer(
    written: string | undefined,
    message: { readonly key: string; readonly body: Body; readonly files: RawFile[] | undefined },
    signal: AbortSignal,
  ): Promise<unknown>;
  close(): void;
}

interface Waiting {
  readonly timer: ReturnType<typeof setTimeout>;
  /** Which message has the place: an attempt that is repeated has it again. */
  takenBy: string | undefined;
}

export function createAnswers(api: Pick<Api, "call">, signal: AbortSignal): Answers {
  const waiting = new Map<string, Waiting>();

  const route = ({ applicationId, token }: Handle): Route =>
    `/webhooks/${applicationId}/${encodeURIComponent(token)}/messages/@original`;

  function forget(written: string): void {
    clearTimeout(waiting.get(written)?.timer);
    waiting.delete(written);
  }

  async function drop(written: string): Promise<void> {
    const known = waiting.get(written);
    forget(written);
    const handle = readHandle(written, Date.now());
    if (handle === undefined || known?.takenBy !== undefined) return;
    await api.call("delete", route(handle), signal, { auth: false }).catch(() => {});
  }

  function remember(written: string, takenBy: string | undefined): void {
    forget(written);
    waiting.set(written, { timer: setTimeout(() => void drop(written), CLEAR_MS), takenBy });
    const [oldest] = waiting.keys();
    if (waiting.size > MAX_WAITING && oldest !== undefined) forget(oldest);
  }

  /** Another process has deferred it, and perhaps answered: Discord knows whether the place is empty, ours, or taken. */
  async function look(handle: Handle, { content }: Body, signal: AbortSignal) {
    const answer = await api.call("get", route(handle), signal, { auth: false });
    const checked = checkSent(answer);
    if (!checked.ok) return { how: "taken" } as const;
    if (((checked.value.flags ?? 0) & LOADING) !== 0) return { how: "empty" } as const;
    return content !== undefined && checked.value.content === content
      ? { how: "ours", answer } as const
      : { how: "taken" } as const;
  }

  return {
    expect: (written) => remember(written, undefined),
    drop,
    async answer(written, { key, body, files }, signal) {
      const handle = readHandle(written, Date.now());
      if (handle === undefined || written === undefined) return undefined;
      const known = waiting.get(written);
      if (known?.takenBy !== undefined && known.takenBy !== key) return undefined;
      try {
        const place = known === undefined ? await look(handle, body, signal) : { how: "empty" } as const;
        if (place.how === "taken") return undefined;
        if (place.how === "ours") return place.answer;
        remember(written, key);
        // An edit sets the same text again: repeating it is safe.
        return await api.call("patch", route(handle), signal, {
          body,
          auth: false,
          ...(files === undefined ? {} : { files }),
        });
      } catch (error) {
        if (!discordGone(error)) throw error;
        forget(written);
        return undefined;
      }
    },
    close() {
      for (const written of [...waiting.keys()]) forget(written);
    },
  };
}
