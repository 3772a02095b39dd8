/** Names of people and conversations, asked for once. An event never waits long for a name. */
import { checker } from "../../schemas/validate.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import type { Api } from "./api.ts";
import { slackCode, toChannelError } from "./errors.ts";
import { ChannelInfo, UserInfo } from "./wire.ts";

const checkChannel = checker(ChannelInfo);
const checkUser = checker(UserInfo);

/** Slack wants its acknowledgement within three seconds, and the event is to be in the inbox before it. */
const ASK_MS = 1_200;
const MAX_KNOWN = 4_096;
/** How long an answer is believed, and how long a refusal is. */
const KNOWN_MS = 60 * 60_000;
const UNKNOWN_MS = 60_000;

export interface Conversation {
  readonly kind: "direct" | "group" | "channel" | undefined;
  readonly name: string | undefined;
}

export interface Person {
  readonly name: string | undefined;
  /** The short name that people mention. */
  readonly handle: string | undefined;
  readonly isBot: boolean;
}

export interface Directory {
  conversation(id: string): Promise<Conversation>;
  person(id: string): Promise<Person>;
  renamed(channelId: string, name: string): void;
}

const NOBODY: Person = { name: undefined, handle: undefined, isBot: false };
const NOWHERE: Conversation = { kind: undefined, name: undefined };

export function createDirectory(
  { context, api }: { readonly context: Pick<ProviderContext, "log" | "signal">; readonly api: Api },
): Directory {
  const conversations = new Map<string, Entry<Conversation>>();
  const people = new Map<string, Entry<Person>>();
  const told = new Set<string>();

  /** One question at a time for one id; a failure is remembered for a while, so that it does not hold up every event. */
  function once<T>(known: Map<string, Entry<T>>, id: string, otherwise: T, ask: () => Promise<T>): Promise<T> {
    const entry = known.get(id);
    if (entry && entry.until > Date.now()) return entry.value;
    if (known.size >= MAX_KNOWN) known.clear();
    const value = ask().catch((error: unknown) => {
      known.set(id, { value: Promise.resolve(otherwise), until: Date.now() + UNKNOWN_MS });
      tell(error);
      return otherwise;
    });
    known.set(id, { value, until: Date.now() + KNOWN_MS });
    return value;
  }

  /** A missing scope is said once: the account works without names, but lists of channels by name do not match. */
  function tell(error: unknown): void {
    const { message } = toChannelError(error);
    const what = slackCode(error) ?? message;
    if (context.signal.aborted || told.has(what) || told.size > 32) return;
    told.add(what);
    context.log("warn", "slack.name_unknown", { reason: message });
  }

  const options = () => ({ signal: context.signal, ms: ASK_MS });
  return {
    conversation: (id) =>
      once(conversations, id, NOWHERE, async () => {
        const { channel } = await api.call("conversations.info", { channel: id }, checkChannel, options());
        const kind = channel.is_im ? "direct" : channel.is_mpim ? "group" : "channel";
        return { kind, name: channel.name };
      }),
    person: (id) =>
      once(people, id, NOBODY, async () => {
        const { user } = await api.call("users.info", { user: id }, checkUser, options());
        const { display_name: display, real_name: real } = user.profile ?? {};
        return { name: display || real || user.real_name || user.name, handle: user.name, isBot: user.is_bot === true };
      }),
    renamed(channelId, name) {
      const value = Promise.resolve<Conversation>({ kind: "channel", name });
      conversations.set(channelId, { value, until: Date.now() + KNOWN_MS });
    },
  };
}

interface Entry<T> {
  readonly value: Promise<T>;
  readonly until: number;
}
