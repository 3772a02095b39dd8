/** Cuts a delivery into the messages of its platform: text in parts, then attachments, buttons on the last text. */
import { chunkMarkdown } from "./chunk.ts";
import type { StoredOutbound } from "./outbox_rows.ts";
import type { DeliveryPolicy } from "./policy.ts";
import type { Delivery, MediaOut } from "./types.ts";

/** Longest text that goes out as the caption of an attachment; platforms cut captions earlier than texts. */
const MAX_CAPTION = 1_000;

export interface PlannedPart {
  readonly message: StoredOutbound;
  readonly media: Uint8Array<ArrayBuffer> | undefined;
}

/** The parts in the order in which they are sent; none when there is nothing to say. `captions`: a short text may be one. */
export function planParts(delivery: Delivery, policy: DeliveryPolicy, captions = true): PlannedPart[] {
  const { poll, media, target } = delivery;
  if (poll !== undefined) {
    return [{ message: { target, poll: { ...poll, options: [...poll.options] } }, media: undefined }];
  }
  const texts = chunkMarkdown(delivery.text, {
    maxText: policy.maxText,
    maxLines: policy.maxLines,
    mode: policy.chunkMode,
  });
  const [first, ...rest] = media;
  const [text] = texts;
  const short = texts.length === 1 && text !== undefined && text.length <= MAX_CAPTION;
  const asCaption = captions && first !== undefined && short;
  const parts = asCaption
    ? [mediaPart(delivery, first, text), ...rest.map((each) => mediaPart(delivery, each, undefined))]
    : [...texts.map((each) => textPart(delivery, each)), ...media.map((each) => mediaPart(delivery, each, undefined))];
  const lastText = asCaption ? 0 : texts.length - 1;
  return parts.map((part, index) => dress(part, delivery, index === lastText, index === 0));
}

const textPart = ({ target }: Delivery, text: string): PlannedPart => ({ message: { target, text }, media: undefined });

const mediaPart = ({ target }: Delivery, media: MediaOut, text: string | undefined): PlannedPart => ({
  message: {
    target,
    ...(text === undefined ? {} : { text }),
    media: {
      kind: media.kind,
      mimeType: media.mimeType,
      ...(media.fileName === undefined ? {} : { fileName: media.fileName }),
    },
  },
  media: media.data,
});

/** Only the first part quotes what it answers, and only the last text carries the buttons. */
function dress(
  part: PlannedPart,
  { buttons, silent, source }: Delivery,
  isLastText: boolean,
  isFirst: boolean,
): PlannedPart {
  const { replyToId: _, ...unquoted } = part.message.target;
  return {
    ...part,
    message: {
      ...part.message,
      target: isFirst ? part.message.target : unquoted,
      ...(buttons !== undefined && isLastText ? { buttons: buttons.map((row) => [...row]) } : {}),
      ...(silent === true ? { silent } : {}),
      ...(source !== undefined && isFirst ? { source } : {}),
    },
  };
}
