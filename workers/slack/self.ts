/** Who the bot is, for `channels.status` and for people. */
import { checker } from "../../schemas/validate.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { Api } from "./api.ts";
import type { Settings } from "./settings.ts";
import { AuthTest } from "./wire.ts";

const checkAuth = checker(AuthTest);
type Auth = Static<typeof AuthTest>;

/** Without these the account cannot read or answer what it is written to. */
const WANTED = ["chat:write", "im:history", "channels:history", "app_mentions:read", "users:read", "channels:read"];
const MORE = ["groups:history", "mpim:history", "im:write", "files:read", "files:write", "reactions:write"];

/** Throws when the token is void. Asked before anything else: the library would not survive the answer. */
export const whoAmI = (api: Api, signal: AbortSignal): Promise<Auth> =>
  api.call("auth.test", {}, checkAuth, { signal });

export function factsOf(auth: Auth, settings: Pick<Settings, "signingSecret">) {
  const name = auth.user ?? auth.user_id;
  const team = auth.team ?? auth.team_id ?? "a workspace";
  const scopes = auth.response_metadata?.scopes;
  const lacks = (list: readonly string[]) =>
    scopes === undefined ? [] : list.filter((scope) => !scopes.includes(scope));
  const missingScopes = [...lacks(WANTED), ...lacks(MORE)];
  const needed = lacks(WANTED);
  return {
    id: auth.user_id,
    name,
    ...(auth.bot_id === undefined ? {} : { botId: auth.bot_id }),
    team,
    ...(auth.team_id === undefined ? {} : { teamId: auth.team_id }),
    ...(auth.url === undefined ? {} : { url: auth.url }),
    mode: settings.signingSecret === undefined ? "socket" : "http",
    ...(missingScopes.length === 0 ? {} : { missingScopes }),
    sentence: `Connected as @${name} in ${team}` +
      (needed.length === 0 ? "" : `; the app lacks the scopes ${needed.join(", ")}`),
  };
}

export type Facts = ReturnType<typeof factsOf>;
