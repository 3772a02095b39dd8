/** Small signs to somebody who is let in: a read mark and a reaction. Never to strangers, and never worth an error. */
import type { InboundMessage, Target } from "../../schemas/worker/content.ts";
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { Config } from "../config/types.ts";
import type { Log } from "../observe/log.ts";
import type { Allowed } from "../session/access.ts";
import { isSelfChat } from "../session/access.ts";
import type { ChannelRequest, Channels } from "../supervisor/types.ts";
import type { Seen } from "./intake_gate.ts";

const SIGN_MS = 10_000;
const DEFAULT_ACK = "👀";

export interface SignDeps {
  readonly config: () => Config;
  readonly channels: Pick<Channels, "request">;
  readonly log: Log;
}

export interface Signs {
  /** Marks as read and reacts, as configured. */
  seen(seen: Seen, event: InboundMessage, access: Allowed): void;
  /** Takes the reaction back after the answer, when `messages.removeAckAfterReply` says so. */
  answered(seen: Seen, event: InboundMessage, access: Allowed): void;
}

export function createSigns({ config, channels, log }: SignDeps): Signs {
  const send = ({ row }: Seen, request: ChannelRequest): void => {
    channels.request(row.channel, row.accountId, request, SIGN_MS).catch((error) =>
      log.debug("intake.sign_failed", { channel: row.channel, account: row.accountId, sign: request.type, error })
    );
  };
  const react = (seen: Seen, event: InboundMessage, emoji: string, remove: boolean): void =>
    send(seen, {
      type: "react",
      target: targetOf(event),
      messageId: event.messageId,
      senderId: event.sender.id,
      emoji,
      ...(remove ? { remove } : {}),
    });
  return {
    seen(seen, event, access) {
      if (wantsRead(seen, event)) {
        send(seen, { type: "read", target: targetOf(event), messageId: event.messageId, senderId: event.sender.id });
      }
      const emoji = ackEmoji(seen, event, access, config());
      if (emoji !== undefined) react(seen, event, emoji, false);
    },
    answered(seen, event, access) {
      const emoji = config().messages.removeAckAfterReply ? ackEmoji(seen, event, access, config()) : undefined;
      if (emoji !== undefined) react(seen, event, emoji, true);
    },
  };
}

/** Where the answer to a message goes. */
export function targetOf({ chat }: Pick<InboundMessage, "chat">): Target {
  return { chatId: chat.id, kind: chat.kind, ...(chat.threadId === undefined ? {} : { threadId: chat.threadId }) };
}

function wantsRead({ manifest, account }: Seen, event: InboundMessage): boolean {
  if (!manifest.capabilities.readReceipts || isSelfChat(event)) return false;
  const wanted = account["sendReadReceipts"] ?? defaultOf(manifest, "sendReadReceipts");
  return wanted !== false;
}

/** The default that a provider's schema gives a key. */
function defaultOf(manifest: ChannelManifest, key: string): unknown {
  return manifest.config.properties[key]?.default;
}

/** The account's own `ackReaction` first; a personal account reacts only when it has one. */
function ackEmoji(
  { manifest, account, route }: Seen,
  event: InboundMessage,
  access: Allowed,
  config: Config,
): string | undefined {
  if (!manifest.capabilities.reactions || isSelfChat(event)) return undefined;
  const own = account["ackReaction"];
  if (isRecord(own)) return ownAck(own, event, access);
  if (manifest.personal && typeof own !== "string") return undefined;
  const agent = config.agents.list.find(({ id }) => id === route.agentId);
  const emoji = typeof own === "string" ? own : config.messages.ackReaction ?? agent?.identity.emoji ?? DEFAULT_ACK;
  return emoji !== "" && inScope(config.messages.ackReactionScope, event, access) ? emoji : undefined;
}

function inScope(scope: Config["messages"]["ackReactionScope"], event: InboundMessage, access: Allowed): boolean {
  const direct = event.chat.kind === "direct";
  switch (scope) {
    case "all":
      return true;
    case "direct":
      return direct;
    case "group-all":
      return !direct;
    case "group-mentions":
      return !direct && access.wasMentioned;
    case "off":
      return false;
  }
}

/** `{ emoji, direct: true|false, group: "always"|"mentions"|"never" }` */
function ownAck(own: Record<string, unknown>, event: InboundMessage, access: Allowed): string | undefined {
  const emoji = own["emoji"];
  if (typeof emoji !== "string" || emoji === "") return undefined;
  if (event.chat.kind === "direct") return own["direct"] === false ? undefined : emoji;
  const group = own["group"] ?? "mentions";
  return group === "always" || (group === "mentions" && access.wasMentioned) ? emoji : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
