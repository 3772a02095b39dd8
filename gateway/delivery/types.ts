/** Delivery as the rest of the gateway uses it: what goes out, what became of it, and why. */
import type { Button, Target } from "../../schemas/worker/content.ts";
import type { Static } from "../../schemas/primitives.ts";

export const OUTBOX_STATES = ["queued", "attempting", "sent", "failed", "unknown", "expired", "dropped"] as const;
export type OutboxState = (typeof OUTBOX_STATES)[number];
export const DELIVERY_CLASSES = ["reply", "send", "notice"] as const;
export type DeliveryClass = (typeof DELIVERY_CLASSES)[number];

export interface MediaOut {
  readonly kind: "image" | "audio" | "voice" | "video" | "document" | "sticker";
  readonly mimeType: string;
  readonly fileName: string | undefined;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Something to deliver, before it is cut into platform messages. */
export interface Delivery {
  readonly class: DeliveryClass;
  readonly channel: string;
  readonly accountId: string;
  readonly target: Target;
  /** Markdown. */
  readonly text: string;
  readonly media: readonly MediaOut[];
  readonly buttons?: readonly (readonly Static<typeof Button>[])[];
  readonly silent?: boolean;
  /** Milliseconds after which it is of no use any more; never longer than its class allows. */
  readonly ttlMs?: number;
  /** All rows of one delivery; repeats with the same id are not delivered twice. */
  readonly groupId: string;
  readonly inboxId: string | undefined;
  readonly runId: string | undefined;
  readonly sessionKey: string | undefined;
  /** The message of the platform that already shows the beginning of this text (a stream by edits); it is edited. */
  readonly draft?: { readonly messageId: string };
  /** A block of a growing answer: the stretch of the answer that `text` stands for. */
  readonly source?: string;
  /** A poll instead of text and media. */
  readonly poll?: PollOut;
}

/** A question with options to choose from. */
export interface PollOut {
  readonly question: string;
  readonly options: readonly string[];
  readonly maxSelections?: number;
  readonly durationHours?: number;
}

export interface OutboxRow {
  readonly id: string;
  readonly class: DeliveryClass;
  readonly channel: string;
  readonly accountId: string;
  readonly chatId: string;
  readonly groupId: string;
  readonly part: number;
  readonly state: OutboxState;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  readonly expiresAt: number;
  readonly messageIds: readonly string[];
  readonly error: string | undefined;
  readonly possibleDuplicate: boolean;
  readonly preview: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The truth about a delivery: `unknown` is said when it is unknown. */
export interface DeliveryResult {
  readonly state: "queued" | "sent" | "unknown" | "failed" | "expired";
  readonly messageIds: readonly string[];
  readonly chatId: string;
  readonly error: string | undefined;
  /** The platform's id of a poll that was sent. */
  readonly pollId?: string;
}

export interface Outbox {
  /**
   * Writes the rows; joins the caller's transaction, so that a run's end and its reply are one commit. Returns the ids.
   * Does nothing and returns the old ids when the group is there already.
   */
  enqueue(delivery: Delivery): readonly string[];
  /** Starts sending what is due; called after the commit and by timers. */
  wake(channel: string, accountId: string): void;
  /** Resolves when every row of the group has a final state, or at the deadline with what is true then. */
  settled(groupId: string, deadlineMs: number): Promise<DeliveryResult>;
  list(
    filter?: { readonly state?: OutboxState; readonly channel?: string; readonly limit?: number },
  ): readonly OutboxRow[];
  /** Sends a held row again; the owner has decided that a duplicate is better than a loss. */
  retry(id: string): OutboxRow;
  drop(id: string): OutboxRow;
}

/** One line of `openclaw explain`. */
export interface TrailStep {
  readonly at: number;
  readonly step: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** The inbox id, outbox id or run id that it was written under. */
  readonly subject?: string;
}

/** Writes down each step and decision of a message. Joins the caller's transaction. Never holds message bodies. */
export interface Trail {
  add(subject: string, step: string, detail?: Readonly<Record<string, unknown>>): void;
  /** By inbox id, outbox id, run id or the platform's message id. */
  explain(id: string): readonly TrailStep[];
}
