/** A message that is sent early and edited at the platform's pace; what outgrows it rolls over into the next one. */
import { chunkMarkdown } from "./chunk.ts";
import type { Preview, ReplySpec, ReplyStreamDeps } from "./coalesce.ts";
import type { DeliveryPolicy } from "./policy.ts";

/** Before the first message: an answer that is ready by then needs no draft at all. */
const FIRST_MS = 700;
/** Between two edits, whatever the platform would bear. */
const LEAST_MS = 500;
/** Between two looks at a chat or an account that is not free. */
const BUSY_MS = 1_000;

export function createGrowingDraft(
  { outbox, channels, clock }: ReplyStreamDeps,
  spec: ReplySpec,
  policy: DeliveryPolicy,
): Preview {
  const limits = { maxText: policy.maxText, maxLines: policy.maxLines, mode: policy.chunkMode };
  const pace = Math.max(policy.paceMs, LEAST_MS);
  /** What each message shows. */
  const shown: string[] = [];
  let latest = "";
  let closed = false;
  let started = false;
  let cancel: (() => void) | undefined;
  let calling = false;

  function plan(ms: number): void {
    if (closed || calling || cancel !== undefined) return;
    cancel = clock.after(ms, () => {
      cancel = undefined;
      step();
    });
  }

  /** Shows the first message that is behind; one call at a time. */
  function step(): void {
    if (closed) return;
    const connected = channels.account(spec.channel, spec.accountId)?.state === "connected";
    const inTheWay = !started && outbox.chatBusy(spec.channel, spec.accountId, spec.target.chatId);
    if (!connected || inTheWay) return plan(BUSY_MS);
    const parts = chunkMarkdown(latest, limits);
    const part = parts.findIndex((text, index) => text !== shown[index]);
    const text = parts[part];
    if (text === undefined) return;
    started = true;
    calling = true;
    outbox.drafts.show(spec, part, text).then((result) => {
      calling = false;
      if (result.ok) shown[part] = text;
      else if (result.gone) return close();
      else if (result.pauseMs > 0) outbox.pause(spec.channel, spec.accountId, result.pauseMs);
      plan(Math.max(pace, result.ok ? 0 : result.pauseMs));
    }, () => close());
  }

  function close(): void {
    closed = true;
    cancel?.();
    cancel = undefined;
  }

  return {
    update(text) {
      latest = text;
      plan(started ? pace : FIRST_MS);
    },
    close() {
      close();
      return started;
    },
  };
}
