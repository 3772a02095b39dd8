/**
 * The stream of a run on its way to a platform: a draft that grows by edits, or finished blocks, or the final answer alone.
 * Whatever was shown on the way, the answer itself is a durable delivery; the rest is an extra that may fail.
 */
import { isSilent, mayBeSilent } from "../agent/silence.ts";
import type { Clock } from "../observe/clock.ts";
import type { Channels } from "../supervisor/types.ts";
import { createBlocks } from "./blocks.ts";
import type { DraftSpec } from "./drafts.ts";
import { createGrowingDraft } from "./growing_draft.ts";
import type { DeliveryService } from "./outbox.ts";
import type { PolicyOf } from "./policy.ts";
import type { MediaOut } from "./types.ts";
import { startTyping } from "./typing.ts";

export interface ReplyStreamDeps {
  readonly outbox: Pick<DeliveryService, "enqueue" | "drafts" | "pause" | "chatBusy">;
  readonly channels: Pick<Channels, "request" | "account">;
  readonly policy: PolicyOf;
  readonly clock: Clock;
}

/** Where the answer goes and what it belongs to. `groupId` is the same after a restart, so that the draft is found again. */
export type ReplySpec = DraftSpec;

/** One answer. After `final`, `fail` or `aborted` nothing more happens; the first of them counts. */
export interface ReplyStream {
  /** The whole text of the answer so far. Cheap: called at every piece of the model's stream. */
  delta(text: string): void;
  /**
   * Writes the answer into the outbox; joins the caller's transaction. Returns the ids of its rows: none for a silent
   * answer, whose drafts are taken away.
   */
  final(text: string, media?: readonly MediaOut[]): readonly string[];
  /** The run failed. `sentence` goes to the chat, after what is shown already; undefined: nothing does. */
  fail(sentence: string | undefined): readonly string[];
  /** The run was stopped: what is shown is completed, nothing else is sent. */
  aborted(): readonly string[];
}

/** What is shown before the end, in one of three ways. */
export interface Preview {
  delta(text: string): void;
  /** No call is started from now on. */
  close(): void;
  /** The part of the final text that is not delivered yet. */
  rest(text: string): string;
  /** Whether anything may be visible. */
  shown(): boolean;
}

const NOTHING: Preview = { delta: () => {}, close: () => {}, rest: (text) => text, shown: () => false };

/** Starts typing at once. */
export function createReplyStream(deps: ReplyStreamDeps, spec: ReplySpec): ReplyStream {
  const { outbox } = deps;
  const policy = deps.policy(spec.channel, spec.accountId);
  const stopTyping = policy.typing ? startTyping(deps, spec) : () => {};
  const preview = policy.streaming === "edit"
    ? createGrowingDraft(deps, spec, policy)
    : policy.streaming === "blocks"
    ? createBlocks(deps, spec, policy)
    : NOTHING;
  let latest = "";
  let ended = false;

  function end(text: string, media: readonly MediaOut[]): readonly string[] {
    ended = true;
    preview.close();
    const rest = isSilent(text) ? "" : preview.rest(text);
    const ids = rest.trim() === "" && media.length === 0
      ? []
      : outbox.enqueue({ ...spec, class: "reply", text: rest, media });
    stopTyping(ids.length === 0);
    // What was shown in more messages than the answer has in the end; a text cannot become the caption of an attachment.
    const keep = media.length > 0 ? 0 : ids.length;
    if (preview.shown()) queueMicrotask(() => void outbox.drafts.remove(spec, keep));
    return ids;
  }

  return {
    delta(text) {
      if (ended) return;
      latest = text;
      if (!mayBeSilent(text)) preview.delta(text);
    },
    final: (text, media = []) => ended ? [] : end(text, media),
    fail(sentence) {
      if (ended) return [];
      const shown = preview.shown() ? latest : "";
      return end([shown, sentence ?? ""].filter((part) => part.trim() !== "").join("\n\n"), []);
    },
    aborted: () => ended ? [] : end(preview.shown() ? latest : "", []),
  };
}
