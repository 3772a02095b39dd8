/**
 * One connection to Discord's gateway by the library. It speaks the protocol: hello, identify or resume, beats, zombies.
 * When to connect again is not left to it: its own loop has no growing waits and forgets the session on a refused
 * connection. A link that is over is parked, and the next one is a new link.
 */
import { type SessionInfo as LibrarySession, WebSocketManager, WebSocketShardEvents } from "@discordjs/ws";
import type { Memory, SessionInfo } from "./memory.ts";
import type { Api } from "./rest.ts";
import type { Settings } from "./settings.ts";

/** Closes with a session that Discord keeps for a resume. 1000 would end it. */
const CLOSE_RESUMABLE = 4200;
const CLOSE_FOR_GOOD = 1000;

export interface LinkEvents {
  dispatch(type: string, number: number, data: unknown): void;
  ready(data: unknown): void;
  resumed(): void;
  alive(): void;
  /** Called once. `code`: Discord closed with it; `error`: it never came so far. */
  over(reason: { readonly code?: number; readonly error?: unknown }): void;
}

export interface Link {
  /** Where the gateway is, and how often this bot may still identify itself. */
  information(): Promise<unknown>;
  /** To be called once, after `information`. */
  connect(gatewayUrl: string): void;
  /** Ends it without a further event. Resolves when the socket is closed, which a dead peer may never let happen. */
  end(how: "resumable" | "for_good"): Promise<void>;
}

export interface LinkOptions {
  readonly settings: Pick<Settings, "token">;
  readonly api: Pick<Api, "rest">;
  readonly memory: Memory;
  readonly intents: number;
  /** Whether a resume address may be used; otherwise the gateway's own is taken. */
  readonly mayReach: (url: string) => boolean;
  readonly events: LinkEvents;
}

export function createLink({ settings, api, memory, intents, mayReach, events }: LinkOptions): Link {
  let isOver = false;
  let gatewayUrl = "";
  const parked = new Promise<never>(() => {});
  /** The library asks for the session before it connects: that is where a link that is over stops. */
  const retrieveSessionInfo = (): Promise<LibrarySession | null> | LibrarySession | null => {
    if (isOver) return parked;
    const session = memory.session();
    return session === undefined ? null : reachable(session);
  };
  const reachable = (session: SessionInfo): LibrarySession =>
    mayReach(session.resumeURL) ? session : { ...session, resumeURL: gatewayUrl };

  const manager = new WebSocketManager({
    token: settings.token,
    intents,
    rest: api.rest,
    shardCount: 1,
    retrieveSessionInfo,
    updateSessionInfo(_shard, info) {
      if (isOver) return;
      if (info === null) memory.dropSession();
      else memory.startSession(info);
    },
  });

  function over(reason: { readonly code?: number; readonly error?: unknown }): void {
    if (isOver) return;
    isOver = true;
    events.over(reason);
  }

  manager.on(WebSocketShardEvents.Ready, ({ data }) => isOver || events.ready(data));
  manager.on(WebSocketShardEvents.Resumed, () => isOver || events.resumed());
  manager.on(WebSocketShardEvents.HeartbeatComplete, () => isOver || events.alive());
  manager.on(WebSocketShardEvents.Dispatch, ({ data }) => isOver || events.dispatch(data.t, data.s, data.d));
  manager.on(WebSocketShardEvents.Closed, ({ code }) => over({ code }));
  // Also the word before a close by which the library gives up: the code that follows says more, if it follows.
  manager.on(WebSocketShardEvents.Error, ({ error }) => queueMicrotask(() => over({ error })));

  return {
    information: () => manager.fetchGatewayInformation(),
    connect(url) {
      gatewayUrl = url;
      manager.connect().catch((error: unknown) => over({ error }));
    },
    async end(how) {
      isOver = true;
      const code = how === "for_good" ? CLOSE_FOR_GOOD : CLOSE_RESUMABLE;
      try {
        await manager.destroy({ code, reason: "The account stops" });
      } catch {
        // It was not open.
      }
    },
  };
}
