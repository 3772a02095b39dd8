/** What a Signal message says as plain text: mentions by name, and a line for each thing that is neither text nor file. */
import type { InboundMessage } from "../../schemas/worker/content.ts";
import { type Person, personId, samePerson } from "./identity.ts";
import type { DataMessage, Mention } from "./wire.ts";

export interface Spoken {
  readonly text: string;
  readonly mentions: Pick<InboundMessage, "mentioned" | "mentionsOthers">;
}

/** Signal writes one placeholder character for a mention; offsets count UTF-16 units, as ours do. */
export function spokenText(data: DataMessage, self: Person, isDirect: boolean): Spoken {
  const valid = (data.mentions ?? []).filter(({ start, length }) =>
    Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length > 0 &&
    start + length <= (data.message ?? "").length
  );
  const text = [...valid].sort((a, b) => b.start - a.start).reduce(
    (out, mention) => `${out.slice(0, mention.start)}@${nameOf(mention)}${out.slice(mention.start + mention.length)}`,
    data.message ?? "",
  );
  const isOurs = (mention: Mention): boolean => samePerson(mention, self);
  const others = valid.some((mention) => !isOurs(mention));
  return {
    text: [text, ...contents(data)].filter((line) => line !== "").join("\n"),
    mentions: {
      mentioned: isDirect || valid.some(isOurs),
      ...(others ? { mentionsOthers: true } : {}),
    },
  };
}

const nameOf = (mention: Mention): string => {
  const name = mention.name?.trim();
  return name === undefined || name === "" ? personId(mention) ?? "somebody" : name;
};

function contents({ sticker, contacts = [], payment, viewOnce, attachments = [] }: DataMessage): string[] {
  const lines = attachments.flatMap(({ caption }) => caption === undefined || caption === "" ? [] : [caption]);
  if (sticker) lines.push("[Sticker]");
  for (const { name, phone = [] } of contacts.slice(0, 16)) {
    const written = name?.display ?? [name?.given ?? "", name?.family ?? ""].join(" ").trim();
    const numbers = phone.flatMap(({ value }) => value === undefined ? [] : [value]);
    lines.push(`[Contact: ${[written, ...numbers].filter((part) => part !== "").join(", ")}]`);
  }
  if (payment) lines.push(`[Payment${payment.note ? `: ${payment.note}` : ""}]`);
  if (viewOnce === true) lines.push("[A picture that can be seen once]");
  return lines;
}
