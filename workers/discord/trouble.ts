/** What a lost connection means for the account: wait and try again, or stop and say what a person has to do. */
import type { ChannelError, UserAction } from "../../schemas/worker/channel.ts";
import type { StateReport } from "../runtime/provider.ts";
import type { Self } from "./memory.ts";
import type { Settings } from "./settings.ts";

export interface Verdict {
  readonly sentence: string;
  /** Only a person can help. */
  readonly fatal: boolean;
  readonly userAction?: UserAction;
  readonly platformCode?: string;
  /** Undefined: as long as the growing waits say. */
  readonly waitMs?: number;
  readonly dropSession?: boolean;
}

const PORTAL = "Discord Developer Portal";
/** A platform may ask for hours; the account looks again before that. */
const MAX_WAIT_MS = 15 * 60_000;

const fatal = (code: number | string, sentence: string, userAction: UserAction): Verdict => ({
  sentence,
  fatal: true,
  userAction,
  platformCode: String(code),
  dropSession: true,
});

const BAD_TOKEN =
  `Discord does not know this bot token: reset it in the ${PORTAL} (Bot, Reset Token) and set the new one`;

/** Close codes of the gateway. Every one that is not named here is a lost connection and resumed. */
export function closeVerdict(code: number, { guildMembers }: Pick<Settings, "guildMembers">): Verdict {
  switch (code) {
    case 4004:
      return fatal(code, BAD_TOKEN, "set_token");
    case 4010:
      return fatal(code, "Discord refused the shard of this connection (4010)", "fix_config");
    case 4011:
      return fatal(code, "The bot is in too many servers for one connection (4011): leave some of them", "fix_config");
    case 4012:
      return fatal(code, "Discord does not speak this version of its gateway any more (4012): update", "fix_config");
    case 4013:
      return fatal(
        code,
        "Discord does not know one of the intents (4013): check channels.discord.intents",
        "fix_config",
      );
    case 4014:
      return fatal(code, intentsSentence(guildMembers), "enable_intents");
    default:
      return {
        sentence: `Discord closed the connection (${code}); connecting again`,
        fatal: false,
        platformCode: String(code),
        // 4007: the number was wrong, 4009: the session is over, 4003 and 4005: it never was one.
        dropSession: [4003, 4005, 4007, 4009].includes(code),
      };
  }
}

const intentsSentence = (guildMembers: boolean): string => {
  const intents = guildMembers ? "Message Content Intent and Server Members Intent" : "Message Content Intent";
  return `Discord refused the intents of this bot (4014): switch on ${intents} in the ${PORTAL} (Bot, Privileged Gateway ` +
    "Intents), then start the channel again";
};

export function errorVerdict({ code, message, fatal: isFatal, retryAfterMs, platformCode }: ChannelError): Verdict {
  if (isFatal === true || code === "unauthorized") return fatal(platformCode ?? "401", BAD_TOKEN, "set_token");
  if (code === "forbidden" && platformCode === undefined) return fatal("NotCapable", message, "restart_gateway");
  return {
    sentence: `${message}; trying again`,
    fatal: false,
    ...(retryAfterMs === undefined ? {} : { waitMs: Math.min(retryAfterMs, MAX_WAIT_MS) }),
    ...(platformCode === undefined ? {} : { platformCode }),
  };
}

export const limitVerdict = (resetAfterMs: number): Verdict => ({
  sentence: "This bot has used up its connections of the day; waiting until Discord allows the next one",
  fatal: false,
  userAction: "wait",
  waitMs: Math.min(Math.max(resetAfterMs, 1_000), MAX_WAIT_MS),
});

export const unreachableVerdict = (url: string): Verdict =>
  fatal(
    "gateway_host",
    `The gateway is at ${URL.parse(url)?.host ?? "an address that cannot be read"}, which this worker may not reach: ` +
      "name it in channels.discord.gatewayHosts",
    "fix_config",
  );

/** Who the bot is, for people and for `channels.status`. */
export function sentenceOfSelf(
  self: Self | undefined,
  { messageContent }: Pick<Settings, "messageContent">,
): Pick<StateReport, "sentence" | "self"> {
  const name = self?.username ?? self?.id ?? "the bot";
  const blind = messageContent
    ? ""
    : "; without the Message Content intent it reads only direct messages and what mentions it";
  return {
    sentence: `Connected as ${name}${blind}`,
    ...(self === undefined ? {} : { self: { ...self, messageContent } }),
  };
}
