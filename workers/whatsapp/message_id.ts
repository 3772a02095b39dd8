/** Message ids that follow from the idempotency key, so that the receiver drops a message that is sent twice. */
import { createHash } from "node:crypto";

/** What ids of the web client begin with. */
const PREFIX = "3EB0";

/** `part` tells apart the messages of one send, such as an attachment and its text. */
export function messageIdOf(idempotencyKey: string, part = 0): string {
  const hash = createHash("sha256").update(`${part}:${idempotencyKey}`).digest("hex").toUpperCase();
  return PREFIX + hash.slice(0, 18);
}
