/** Finished blocks of a growing answer, each a delivery of its own; the outbox leaves them out of the answer. */
import { chunksOf } from "./chunk.ts";
import type { Preview, ReplySpec, ReplyStreamDeps } from "./coalesce.ts";
import { createFenceScan } from "./fence.ts";
import { blockGroup } from "./outbox_rows.ts";
import type { DeliveryPolicy } from "./policy.ts";

const MIN_CHARS = 800;
const MAX_CHARS = 1_200;
/** A pause of the model this long ends a block that is long enough. */
const IDLE_MS = 1_000;

export function createBlocks({ outbox, clock }: ReplyStreamDeps, spec: ReplySpec, policy: DeliveryPolicy): Preview {
  const most = Math.min(MAX_CHARS, policy.maxText);
  const least = Math.min(MIN_CHARS, most);
  const limits = { maxText: most, maxLines: policy.maxLines, mode: policy.chunkMode };
  let latest = "";
  let sent = 0;
  let count = 0;
  let cancel: (() => void) | undefined;
  let closed = false;

  function deliver(text: string, end: number): void {
    const source = latest.slice(sent, end);
    sent = end;
    const groupId = blockGroup(spec.groupId, count++);
    const target = count === 1 ? spec.target : unquoted(spec.target);
    outbox.enqueue({ ...spec, target, groupId, class: "reply", text, source, media: [] });
  }

  /** A cut can be made where the text behind it is long enough to show that it is one. */
  function cutFull(): void {
    while (latest.length - sent > most) {
      const [first] = chunksOf(latest.slice(sent), limits);
      if (first === undefined || sent + first.end >= latest.length) return;
      deliver(first.text, sent + first.end);
    }
  }

  function cutIdle(): void {
    const pending = latest.slice(sent);
    const end = lastStop(pending);
    if (!closed && end >= least) deliver(pending.slice(0, end), sent + end);
  }

  return {
    update(text) {
      if (closed) return;
      // An answer that begins anew cannot take back what was sent; the end of the run says it whole.
      if (!text.startsWith(latest.slice(0, sent))) return void (closed = true);
      latest = text;
      cutFull();
      cancel?.();
      cancel = clock.after(IDLE_MS, cutIdle);
    },
    close() {
      closed = true;
      cancel?.();
      return false;
    },
  };
}

/** The end of the last paragraph, line or sentence that no fence spans; 0 when there is none. */
function lastStop(text: string): number {
  const scan = createFenceScan(text);
  for (const pattern of [/\n[ \t]*\n/gu, /\n/gu, /[.!?…](?=\s|$)|[。！？]/gu]) {
    const ends = [...text.matchAll(pattern)].map((match) => match.index + match[0].trimEnd().length);
    const last = ends.findLast((end) => end > 0 && scan.at(end) === undefined);
    if (last !== undefined) return last;
  }
  return 0;
}

function unquoted({ replyToId: _, ...target }: ReplySpec["target"]): ReplySpec["target"] {
  return target;
}
