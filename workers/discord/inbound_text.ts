/** What a Discord message says as plain text: names for ids, forwards, polls, stickers, embeds. */
import { MAX_TEXT } from "../../schemas/worker/content.ts";
import type { Directory } from "./directory.ts";
import type { Message, User } from "./wire.ts";

export type Names = Pick<Directory, "channelName" | "roleName">;
type Spoken = Pick<Message, "content" | "embeds" | "sticker_items" | "mentions" | "poll" | "message_snapshots">;

export function spokenText(message: Spoken, guildId: string | undefined, names: Names): string {
  const own = withNames(message.content ?? "", message.mentions ?? [], guildId, names);
  const lines = [own === "" ? embedText(message) : own, ...forwarded(message, guildId, names), ...contents(message)];
  return lines.filter((line) => line !== "").join("\n").slice(0, MAX_TEXT);
}

/** `<@12>` is written `@name`: the model does not know ids. Names are user names, which hold no space. */
function withNames(text: string, mentions: readonly User[], guildId: string | undefined, names: Names): string {
  return text.replaceAll(/<(@!?|@&|#)(\d{1,32})>/gu, (whole, sign: string, id: string) => {
    if (sign === "#") return named("#", names.channelName(id)) ?? whole;
    if (sign === "@&") return named("@", names.roleName(guildId, id)) ?? whole;
    return named("@", mentions.find((user) => user.id === id)?.username) ?? whole;
  });
}

const named = (sign: string, name: string | undefined): string | undefined =>
  name === undefined || name === "" ? undefined : `${sign}${name}`;

/** Webhooks and bots often say everything in an embed. */
const embedText = ({ embeds = [] }: Spoken): string =>
  embeds.map(({ title, description }) => [title ?? "", description ?? ""].filter((part) => part !== "").join("\n"))
    .filter((part) => part !== "").join("\n");

function forwarded({ message_snapshots: snapshots = [] }: Spoken, guildId: string | undefined, names: Names): string[] {
  return snapshots.flatMap(({ message }) =>
    message === undefined ? [] : [`[Forwarded] ${spokenText(message, guildId, names)}`.trim()]
  );
}

function contents({ sticker_items: stickers = [], poll }: Spoken): string[] {
  const lines = stickers.map(({ name }) => `[Sticker: ${name}]`);
  if (poll) {
    const answers = (poll.answers ?? []).map(({ poll_media: media }) => media.text ?? "").join(" / ");
    lines.push(`[Poll: ${poll.question.text ?? ""} (${answers})]`);
  }
  return lines;
}
