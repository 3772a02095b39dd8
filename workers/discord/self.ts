/** Who the bot is and what it may read, asked of Discord: for probes and for the check of a token. */
import { checker } from "../../schemas/validate.ts";
import { ProviderError } from "../runtime/provider.ts";
import type { Api } from "./rest.ts";
import type { Settings } from "./settings.ts";
import { Application, User } from "./wire.ts";

const checkUser = checker(User);
const checkApplication = checker(Application);

/** Flags of an application: an intent is granted, or allowed because the bot is in few servers. */
const MESSAGE_CONTENT = (1 << 18) | (1 << 19);
const GUILD_MEMBERS = (1 << 14) | (1 << 15);

/** `ready`: nothing has to be switched on in the portal first. Unknown flags are no obstacle: the gateway will say. */
export async function askSelf(api: Pick<Api, "call">, settings: Settings, signal: AbortSignal) {
  const user = checkUser(await api.call("get", "/users/@me", signal));
  if (!user.ok) throw odd("/users/@me", user.error);
  const application = checkApplication(await api.call("get", "/applications/@me", signal));
  const flags = application.ok ? application.value.flags : undefined;
  const lacks = flags === undefined ? [] : [
    ...settings.messageContent && (flags & MESSAGE_CONTENT) === 0 ? ["Message Content Intent"] : [],
    ...settings.guildMembers && (flags & GUILD_MEMBERS) === 0 ? ["Server Members Intent"] : [],
  ];
  const { id, username, global_name: name } = user.value;
  const shown = username ?? id;
  return {
    id,
    ...(username === undefined ? {} : { username }),
    ...(name === undefined || name === null ? {} : { name }),
    ...(application.ok ? { applicationId: application.value.id } : {}),
    intents: { messageContent: flags === undefined ? "unknown" : (flags & MESSAGE_CONTENT) !== 0 },
    ready: lacks.length === 0,
    sentence: lacks.length === 0
      ? `The token belongs to ${shown}`
      : `The token belongs to ${shown}, but ${
        lacks.join(" and ")
      } is off: switch it on in the Discord Developer Portal ` +
        "(Bot, Privileged Gateway Intents)",
  };
}

const odd = (route: string, reason: string): ProviderError =>
  new ProviderError({
    code: "platform",
    message: `Discord's answer to ${route} cannot be read: ${reason}`,
    retryable: false,
    outcome: "not_sent",
  });
