/** After a connection that could not be resumed: what was said meanwhile, in the chats that were used before. */
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { toChannelError } from "./errors.ts";
import type { Directory } from "./directory.ts";
import { timeOf } from "./inbound.ts";
import type { Intake } from "./intake.ts";
import type { Memory } from "./memory.ts";
import type { Api } from "./rest.ts";
import type { Settings } from "./settings.ts";
import { type Message, Messages } from "./wire.ts";

/** Chats that are looked at, the most recent first; Discord counts every look. */
const MAX_CHATS = 40;
const PAGE = 100;
const MAX_PAGES = 3;

const checkMessages = checker(Messages);

export interface CatchUpDeps {
  readonly context: Pick<ProviderContext, "log" | "signal">;
  readonly api: Pick<Api, "call">;
  readonly memory: Pick<Memory, "lastMessages">;
  readonly directory: Pick<Directory, "chat">;
  readonly settings: Pick<Settings, "catchUpMs">;
  readonly intake: Pick<Intake, "missed">;
}

/** Never rejects: a chat that cannot be read any more is passed over. What comes twice is dropped by the inbox. */
export async function catchUp(deps: CatchUpDeps): Promise<void> {
  const { context: { signal, log }, settings, memory } = deps;
  if (settings.catchUpMs === 0) return;
  const oldest = Date.now() - settings.catchUpMs;
  let found = 0;
  for (const [chatId, last] of memory.lastMessages().slice(0, MAX_CHATS)) {
    if (signal.aborted) return;
    try {
      found += await readChat(deps, chatId, last, oldest);
    } catch (error) {
      log("info", "discord.catch_up_failed", { chatId, reason: toChannelError(error).message });
    }
  }
  if (found > 0) log("info", "discord.caught_up", { messages: found });
}

async function readChat(deps: CatchUpDeps, chatId: string, last: string, oldest: number): Promise<number> {
  const { api, context: { signal }, intake } = deps;
  let after = last;
  let count = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ after, limit: String(PAGE) });
    const checked = checkMessages(await api.call("get", `/channels/${chatId}/messages`, signal, { query }));
    if (!checked.ok) throw new Error(checked.error);
    const messages = checked.value.toSorted(byAge);
    const guildId = messages.length === 0 ? undefined : await guildOf(deps, chatId);
    for (const message of messages) {
      if (timeOf(message.timestamp, message.id) < oldest) continue;
      count++;
      await intake.missed(guildId === undefined ? message : { ...message, guild_id: guildId });
    }
    after = messages.at(-1)?.id ?? after;
    if (messages.length < PAGE) break;
  }
  return count;
}

/** Messages that are asked for do not say in which server they are; its channel does. */
async function guildOf({ directory, context: { signal } }: CatchUpDeps, chatId: string): Promise<string | undefined> {
  return (await directory.chat(chatId, undefined, signal, "ask")).guildId;
}

const byAge = (a: Message, b: Message): number =>
  a.id.length === b.id.length ? (a.id < b.id ? -1 : 1) : a.id.length - b.id.length;
