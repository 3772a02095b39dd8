/** Slack's limits of blocks and metadata, as its reference states them. */
import { recordOf } from "./params.ts";
import { Refusal } from "./refusal.ts";

export function checkBlocks(blocks: unknown): void {
  const bad = () => new Refusal("invalid_blocks");
  if (!Array.isArray(blocks) || blocks.length > 50) throw bad();
  const ids = new Set<string>();
  for (const each of blocks) {
    const block = recordOf(each);
    if (block["type"] === "section") {
      const { type, text } = recordOf(block["text"]);
      if ((type !== "mrkdwn" && type !== "plain_text") || typeof text !== "string") throw bad();
      if (text.length === 0 || text.length > 3000) throw bad();
    } else if (block["type"] === "actions") checkActions(block["elements"], ids, bad);
    else throw bad();
  }
}

function checkActions(elements: unknown, ids: Set<string>, bad: () => Refusal): void {
  if (!Array.isArray(elements) || elements.length === 0 || elements.length > 25) throw bad();
  for (const each of elements) {
    const { type, action_id: id, value, text, style } = recordOf(each);
    const label = recordOf(text);
    if (type !== "button" || typeof id !== "string" || id.length > 255 || ids.has(id)) throw bad();
    if (label["type"] !== "plain_text" || typeof label["text"] !== "string") throw bad();
    if (label["text"].length === 0 || label["text"].length > 75) throw bad();
    if (value !== undefined && (typeof value !== "string" || value.length > 2000)) throw bad();
    if (style !== undefined && style !== "primary" && style !== "danger") throw bad();
    ids.add(id);
  }
}

export function checkMetadata(metadata: unknown): void {
  const { event_type: type, event_payload: payload } = recordOf(metadata);
  if (typeof type !== "string" || !/^[A-Za-z0-9_]{1,255}$/u.test(type)) throw new Refusal("invalid_metadata_format");
  if (typeof payload !== "object" || payload === null) throw new Refusal("invalid_metadata_format");
  if (JSON.stringify(metadata).length > 8000) throw new Refusal("metadata_too_large");
}
