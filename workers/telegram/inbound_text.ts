/** What a Telegram message says as plain text: links, commands, places, contacts, forwards. */
import type { Me, TelegramBody } from "./wire.ts";
import { fullName } from "./people.ts";

export interface Spoken {
  readonly text: string;
  /** A command of ours, or one that was addressed to us. */
  readonly command: boolean;
}

/** `commands`: the names that this bot has registered. */
export function spokenText(message: TelegramBody, me: Me, commands: ReadonlySet<string>): Spoken {
  const written = message.text ?? message.caption ?? "";
  const { text, command } = withoutAddress(withLinks(message, written), message, me, commands);
  const lines = [forwarded(message), text, ...contents(message)].filter((line) => line !== "");
  return { text: lines.join("\n"), command };
}

const entitiesOf = (message: TelegramBody) => message.entities ?? message.caption_entities ?? [];

/** A link behind a word would be lost: it is written out behind the word. Offsets count UTF-16 units, as ours do. */
function withLinks(message: TelegramBody, text: string): string {
  const links = entitiesOf(message).filter(({ type, url }) => type === "text_link" && url !== undefined);
  return links.sort((a, b) => b.offset - a.offset).reduce((out, { offset, length, url = "" }) => {
    const end = offset + length;
    return out.slice(offset, end) === url ? out : `${out.slice(0, end)} (${url})${out.slice(end)}`;
  }, text);
}

/** `/cmd@our_bot args` → `/cmd args`. A command for another bot stays as it is. */
function withoutAddress(text: string, message: TelegramBody, me: Me, commands: ReadonlySet<string>): Spoken {
  const entity = entitiesOf(message).find(({ type, offset }) => type === "bot_command" && offset === 0);
  const match = entity && /^\/([A-Za-z0-9_]+)(?:@(\w+))?/u.exec(text);
  const name = match?.[1]?.toLowerCase();
  if (!match || name === undefined) return { text, command: false };
  const address = match[2];
  if (address === undefined) {
    return { text, command: message.chat.type === "private" || commands.has(name) };
  }
  if (!sameName(address, me.username)) return { text, command: false };
  return { text: `/${match[1]}${text.slice(match[0].length)}`, command: true };
}

export const sameName = (a: string, b: string | undefined): boolean => a.toLowerCase() === b?.toLowerCase();

function forwarded({ forward_origin: origin }: TelegramBody): string {
  if (!origin) return "";
  const name = origin.sender_user === undefined
    ? origin.sender_user_name ?? origin.chat?.title ?? origin.sender_chat?.title
    : fullName(origin.sender_user);
  return `[Forwarded from ${name ?? "somebody"}]`;
}

type Place = NonNullable<TelegramBody["location"]>;

const at = ({ latitude, longitude, horizontal_accuracy: accuracy }: Place): string =>
  `${latitude}, ${longitude}${accuracy === undefined ? "" : ` ±${accuracy} m`}`;

/** One line for each thing that is neither text nor a file. */
function contents(message: TelegramBody): string[] {
  const { venue, location, contact, poll, dice, sticker } = message;
  const lines: string[] = [];
  if (venue) lines.push(`[Venue: ${venue.title}, ${venue.address} (${at(venue.location)})]`);
  else if (location) {
    lines.push(`[${location.live_period === undefined ? "Location" : "Live location"}: ${at(location)}]`);
  }
  if (contact) {
    const name = [contact.first_name, contact.last_name ?? ""].join(" ").trim();
    lines.push(`[Contact: ${name}, ${contact.phone_number}]`);
  }
  if (poll) lines.push(`[Poll: ${poll.question} (${poll.options.map(({ text }) => text).join(" / ")})]`);
  if (dice) lines.push(`[${dice.emoji} ${dice.value}]`);
  // Moving stickers are no picture that a model could look at.
  if (sticker && (sticker.is_animated || sticker.is_video)) lines.push(`[Sticker ${sticker.emoji ?? ""}]`);
  return lines;
}
