/**
 * The stream of a run on its way to a platform: a draft that grows by edits, or finished blocks, or nothing before the end.
 * The answer itself is a delivery of the same group, written by whoever ends the run; it edits the drafts and leaves out
 * the blocks. So what happens here is an extra that may fail, and a crash leaves nothing doubled.
 */
import { isSilent, mayBeSilent } from "../agent/silence.ts";
import type { Clock } from "../observe/clock.ts";
import type { Channels } from "../supervisor/types.ts";
import { createBlocks } from "./blocks.ts";
import type { DraftSpec } from "./drafts.ts";
import { createGrowingDraft } from "./growing_draft.ts";
import type { DeliveryService } from "./outbox.ts";
import type { PolicyOf } from "./policy.ts";
import { startTyping } from "./typing.ts";

export interface ReplyStreamDeps {
  readonly outbox: Pick<DeliveryService, "enqueue" | "drafts" | "pause" | "chatBusy" | "parts">;
  readonly channels: Pick<Channels, "request" | "account">;
  readonly policy: PolicyOf;
  readonly clock: Clock;
}

/** Where the answer goes and what it belongs to. `groupId` is the same after a restart, so that the draft is found again. */
export type ReplySpec = DraftSpec;

/** One growing answer. */
export interface ReplyStream {
  /** The whole text so far. Cheap: called at every piece of the model's stream. */
  update(text: string): void;
  /** The run has ended, and its answer is in the outbox if there is one. Nothing more of the stream is shown. */
  close(): void;
}

/** What is shown before the end. */
export interface Preview {
  update(text: string): void;
  /** Starts no further call. True when something may be visible as a draft. */
  close(): boolean;
}

const NOTHING: Preview = { update: () => {}, close: () => false };

/** Starts typing at once. */
export function openReplyStream(deps: ReplyStreamDeps, spec: ReplySpec): ReplyStream {
  const policy = deps.policy(spec.channel, spec.accountId);
  const stopTyping = policy.typing ? startTyping(deps, spec) : () => {};
  const preview = policy.streaming === "edit"
    ? createGrowingDraft(deps, spec, policy)
    : policy.streaming === "blocks"
    ? createBlocks(deps, spec, policy)
    : NOTHING;
  let latest = "";
  let closed = false;
  return {
    update(text) {
      if (closed) return;
      latest = text;
      if (!mayBeSilent(text)) preview.update(text);
    },
    close() {
      if (closed) return;
      closed = true;
      const drafted = preview.close();
      const answer = deps.outbox.parts(spec.groupId);
      stopTyping(answer.all === 0);
      // Drafts that the answer has no part for go; without an answer, what a stopped run has shown stays.
      if (drafted && (answer.all > 0 || isSilent(latest))) void deps.outbox.drafts.remove(spec, answer.text);
    },
  };
}
