/** The channel ids that clients name from the start; a channel may be named before this gateway has it. */

/** `webchat` is the gateway's own; `last` stands for the channel that a session was last used through. */
export const CHANNEL_IDS = [
  "webchat",
  "last",
  "whatsapp",
  "telegram",
  "discord",
  "slack",
  "signal",
  "imessage",
  "irc",
  "googlechat",
  "msteams",
  "matrix",
  "mattermost",
  "bluebubbles",
  "line",
  "feishu",
  "zalo",
  "nostr",
  "twitch",
  "nextcloud-talk",
] as const;

/** The channel of sessions themselves: what is sent there stands in the transcript and reaches WebChat. */
export const OWN_CHANNEL = "webchat";
export const LAST_CHANNEL = "last";

export const isChannelId = (value: string): boolean => CHANNEL_IDS.some((id) => id === value.trim().toLowerCase());
