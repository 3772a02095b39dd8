/** Dispatches of the gateway on their way to main: checked, mapped in the order of their chat, handed over, counted off. */
import type { TSchema } from "@sinclair/typebox";
import type { Static } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Inbound } from "../../schemas/worker/content.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import type { Answers } from "./answers.ts";
import type { Directory } from "./directory.ts";
import { editEvent, type Known, messageEvent, reactionEvent } from "./inbound.ts";
import { defer, interactionEvent } from "./interactions.ts";
import type { Memory } from "./memory.ts";
import type { Recent } from "./recent.ts";
import type { Api } from "./rest.ts";
import * as wire from "./wire.ts";

/** Dispatches on their way at once; above it the connection is dropped and resumed when they are through. */
const MAX_OPEN = 1_000;
const OVERLOAD_MS = 2_000;
const REST_MS = 10_000;

type Dropped = { readonly dropped: string };

export interface Intake {
  dispatch(type: string, number: number, data: unknown): void;
  /** A message that a resume could not bring. */
  missed(message: wire.Message): Promise<void>;
}

export interface IntakeDeps {
  readonly context: Pick<ProviderContext, "inbound" | "log" | "signal">;
  readonly api: Pick<Api, "call">;
  readonly memory: Memory;
  readonly directory: Directory;
  readonly answers: Answers;
  readonly own: Recent;
  readonly pause: (ms: number) => void;
}

export function createIntake({ context, api, memory, directory, answers, own, pause }: IntakeDeps): Intake {
  const { log, signal } = context;
  /** The last step of each chat: a lookup must not let a later message overtake. */
  const chains = new Map<string, Promise<unknown>>();
  const known = (): Known => ({ selfId: memory.self()?.id, directory, isOwn: (id) => own.has(id) || undefined });

  /** `map` runs after what the chat already has on its way; `after` once main has the event. */
  async function inOrder(
    chatId: string,
    what: string,
    map: () => Promise<Inbound | Dropped>,
    after?: () => void,
  ): Promise<void> {
    const mapped = (chains.get(chatId) ?? Promise.resolve()).then(map);
    const step = mapped.catch(() => {});
    chains.set(chatId, step);
    try {
      const event = await mapped;
      if ("dropped" in event) return log("info", "discord.dropped", { what, reason: event.dropped });
      await context.inbound(event);
      after?.();
    } finally {
      if (chains.get(chatId) === step) chains.delete(chatId);
    }
  }

  const chatOf = (channelId: string, guildId: string | undefined) =>
    directory.chat(channelId, guildId, AbortSignal.any([signal, AbortSignal.timeout(REST_MS)]));

  const message = async (found: wire.Message): Promise<void> => {
    const { id, channel_id: channelId, guild_id: guildId, author } = found;
    if (author.id === memory.self()?.id) own.add(id);
    await inOrder(
      channelId,
      "message",
      async () => messageEvent(found, await chatOf(channelId, guildId), known()),
      () => memory.note(channelId, id),
    );
  };

  const edit = async (found: wire.Message): Promise<void> => {
    // Our own edits are the steps of a growing answer.
    if (found.author.id === memory.self()?.id) return;
    const { channel_id: channelId, guild_id: guildId } = found;
    await inOrder(channelId, "edit", async () => editEvent(found, await chatOf(channelId, guildId), known()));
  };

  const reaction = (added: boolean) => async (found: wire.Reaction, number: number): Promise<void> => {
    if (found.user_id === memory.self()?.id) return;
    const { channel_id: channelId, guild_id: guildId } = found;
    // Reactions have no id of their own; the place in the session is the same after a resume.
    const key = `${memory.session()?.sessionId}:${number}`;
    await inOrder(
      channelId,
      "reaction",
      async () => reactionEvent(found, { added, key, chat: await chatOf(channelId, guildId) }, known()),
    );
  };

  const interaction = async (found: wire.Interaction): Promise<void> => {
    const { channel_id: channelId = found.channel?.id, guild_id: guildId, channel } = found;
    if (channelId === undefined) return log("info", "discord.dropped", { what: "interaction", reason: "no channel" });
    if (channel) directory.channel(guildId === undefined ? channel : { ...channel, guild_id: guildId });
    // Before anything is waited for: three seconds are short.
    const deferring = defer(found, api, context);
    let handle: string | undefined;
    await inOrder(channelId, "interaction", async () => {
      const deferred = await deferring;
      const event = interactionEvent(found, await chatOf(channelId, guildId), { deferred, selfId: memory.self()?.id });
      if ("kind" in event && event.kind === "message") handle = event.replyHandle;
      if (handle !== undefined) answers.expect(handle);
      return event;
    }).catch(async (error: unknown) => {
      if (handle !== undefined && !signal.aborted) await answers.drop(handle);
      throw error;
    });
  };

  const self = () => memory.self()?.id;
  const handlers: Readonly<Record<string, (data: unknown, number: number) => Promise<void> | void>> = {
    MESSAGE_CREATE: on(wire.Message, message),
    MESSAGE_UPDATE: on(wire.Message, edit),
    MESSAGE_REACTION_ADD: on(wire.Reaction, reaction(true)),
    MESSAGE_REACTION_REMOVE: on(wire.Reaction, reaction(false)),
    INTERACTION_CREATE: on(wire.Interaction, interaction),
    GUILD_CREATE: on(wire.Guild, directory.guild),
    GUILD_DELETE: on(wire.Guild, ({ id }) => directory.forgetGuild(id)),
    GUILD_MEMBER_UPDATE: on(wire.MemberUpdate, ({ guild_id: guildId, user, roles }) => {
      if (user.id === self()) directory.ownRoles(guildId, roles);
    }),
    ...both(["GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE"], wire.RoleChange, ({ guild_id: id, role }) => {
      directory.role(id, role);
    }),
    ...both(["CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE"], wire.Channel, directory.channel),
    ...both(["CHANNEL_DELETE", "THREAD_DELETE"], wire.Channel, ({ id }) => directory.forgetChannel(id)),
  };

  async function handle(type: string, number: number, data: unknown): Promise<void> {
    try {
      await handlers[type]?.(data, number);
    } catch (error) {
      // At the stop nothing is finished: the next process resumes before it.
      if (signal.aborted) throw error;
      log("warn", "discord.event_lost", { what: type, reason: String(error) });
    }
  }

  return {
    dispatch(type, number, data) {
      if (memory.sequence.open() >= MAX_OPEN) {
        log("warn", "discord.overload", { open: MAX_OPEN });
        return pause(OVERLOAD_MS);
      }
      const done = memory.sequence.begin(number);
      if (done) handle(type, number, data).then(done, () => {});
    },
    async missed(found) {
      await message(found).catch((error: unknown) => {
        if (!signal.aborted) log("warn", "discord.event_lost", { what: "missed message", reason: String(error) });
      });
    },
  };
}

/** A handler behind its schema. */
function on<S extends TSchema>(schema: S, take: (data: Static<S>, number: number) => Promise<void> | void) {
  const check = checker(schema, { first: true });
  return (data: unknown, number: number): Promise<void> | void => {
    const checked = check(data);
    if (!checked.ok) throw new Error(`it is not valid: ${checked.error}`);
    return take(checked.value, number);
  };
}

function both<S extends TSchema>(types: readonly string[], schema: S, take: (data: Static<S>) => void) {
  const handler = on(schema, take);
  return Object.fromEntries(types.map((type) => [type, handler]));
}
