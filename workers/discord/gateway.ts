/** Keeps one link to Discord's gateway alive: states, growing waits, resumes, a watch over its silence. */
import { checker } from "../../schemas/validate.ts";
import { Open, Type } from "../../schemas/primitives.ts";
import type { ProviderContext } from "../runtime/provider.ts";
import { toChannelError } from "./errors.ts";
import { createLink, type Link, type LinkEvents } from "./link.ts";
import type { Memory } from "./memory.ts";
import type { Api } from "./rest.ts";
import { hostOf, type Settings } from "./settings.ts";
import {
  closeVerdict,
  errorVerdict,
  limitVerdict,
  sentenceOfSelf,
  unreachableVerdict,
  type Verdict,
} from "./trouble.ts";

/** Discord takes one identify in five seconds, by its own clock, and a thousand a day. */
const IDENTIFY_EVERY_MS = 5_500;
/** A connection that stood this long was a good one: the next trouble begins with the shortest wait. */
const STABLE_MS = 30_000;
const END_MS = 3_000;

const checkInfo = checker(Open({
  url: Type.String(),
  session_start_limit: Open({ remaining: Type.Number(), reset_after: Type.Number() }),
}));

export interface GatewayEvents extends Pick<LinkEvents, "dispatch"> {
  /** A new session: what happened before it and was not seen has to be fetched. */
  ready(data: unknown): void;
  /** Ready or resumed. */
  connected(): void;
}

export interface GatewayDeps {
  readonly context: Pick<ProviderContext, "state" | "alive" | "log">;
  readonly settings: Settings;
  readonly api: Api;
  readonly memory: Memory;
  readonly events: GatewayEvents;
}

export interface Gateway {
  start(): void;
  /** Drops the connection and resumes later: what was not taken comes again. */
  pause(ms: number): void;
  stop(how: "resumable" | "for_good"): Promise<void>;
}

export function createGateway({ context, settings, api, memory, events }: GatewayDeps): Gateway {
  const { state, log } = context;
  let link: Link | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  let stopped = false;
  let attempt = 0;
  let lastSign = 0;
  let openedAt = 0;
  let connectedAt: number | undefined;
  let lastIdentify = -Infinity;

  const sign = (): void => {
    lastSign = performance.now();
    context.alive();
  };

  async function open(): Promise<void> {
    timer = undefined;
    openedAt = performance.now();
    lastSign = openedAt;
    const mine = createLink({
      settings,
      api,
      memory,
      intents: intentsOf(settings),
      mayReach,
      events: {
        alive: sign,
        dispatch(type, number, data) {
          sign();
          events.dispatch(type, number, data);
        },
        ready(data) {
          events.ready(data);
          connected();
        },
        resumed: connected,
        over: (reason) => link === mine && lost(reason),
      },
    });
    link = mine;
    try {
      const info = checkInfo(await mine.information());
      if (link !== mine) return;
      if (!info.ok) throw new Error(`the answer to /gateway/bot is not valid: ${info.error}`);
      const { url, session_start_limit: limit } = info.value;
      if (!mayReach(url)) return trouble(unreachableVerdict(url));
      if (limit.remaining < 1) return trouble(limitVerdict(limit.reset_after));
      if (memory.session() === undefined) lastIdentify = performance.now();
      mine.connect(url);
    } catch (error) {
      if (link === mine) lost({ error });
    }
  }

  function connected(): void {
    sign();
    connectedAt = performance.now();
    state({ state: "connected", ...sentenceOfSelf(memory.self(), settings) });
    events.connected();
  }

  function lost({ code, error }: { readonly code?: number; readonly error?: unknown }): void {
    link = undefined;
    if (connectedAt !== undefined && performance.now() - connectedAt > STABLE_MS) attempt = 0;
    connectedAt = undefined;
    const verdict = code === undefined ? errorVerdict(toChannelError(error)) : closeVerdict(code, settings);
    if (verdict.dropSession) memory.dropSession();
    trouble(verdict);
  }

  function trouble(verdict: Verdict): void {
    const { platformCode, sentence, userAction } = verdict;
    const code = platformCode === undefined ? {} : { platformCode };
    const action = userAction === undefined ? {} : { userAction };
    link = undefined;
    if (verdict.fatal) {
      log("error", "discord.refused", { platformCode, sentence });
      return state({ state: "bad_credentials", sentence, ...code, ...action });
    }
    attempt++;
    const waitMs = Math.max(verdict.waitMs ?? backoff(), identifyWait());
    log("warn", "discord.connection_lost", { platformCode, sentence, attempt, waitMs });
    state({ state: "reconnecting", sentence, attempt, retryInMs: waitMs, ...code, ...action });
    again(waitMs);
  }

  const again = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void open(), ms);
  };

  /** The first attempt comes almost at once: most lost connections are one moved server. */
  function backoff(): number {
    const { minMs, maxMs, jitter } = settings.retry;
    const wait = attempt === 1 ? Math.min(500, minMs) : Math.min(maxMs, minMs * 2 ** Math.min(attempt - 2, 20));
    return Math.round(wait * (1 + jitter * (Math.random() * 2 - 1)));
  }

  const identifyWait = (): number =>
    memory.session() === undefined ? Math.max(0, lastIdentify + IDENTIFY_EVERY_MS - performance.now()) : 0;

  /** The library waits for a dead peer to agree to the end; nobody else would notice. */
  function look(): void {
    // Beats that are answered are no sign of a session: one that never begins counts from its first moment.
    const since = connectedAt === undefined ? openedAt : lastSign;
    if (stopped || link === undefined || performance.now() - since < settings.silenceMs) return;
    const silent = link;
    link = undefined;
    void silent.end("resumable");
    // A resume that nobody answered is not tried twice.
    if (connectedAt === undefined) memory.dropSession();
    lost({ error: new DOMException("Discord said nothing", "TimeoutError") });
  }

  return {
    start() {
      state({ state: "connecting", sentence: "Connecting to Discord" });
      watch = setInterval(look, Math.min(5_000, settings.silenceMs / 4));
      void open();
    },
    pause(ms) {
      if (stopped || link === undefined) return;
      const busy = link;
      link = undefined;
      connectedAt = undefined;
      void busy.end("resumable");
      const sentence = "More comes in than can be stored; the connection is resumed when there is room";
      state({ state: "reconnecting", sentence, retryInMs: ms });
      again(ms);
    },
    async stop(how) {
      stopped = true;
      clearTimeout(timer);
      clearInterval(watch);
      const ending = link?.end(how);
      link = undefined;
      let late: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([ending, new Promise((resolve) => late = setTimeout(resolve, END_MS))]);
      clearTimeout(late);
    },
  };
}

/** Guilds, their messages and reactions, direct messages and reactions; the text of messages; members where wanted. */
const intentsOf = ({ messageContent, guildMembers }: Settings): number =>
  (1 << 0) | (1 << 9) | (1 << 10) | (1 << 12) | (1 << 13) | (messageContent ? 1 << 15 : 0) |
  (guildMembers ? 1 << 1 : 0);

/** The socket's constructor throws where the permission is missing, and nobody in the library would catch it. */
function mayReach(url: string): boolean {
  const host = hostOf(url);
  return host !== undefined && Deno.permissions.querySync({ name: "net", host }).state === "granted";
}
