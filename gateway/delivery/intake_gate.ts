/** What is to become of an inbox row: its account, agent and session, and the decision about its sender. Nothing is changed here. */
import type { Inbound } from "../../schemas/worker/content.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { RunService } from "../agent/types.ts";
import type { Config } from "../config/types.ts";
import type { Log } from "../observe/log.ts";
import { type AccessDecision, decideAccess } from "../session/access.ts";
import { parseActivation } from "../session/activation.ts";
import { parseApprove } from "../session/approve_command.ts";
import { isStopText, parseCommand } from "../session/commands.ts";
import { compilePatterns, withoutLeadingMentions } from "../session/mention.ts";
import { type Route, routeMessage } from "../session/routing.ts";
import type { SenderPairing } from "../session/sender_pairing.ts";
import type { Session, SessionStore } from "../session/types.ts";
import type { Channels } from "../supervisor/types.ts";
import type { InboxRow } from "./inbox.ts";

export interface GateDeps {
  readonly config: () => Config;
  readonly channels: Pick<Channels, "manifests" | "account" | "accountConfig" | "defaultAccountId">;
  readonly sessions: Pick<SessionStore, "get">;
  readonly runs: Pick<RunService, "active">;
  readonly pairing: Pick<SenderPairing, "approved">;
  readonly log: Log;
}

/** A row with everything that is decided about it. */
export interface Seen {
  readonly row: InboxRow;
  readonly event: Inbound;
  readonly manifest: ChannelManifest;
  readonly account: Readonly<Record<string, unknown>>;
  readonly route: Route;
  readonly session: Session | undefined;
  readonly access: AccessDecision;
}

export interface Gate {
  /** Undefined: the channel or account is not there any more. */
  look(row: InboxRow): Seen | undefined;
}

export function createGate(deps: GateDeps): Gate {
  // Compiled once for each list of the configuration, which is replaced as a whole when the file changes.
  const compiled = new WeakMap<readonly string[], readonly RegExp[]>();
  const patternsOf = (written: readonly string[]): readonly RegExp[] => {
    const known = compiled.get(written);
    if (known) return known;
    const { patterns, refused } = compilePatterns(written);
    for (const each of refused) deps.log.warn("mention.pattern_refused", each);
    compiled.set(written, patterns);
    return patterns;
  };
  return {
    look(row) {
      const { channel, accountId, event } = row;
      const manifest = deps.channels.manifests().find(({ id }) => id === channel);
      if (!manifest || !deps.channels.account(channel, accountId)) return undefined;
      const config = deps.config();
      const account = deps.channels.accountConfig(channel, accountId);
      const defaultAccountId = deps.channels.defaultAccountId(channel);
      const { chat, sender } = event;
      const route = routeMessage({ channel, accountId, defaultAccountId, chat, sender }, config);
      const session = deps.sessions.get(route.sessionKey);
      const agent = config.agents.list.find(({ id }) => id === route.agentId);
      const access = decideAccess({
        manifest,
        config: account,
        event,
        approved: deps.pairing.approved(channel, accountId),
        activation: session?.entry.groupActivation,
        patterns: patternsOf(agent?.mentionPatterns ?? config.messages.groupChat.mentionPatterns),
        isCommand: (text) =>
          (config.commands.text !== false || isNative(event)) &&
          isControl(commandText(event, text), config, deps.runs.active(route.sessionKey).length > 0),
        useAccessGroups: config.commands.useAccessGroups,
        ownerAllowFrom: config.commands.ownerAllowFrom ?? [],
      });
      return { row, event, manifest, account, route, session, access };
    },
  };
}

/** A command by the platform's own means, not by the look of a text. */
const isNative = (event: Inbound): boolean =>
  event.kind === "button" || (event.kind === "message" && event.nativeCommand === true);

/** Words such as `wait` only stop something when there is something to stop. */
function isControl(text: string, config: Config, busy: boolean): boolean {
  if (parseActivation(text) || parseApprove(text) || parseCommand(text, config.session.resetTriggers)) return true;
  return isStopText(text) && (busy || text.trim().startsWith("/"));
}

/**
 * The text as a command reads it: `@bot /status` and `/status@bot` are `/status`, unless somebody else is addressed.
 */
export function commandText(event: Inbound, text: string): string {
  if (event.kind !== "message" || event.chat.kind === "direct") return text.trim();
  const bare = event.mentioned === true ? withoutLeadingMentions(text).trim() : text.trim();
  const isOurs = event.nativeCommand === true || event.mentioned === true || event.mentionsOthers !== true;
  return isOurs ? bare.replace(/^(\/\w+)@\S+/u, "$1") : bare;
}
