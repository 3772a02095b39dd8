/** What send and poll share: which account and chat is meant, which session shows it, and the truth about the outcome. */
import { invalid, unavailable } from "../../schemas/error.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { Target } from "../../schemas/worker/content.ts";
import type { DeliveryResult } from "../delivery/types.ts";
import { routeMessage } from "../session/routing.ts";
import { sendAllowed } from "../session/send_policy.ts";
import type { Session } from "../session/types.ts";
import type { Services } from "./services.ts";

/** How long a caller waits for the platform's answer; then it is told `queued`. */
export const WAIT_MS = 8_000;
/** Sessions that are looked at for the one that belongs to a chat. */
const MAX_LOOKED_AT = 500;

export interface Place {
  readonly manifest: ChannelManifest;
  readonly accountId: string;
  readonly target: Target;
}

export interface PlaceParams {
  readonly to: string;
  readonly accountId?: string | undefined;
  readonly threadId?: string | undefined;
  readonly replyToId?: string | undefined;
}

/** The channel's manifest when it is there and has an account; undefined otherwise. */
export function knownChannel({ channels }: Services, channel: string): ChannelManifest | undefined {
  const manifest = channels.manifests().find(({ id }) => id === channel);
  return manifest !== undefined && channels.accounts(channel).length > 0 ? manifest : undefined;
}

/** Throws INVALID_REQUEST when the account is not there. The chat's id is the platform's business and taken as it is. */
export function placeOf({ channels }: Services, manifest: ChannelManifest, params: PlaceParams): Place {
  const named = params.accountId?.trim() || undefined;
  const account = channels.account(manifest.id, named);
  if (account === undefined) {
    throw invalid(`Cannot send over "${manifest.id}": there is no account "${named ?? "default"}"`);
  }
  const threadId = params.threadId?.trim();
  const replyToId = params.replyToId?.trim();
  return {
    manifest,
    accountId: account.accountId,
    target: {
      chatId: withoutChannel(params.to.trim(), manifest.id),
      ...(threadId ? { threadId } : {}),
      ...(replyToId ? { replyToId } : {}),
    },
  };
}

/** `<channel>:<id>` names the same chat as `<id>`. */
function withoutChannel(to: string, channel: string): string {
  const prefix = `${channel}:`;
  const chatId = to.toLowerCase().startsWith(prefix) ? to.slice(prefix.length).trim() : to;
  if (chatId === "") throw invalid(`Cannot send over "${channel}": value of "to" is empty`);
  return chatId;
}

/**
 * The session that shows what is sent: the named one, the one that was last used in this chat, else the one that a direct
 * message of this chat would get. Throws INVALID_REQUEST when its send policy forbids it.
 */
export function sessionOf(services: Services, place: Place, named: string | undefined): Pick<Session, "key"> {
  const { sessions, channels, live } = services;
  const channel = place.manifest.id;
  const { chatId, threadId } = place.target;
  const config = live.current();
  const route = () =>
    routeMessage({
      channel,
      accountId: place.accountId,
      defaultAccountId: channels.defaultAccountId(channel),
      chat: { id: chatId, kind: "direct", ...(threadId === undefined ? {} : { threadId }) },
      sender: { id: chatId },
    }, config).sessionKey;
  const key = named !== undefined ? sessions.canonical(named) : lastUsedIn(services, place) ?? route();
  const entry = sessions.get(key)?.entry;
  if (!sendAllowed(config.session.sendPolicy, { channel, sessionKey: key }, entry?.chatType ?? "direct", entry)) {
    throw invalid("send blocked by session policy");
  }
  return { key };
}

function lastUsedIn({ sessions }: Services, { manifest, accountId, target }: Place): string | undefined {
  return sessions.list({ limit: MAX_LOOKED_AT }).sessions.find(({ entry }) =>
    entry.lastChannel === manifest.id && entry.lastTo === target.chatId &&
    (entry.lastAccountId === undefined || entry.lastAccountId === accountId) &&
    (target.threadId === undefined || entry.lastThreadId === target.threadId)
  )?.key;
}

/** Throws UNAVAILABLE when nothing was sent; a lost answer is no failure and no success. */
export function requireSent(result: DeliveryResult, deliveryId: string): "queued" | "sent" | "unknown" {
  if (result.state === "failed" || result.state === "expired") {
    throw unavailable(`The message was not sent: ${result.error ?? result.state}`, {
      retryable: false,
      details: { code: "NOT_SENT", deliveryId },
    });
  }
  return result.state;
}
