/** A bot's queue of updates: long polls with offset and redelivery, or posts to a webhook. */
import { bad, Refusal } from "./refusal.ts";

/** What is sent when allowed_updates was never given: everything but these. */
const NOT_BY_DEFAULT = new Set(["chat_member", "message_reaction", "message_reaction_count"]);
const MAX_TIMEOUT_S = 50;

export interface Update extends Record<string, unknown> {
  readonly update_id: number;
}

interface Waiting {
  readonly answer: () => void;
  readonly refuse: (refusal: Refusal) => void;
}

export interface Webhook {
  readonly url: string;
  readonly secret: string;
}

export interface Updates {
  push(kind: string, body: Record<string, unknown>): number;
  /** Puts the same update into the queue again, as after a lost confirmation. */
  repeat(updateId: number): void;
  getUpdates(params: Record<string, unknown>, signal: AbortSignal): Promise<readonly Update[]>;
  setWebhook(webhook: Webhook | undefined, allowed: unknown): void;
  webhook(): Webhook | undefined;
  pending(): readonly Update[];
  /** How many long polls wait now, how many at most ever waited, and how many were thrown out by another one. */
  readonly polls: { open: number; most: number; conflicts: number };
  lastWebhookError(): { readonly message: string; readonly at: number } | undefined;
  close(): Promise<void>;
}

export function createUpdates(first = 1000): Updates {
  let queue: Update[] = [];
  const all = new Map<number, Update>();
  let next = first;
  let allowed: readonly string[] | undefined;
  let waiting: Waiting | undefined;
  let hook: Webhook | undefined;
  let hookError: { message: string; at: number } | undefined;
  let posting: Promise<void> = Promise.resolve();
  let closed = false;
  const polls = { open: 0, most: 0, conflicts: 0 };
  const ended = new AbortController();

  function allow(value: unknown): void {
    if (value === undefined) return;
    const list: unknown = typeof value === "string" ? JSON.parse(value) : value;
    if (!Array.isArray(list) || list.some((item) => typeof item !== "string")) {
      throw bad("can't parse allowed updates: expected an Array of String");
    }
    allowed = list.length === 0 ? undefined : list;
  }

  const wanted = (kind: string) => allowed?.includes(kind) ?? !NOT_BY_DEFAULT.has(kind);

  function wake(): void {
    waiting?.answer();
    if (hook) posting = posting.then(postAll);
  }

  async function postAll(): Promise<void> {
    while (queue.length > 0 && hook && !closed) {
      const update = queue[0];
      if (!update || await post(hook, update)) queue.shift();
      else await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  async function post({ url, secret }: Webhook, update: Update): Promise<boolean> {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(secret === "" ? {} : { "x-telegram-bot-api-secret-token": secret }),
        },
        body: JSON.stringify(update),
        signal: ended.signal,
      });
      await response.body?.cancel();
      if (response.ok) return true;
      hookError = { message: `Wrong response from the webhook: ${response.status}`, at: Math.floor(Date.now() / 1000) };
    } catch (error) {
      hookError = { message: String(error), at: Math.floor(Date.now() / 1000) };
    }
    return false;
  }

  function forget(offset: number): void {
    if (offset > 0) queue = queue.filter((update) => update.update_id >= offset);
    if (offset < 0) queue = queue.slice(offset);
  }

  async function wait(seconds: number, signal: AbortSignal): Promise<void> {
    polls.open++;
    polls.most = Math.max(polls.most, polls.open);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const mine: Waiting = { answer: resolve, refuse: reject };
    const timer = setTimeout(resolve, seconds * 1000);
    const done = () => resolve();
    for (const each of [signal, ended.signal]) each.addEventListener("abort", done, { once: true });
    waiting = mine;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      ended.signal.removeEventListener("abort", done);
      if (waiting === mine) waiting = undefined;
      polls.open--;
    }
  }

  return {
    polls,
    push(kind, body) {
      const update: Update = { update_id: next++, [kind]: body };
      if (!wanted(kind)) return update.update_id;
      all.set(update.update_id, update);
      queue.push(update);
      wake();
      return update.update_id;
    },
    repeat(updateId) {
      const update = all.get(updateId);
      if (!update) throw new Error(`Cannot repeat update ${updateId}: it was never sent`);
      queue.push(update);
      wake();
    },
    async getUpdates(params, signal) {
      if (hook) {
        const reason =
          "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the " +
          "webhook first";
        throw new Refusal(409, reason);
      }
      if (waiting) {
        // The poll that waits is thrown out, the new one goes on: what Telegram does to two programs with one token.
        polls.conflicts++;
        const reason =
          "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
        waiting.refuse(new Refusal(409, reason));
      }
      const { offset = 0, limit = 100, timeout = 0 } = params;
      allow(params["allowed_updates"]);
      forget(Number(offset));
      const most = Number(limit) > 0 && Number(limit) <= 100 ? Number(limit) : 100;
      const seconds = Math.min(Math.max(Number(timeout), 0), MAX_TIMEOUT_S);
      if (queue.length === 0 && seconds > 0) await wait(seconds, signal);
      return queue.slice(0, most);
    },
    setWebhook(webhook, kinds) {
      allow(kinds);
      hook = webhook;
      hookError = undefined;
      if (webhook) waiting?.refuse(new Refusal(409, "Conflict: terminated by setWebhook request"));
      wake();
    },
    webhook: () => hook,
    pending: () => queue,
    lastWebhookError: () => hookError,
    async close() {
      closed = true;
      ended.abort();
      await posting;
    },
  };
}
