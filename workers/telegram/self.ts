/** Who the bot is, for `channels.status` and for people. */
import type { Settings } from "./settings.ts";
import type { Me } from "./wire.ts";

export function factsOf(me: Me, { webhook }: Pick<Settings, "webhook">) {
  const privacyMode = me.can_read_all_group_messages !== true;
  const name = me.username === undefined ? me.first_name ?? String(me.id) : `@${me.username}`;
  return {
    id: String(me.id),
    name: me.first_name ?? name,
    ...(me.username === undefined ? {} : { username: me.username }),
    canJoinGroups: me.can_join_groups !== false,
    /** In privacy mode Telegram keeps group messages from the bot that do not address it. */
    privacyMode,
    mode: webhook === undefined ? "polling" : "webhook",
    sentence: `Connected as ${name}` +
      (privacyMode
        ? "; privacy mode is on, so in groups it sees only what is addressed to it (@BotFather /setprivacy, then add it anew)"
        : ""),
  };
}
