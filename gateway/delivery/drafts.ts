/**
 * Drafts: messages that show an answer while it grows. Each is a row before the platform is called, so that after a crash
 * the answer edits what is there instead of standing beside it. A draft that fails costs nothing: it is an extra.
 */
import type { ChannelError } from "../../schemas/worker/channel.ts";
import type { Target } from "../../schemas/worker/content.ts";
import { uuid } from "../observe/clock.ts";
import { ChannelFailure, type Channels } from "../supervisor/types.ts";
import type { FullRow, OutboxRows } from "./outbox_rows.ts";
import type { Trail } from "./types.ts";

const CALL_MS = 15_000;

export interface DraftSpec {
  readonly channel: string;
  readonly accountId: string;
  readonly target: Target;
  /** That of the answer. */
  readonly groupId: string;
  readonly inboxId: string | undefined;
  readonly runId: string | undefined;
  readonly sessionKey: string | undefined;
}

/** `gone`: this draft can show nothing more. */
export type DraftResult = { readonly ok: true } | {
  readonly ok: false;
  readonly gone: boolean;
  readonly pauseMs: number;
};

export interface Drafts {
  /** Shows `text` in the draft of this part: sends it, or edits it when it is there. Never rejects. */
  show(spec: DraftSpec, part: number, text: string): Promise<DraftResult>;
  /** Takes away the drafts from `fromPart` on, as far as the platform can. */
  remove(spec: DraftSpec, fromPart: number): Promise<void>;
  /** Resolves when no call for this answer is under way. */
  idle(groupId: string): Promise<void>;
  /** The draft of an answer's part, whatever became of it. */
  of(groupId: string, part: number): FullRow | undefined;
  /** The draft can no longer be edited: the answer goes out as a message of its own. */
  forget(draft: FullRow): void;
}

export interface DraftDeps {
  readonly rows: OutboxRows;
  readonly channels: Pick<Channels, "request">;
  readonly trail: Trail;
}

const draftGroup = (groupId: string): string => `${groupId}#draft`;
const refused = (gone: boolean, pauseMs = 0): DraftResult => ({ ok: false, gone, pauseMs });

export function createDrafts({ rows, channels, trail }: DraftDeps): Drafts {
  const running = new Map<string, Promise<unknown>>();
  const of = (groupId: string, part: number) => rows.part(draftGroup(groupId), part);

  /** One call at a time for each answer. */
  function inTurn<T>(groupId: string, work: () => Promise<T>): Promise<T> {
    const turn = (running.get(groupId) ?? Promise.resolve()).then(work, work);
    const settled = turn.catch(() => {}).finally(() => {
      if (running.get(groupId) === settled) running.delete(groupId);
    });
    running.set(groupId, settled);
    return turn;
  }

  async function send(spec: DraftSpec, part: number, text: string): Promise<DraftResult> {
    const id = uuid();
    const target = part === 0 ? spec.target : unquoted(spec.target);
    rows.db.transaction(() => {
      rows.insert({
        ...spec,
        id,
        class: "draft",
        groupId: draftGroup(spec.groupId),
        part,
        message: { target, text },
        media: undefined,
        state: "queued",
        error: undefined,
        expiresAt: rows.clock.now(),
      });
      rows.attempting(id);
    });
    try {
      const message = { target, text, idempotencyKey: id };
      const value = await channels.request(spec.channel, spec.accountId, { type: "send", message }, CALL_MS);
      if (value.kind !== "receipt") throw new Error(`a send was answered by ${value.kind}`);
      const { receipt } = value;
      rows.db.transaction(() => {
        rows.sent(id, receipt);
        trail.add(spec.runId ?? id, "draft.shown", { part, messageId: receipt.messageIds[0] });
      });
      return { ok: true };
    } catch (error) {
      const failure = failureOf(error);
      rows.finish(id, failure.outcome === "unknown" ? "unknown" : "failed", failure.message);
      return refused(true, failure.retryAfterMs ?? 0);
    }
  }

  async function edit(spec: DraftSpec, draft: FullRow, text: string): Promise<DraftResult> {
    const messageId = draft.receipt?.messageIds[0];
    if (draft.state !== "sent" || messageId === undefined) return refused(true);
    // Not known from here on: a crash or a lost answer leaves either text behind.
    rows.setShown(draft, undefined);
    try {
      const request = { type: "edit", target: draft.message.target, messageId, text } as const;
      await channels.request(spec.channel, spec.accountId, request, CALL_MS);
      rows.setShown(draft, text);
      return { ok: true };
    } catch (error) {
      const failure = failureOf(error);
      const lasting = failure.outcome === "not_sent" && !failure.retryable && failure.code !== "rate_limited";
      return refused(lasting, failure.retryAfterMs ?? 0);
    }
  }

  async function removeOne(spec: DraftSpec, draft: FullRow): Promise<void> {
    const messageId = draft.receipt?.messageIds[0];
    if (draft.state !== "sent" || messageId === undefined) return;
    rows.finish(draft.id, "dropped", "The answer did not need this draft");
    const request = { type: "delete", target: draft.message.target, messageId } as const;
    await channels.request(spec.channel, spec.accountId, request, CALL_MS).catch(() => {});
  }

  return {
    of,
    show: (spec, part, text) =>
      inTurn(spec.groupId, async () => {
        const draft = of(spec.groupId, part);
        return draft === undefined ? await send(spec, part, text) : await edit(spec, draft, text);
      }),
    remove: (spec, fromPart) =>
      inTurn(spec.groupId, async () => {
        for (const draft of rows.group(draftGroup(spec.groupId))) {
          if (draft.part >= fromPart) await removeOne(spec, draft);
        }
      }),
    idle: async (groupId) => void await running.get(groupId),
    forget: (draft) => rows.finish(draft.id, "dropped", "The draft can no longer be edited"),
  };
}

function unquoted({ replyToId: _, ...target }: Target): Target {
  return target;
}

/** Anything but a channel's own failure may have happened after the platform took the message. */
export function failureOf(error: unknown): ChannelError {
  if (error instanceof ChannelFailure) return error.error;
  const message = error instanceof Error && error.message !== "" ? error.message : String(error);
  return { code: "internal", message, retryable: false, outcome: "unknown" };
}
