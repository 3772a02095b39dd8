/**
 * Which chats are asked whether a command may run: the one that the session belongs to, and those that the owner listed.
 * A guest in a direct chat is never asked, and on a personal account nobody but the owner.
 */
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { Target } from "../../schemas/worker/content.ts";
import type { RunService } from "../agent/types.ts";
import type { Config } from "../config/types.ts";
import { isOwner, ownersOf } from "../session/access.ts";
import { sendAllowed } from "../session/send_policy.ts";
import { names } from "../session/sender_match.ts";
import type { Session, SessionStore } from "../session/types.ts";
import type { Channels } from "../supervisor/types.ts";
import type { Inbox } from "./inbox.ts";

export interface PlacesDeps {
  readonly config: () => Config;
  readonly channels: Pick<Channels, "manifests" | "account" | "accountConfig" | "defaultAccountId">;
  readonly sessions: Pick<SessionStore, "get" | "canonical">;
  readonly runs: Pick<RunService, "active">;
  readonly inbox: Pick<Inbox, "lastFrom">;
}

export interface AskedPlace {
  readonly channel: string;
  readonly accountId: string;
  readonly target: Target;
  /** An owner is named who can press. */
  readonly hasOwner: boolean;
  readonly canEdit: boolean;
}

type Wanted = Pick<AskedPlace, "channel" | "accountId" | "target">;

/** Never throws; nothing when `approvals.exec` is off. */
export function askedPlaces(deps: PlacesDeps, sessionKey: string | null): AskedPlace[] {
  const { enabled, mode, targets } = deps.config().approvals;
  if (!enabled) return [];
  const listed = mode === "session" ? [] : targets.flatMap((target) => listedPlace(deps, target));
  const own = mode === "targets" || sessionKey === null ? [] : sessionPlace(deps, sessionKey);
  const places = [...own, ...listed].flatMap((place) => buttonPlace(deps, place));
  return [...new Map(places.map((place) => [keyOf(place), place])).values()];
}

const keyOf = ({ channel, accountId, target: { chatId, threadId } }: Wanted): string =>
  JSON.stringify([channel, accountId, chatId, threadId]);

function listedPlace({ channels }: PlacesDeps, target: Config["approvals"]["targets"][number]): Wanted[] {
  const channel = target.channel.trim().toLowerCase();
  const accountId = target.accountId ?? channels.defaultAccountId(channel);
  const to = target.to.trim();
  const chatId = to.toLowerCase().startsWith(`${channel}:`) ? to.slice(channel.length + 1) : to;
  return accountId === undefined || chatId === "" ? [] : [{ channel, accountId, target: { chatId } }];
}

/** Where the run that asks is answered, else where the session was last used. */
function sessionPlace(deps: PlacesDeps, sessionKey: string): Wanted[] {
  const session = sessionOf(deps, sessionKey);
  if (session === undefined) return [];
  const { entry } = session;
  const running = deps.runs.active(session.key).find(({ state, reply }) => state === "running" && reply !== undefined)
    ?.reply;
  const place = running ?? lastPlace(deps, entry);
  return place !== undefined && mayBeAsked(deps, session, place) ? [{ ...place, target: kept(place.target) }] : [];
}

function sessionOf({ sessions }: PlacesDeps, key: string): Session | undefined {
  try {
    return sessions.get(sessions.canonical(key));
  } catch {
    // A key that no agent can have belongs to no chat.
    return undefined;
  }
}

function lastPlace({ channels }: PlacesDeps, entry: Session["entry"]): Wanted | undefined {
  const { lastChannel: channel, lastTo: chatId, lastThreadId: threadId } = entry;
  const accountId = entry.lastAccountId ?? (channel && channels.defaultAccountId(channel));
  if (channel === undefined || chatId === undefined || accountId === undefined) return undefined;
  return { channel, accountId, target: { chatId, ...(threadId === undefined ? {} : { threadId }) } };
}

/** The question quotes nothing, and a short-lived handle is the answer's own. */
const kept = ({ chatId, kind, threadId }: Target): Target => ({
  chatId,
  ...(kind === undefined ? {} : { kind }),
  ...(threadId === undefined ? {} : { threadId }),
});

/** Who last wrote there tells what kind of chat it is and whose. A chat of which that is not known is left alone. */
function mayBeAsked(deps: PlacesDeps, session: Session, { channel, accountId, target }: Wanted): boolean {
  const manifest = manifestOf(deps, channel);
  const event = deps.inbox.lastFrom(channel, accountId, target.chatId)?.event;
  if (manifest === undefined) return false;
  const config = deps.channels.accountConfig(channel, accountId);
  const ownerAllowFrom = deps.config().commands.ownerAllowFrom ?? [];
  if (manifest.personal) return names(ownersOf({ config, ownerAllowFrom }), { id: target.chatId }, channel);
  if (event === undefined) return false;
  const { sendPolicy } = deps.config().session;
  if (!sendAllowed(sendPolicy, { channel, sessionKey: session.key }, event.chat.kind, session.entry)) return false;
  return event.chat.kind !== "direct" || isOwner({ manifest, config, event, ownerAllowFrom });
}

function buttonPlace(deps: PlacesDeps, place: Wanted): AskedPlace[] {
  const manifest = manifestOf(deps, place.channel);
  if (manifest?.capabilities.buttons !== true || !deps.channels.account(place.channel, place.accountId)) return [];
  const config = deps.channels.accountConfig(place.channel, place.accountId);
  const ownerAllowFrom = deps.config().commands.ownerAllowFrom ?? [];
  const hasOwner = manifest.personal || ownersOf({ config, ownerAllowFrom }).length > 0;
  return [{ ...place, hasOwner, canEdit: manifest.capabilities.edit }];
}

const manifestOf = ({ channels }: PlacesDeps, channel: string): ChannelManifest | undefined =>
  channels.manifests().find(({ id }) => id === channel);
