/** Slash commands and pressed buttons as events of the contract. */
import { type Inbound, MAX_TEXT } from "../../schemas/worker/content.ts";
import { BUTTON_PREFIX } from "./blocks.ts";
import { writeHandle } from "./handles.ts";
import type { Known } from "./inbound.ts";
import { plainText } from "./inbound_text.ts";
import { chatOf, senderOf } from "./people.ts";
import type { Settings } from "./settings.ts";
import type { BlockActions, SlashCommand } from "./wire.ts";

/** A refusal is shown to whoever gave the command. */
export type SlashResult = { readonly event: Inbound } | { readonly refusal: string };

export async function slashEvent(
  command: SlashCommand,
  { self, directory }: Known,
  { slash, nativeCommands }: Pick<Settings, "slash" | "nativeCommands">,
): Promise<SlashResult> {
  const name = command.command.slice(1).toLowerCase();
  const isOwn = slash.enabled && name === slash.name;
  if (!isOwn && !nativeCommands) {
    return { refusal: `/${name} is not switched on here (channels.slack.slashCommand)` };
  }
  const args = plainText(command.text ?? "", self.userId, () => undefined);
  // The one command of ours only carries a message; any other is a command of the gateway by its own name.
  const text = isOwn ? args : `/${name} ${args}`.trim();
  if (text === "") return { refusal: `Write something behind /${name}` };
  const channel = command.channel_id;
  const [conversation, sender] = await Promise.all([
    directory.conversation(channel),
    senderOf({ user: command.user_id, username: command.user_name }, self, directory),
  ]);
  if (!sender) return { refusal: "Slack did not say who gave the command" };
  const channelType = command.channel_name === "directmessage"
    ? "im"
    : command.channel_name?.startsWith("mpdm-") === true
    ? "mpim"
    : undefined;
  return {
    event: {
      kind: "message",
      dedupeKey: `slash:${command.trigger_id}`,
      chat: chatOf({ channel, channelType, teamId: command.team_id }, conversation),
      sender,
      timestamp: Date.now(),
      messageId: `slash:${command.trigger_id}`,
      text: text.slice(0, MAX_TEXT),
      mentioned: true,
      media: [],
      nativeCommand: true,
      replyHandle: writeHandle(command.response_url, Date.now()),
    },
  };
}

/** Undefined: the button is not ours. */
export async function buttonEvent(payload: BlockActions, { self, directory }: Known): Promise<Inbound | undefined> {
  const { actions, user, message, container, team } = payload;
  const action = actions[0];
  const channel = payload.channel?.id ?? container?.channel_id;
  const messageId = message?.ts ?? container?.message_ts;
  if (!action?.action_id.startsWith(BUTTON_PREFIX) || !action.value || !channel || !messageId) return undefined;
  const [conversation, sender] = await Promise.all([
    directory.conversation(channel),
    senderOf({ user: user.id, username: user.username ?? user.name }, self, directory),
  ]);
  if (!sender) return undefined;
  const thread = message?.thread_ts ?? container?.thread_ts;
  return {
    kind: "button",
    dedupeKey: `action:${channel}:${messageId}:${user.id}:${action.action_ts ?? action.action_id}`,
    chat: chatOf({ channel, threadTs: thread === messageId ? undefined : thread, teamId: team?.id }, conversation),
    sender,
    timestamp: Date.now(),
    messageId,
    data: action.value,
  };
}
