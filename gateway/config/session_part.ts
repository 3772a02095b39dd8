/** The `session`, `messages` and `logging` parts, with the protocol's defaults (sessions facts, sections 4 and 5). */
import type { CONFIG_PARTS, MessagesConfig, ResetRule, SessionConfig } from "../../schemas/config.ts";
import type { Static } from "../../schemas/primitives.ts";
import type { Level } from "../observe/log.ts";
import type { Config, QueueMode, ResetPolicy } from "./types.ts";

type Rule = Static<typeof ResetRule>;
type Logging = Static<typeof CONFIG_PARTS.logging>;

/** Idle resets without a number wait this long. */
const IDLE_MINUTES = 60;
const DAILY_HOUR = 4;
/** Messages of a group that are kept as context until the bot is addressed. */
const GROUP_HISTORY = 50;

export function sessionPart(part: SessionConfig = {}): Config["session"] {
  return {
    scope: part.scope ?? "per-sender",
    mainKey: (part.mainKey ?? "main").trim().toLowerCase() || "main",
    dmScope: part.dmScope ?? "main",
    identityLinks: part.identityLinks ?? {},
    reset: resetPolicy(part.reset ?? legacyReset(part)),
    resetByType: mapValues(renameDm(part.resetByType ?? {}), resetPolicy),
    resetByChannel: mapValues(part.resetByChannel ?? {}, resetPolicy),
    resetTriggers: part.resetTriggers ?? ["/new", "/reset"],
    sendPolicy: {
      default: part.sendPolicy?.default ?? "allow",
      rules: (part.sendPolicy?.rules ?? []).map(({ action, match }) => ({ action, match: match ?? {} })),
    },
  };
}

/** Only `session.idleMinutes`, the older key, means idle resets. */
const legacyReset = ({ idleMinutes }: SessionConfig): Rule =>
  idleMinutes === undefined ? {} : { mode: "idle", idleMinutes };

function resetPolicy(rule: Rule): ResetPolicy {
  const mode = rule.mode ?? "daily";
  return {
    mode,
    atHour: rule.atHour ?? DAILY_HOUR,
    idleMinutes: rule.idleMinutes ?? (mode === "idle" ? IDLE_MINUTES : undefined),
  };
}

/** `dm` is the older name of `direct`. */
const renameDm = (rules: Readonly<Record<string, Rule>>): Record<string, Rule> =>
  Object.fromEntries(Object.entries(rules).map(([type, rule]) => [type === "dm" ? "direct" : type, rule]));

export function queuePart({ queue = {} }: MessagesConfig = {}): Config["queue"] {
  return {
    mode: queueMode(queue.mode ?? "collect"),
    byChannel: mapValues(queue.byChannel ?? {}, queueMode),
    debounceMs: queue.debounceMs ?? 1000,
    ...(queue.debounceMsByChannel === undefined ? {} : { debounceMsByChannel: queue.debounceMsByChannel }),
    cap: queue.cap ?? 20,
    drop: queue.drop ?? "summarize",
  };
}

export const messagesPart = (part: MessagesConfig = {}): Config["messages"] => ({
  groupChat: {
    historyLimit: part.groupChat?.historyLimit ?? GROUP_HISTORY,
    mentionPatterns: part.groupChat?.mentionPatterns ?? [],
  },
  inbound: { debounceMs: part.inbound?.debounceMs ?? 0, byChannel: part.inbound?.byChannel ?? {} },
  ackReaction: part.ackReaction,
  ackReactionScope: part.ackReactionScope ?? "group-mentions",
  removeAckAfterReply: part.removeAckAfterReply ?? false,
  responsePrefix: part.responsePrefix,
});

/** `queue` is the older name of `steer`. */
const queueMode = (mode: QueueMode | "queue"): QueueMode => mode === "queue" ? "steer" : mode;

/** Levels of other programs in ours: the nearest that says no less. */
const LEVEL_NAMES: Readonly<Record<NonNullable<Logging["level"]>, Level>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  fatal: "error",
  silent: "error",
};

export const loggingPart = (part: Logging = {}): Config["logging"] => ({
  level: LEVEL_NAMES[part.level ?? "info"],
  format: part.format ?? "text",
});

const mapValues = <A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
