/** Slash commands and buttons: Discord wants a first answer within three seconds, so it gets one before anything else. */
import type { Chat, Inbound } from "../../schemas/worker/content.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { toChannelError } from "./errors.ts";
import { writeHandle } from "./handles.ts";
import { senderOf } from "./inbound.ts";
import type { Api } from "./rest.ts";
import type { CommandOption, Interaction } from "./wire.ts";

const COMMAND = 2;
const COMPONENT = 3;
const DEFERRED_MESSAGE = 5;
const DEFERRED_UPDATE = 6;
/** A first answer that comes later is refused. */
const ANSWER_MS = 2_700;

/** Tells Discord that we have it. Resolves with whether Discord took that. */
export async function defer(
  { id, token, type }: Interaction,
  api: Pick<Api, "call">,
  { log, signal }: Pick<ProviderContext, "log" | "signal">,
): Promise<boolean> {
  if (type !== COMMAND && type !== COMPONENT) return false;
  const body = { type: type === COMMAND ? DEFERRED_MESSAGE : DEFERRED_UPDATE };
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  try {
    await api.call("post", `/interactions/${id}/${token}/callback`, deadline, { body, auth: false });
    return true;
  } catch (error) {
    // "Already acknowledged": a worker that has ended meanwhile did it, and the resume has repeated the event.
    if (toChannelError(error).platformCode === "40060") return true;
    log("warn", "discord.interaction_not_deferred", { reason: withoutToken(toChannelError(error).message, token) });
    return false;
  }
}

const withoutToken = (text: string, token: string): string => text.replaceAll(token, "[token]");

/** `deferred`: the answer may go to the interaction itself; otherwise it goes into the chat. */
export function interactionEvent(
  interaction: Interaction,
  chat: Chat,
  { deferred, selfId }: { readonly deferred: boolean; readonly selfId: string | undefined },
): Inbound | { readonly dropped: string } {
  const user = interaction.member?.user ?? interaction.user;
  if (user === undefined) return { dropped: "an interaction of nobody" };
  const base = {
    dedupeKey: `interaction:${interaction.id}`,
    chat,
    sender: senderOf(user, interaction.member, undefined, selfId),
    timestamp: Date.now(),
  };
  const { type, data, message } = interaction;
  if (type === COMMAND && data?.name !== undefined && data.name !== "") {
    const words = [`/${data.name}`, ...optionWords(data.options ?? [])];
    return {
      ...base,
      kind: "message",
      messageId: interaction.id,
      text: words.join(" "),
      mentioned: true,
      media: [],
      nativeCommand: true,
      ...(deferred ? { replyHandle: writeHandle(interaction, Date.now()) } : {}),
    };
  }
  const pressed = data?.values?.[0] ?? data?.custom_id;
  if (type === COMPONENT && message !== undefined && pressed !== undefined && pressed !== "") {
    return { ...base, kind: "button", messageId: message.id, data: pressed };
  }
  return { dropped: `interaction of type ${type}` };
}

const optionWords = (options: readonly CommandOption[]): string[] =>
  options.flatMap(({ name, value, options: nested }) =>
    value === undefined ? [name, ...optionWords(nested ?? [])] : [String(value)]
  );
