/** channels.pairing.list, approve, dismiss: strangers who wrote to a channel and wait for the owner's word. */
import { invalid } from "../../../schemas/error.ts";
import { SenderPairingResolvedEvent } from "../../../schemas/event/sender_pairing.ts";
import {
  SenderPairingApproveParams,
  SenderPairingApproveResult,
  SenderPairingDismissParams,
  SenderPairingDismissResult,
  SenderPairingListParams,
  SenderPairingListResult,
  type SenderRequestRow,
} from "../../../schemas/method/pairing.ts";
import type { Target } from "../../../schemas/worker/content.ts";
import { CODE_TTL_MS, MAX_PENDING, type SenderRequest } from "../../session/sender_pairing.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

const COMMON = { access: "operator.pairing", idempotency: "none", deadlineMs: 15_000 } as const;
/** How long an approval waits for the word to its sender. */
const NOTIFY_MS = 8_000;
const WELCOME = "You are approved. Write to me whenever you like.";

const list = defineMethod({
  ...COMMON,
  name: "channels.pairing.list",
  params: SenderPairingListParams,
  result: SenderPairingListResult,
  description: "Senders who wait for approval, by channel account",
  handle({ params }, services) {
    const { channel, accountId } = params;
    const accounts = services.channels.accounts(channel).filter((each) =>
      accountId === undefined || each.accountId === accountId
    );
    return {
      accounts: accounts.map((account) => ({
        channel: account.channel,
        channelLabel: labelOf(services, account.channel),
        accountId: account.accountId,
        ...(account.name === undefined ? {} : { accountLabel: account.name }),
        notifySupported: true,
      })),
      requests: services.senders.list(channel, accountId).map((request) => rowOf(services, request)),
      commandOwnerConfigured: hasOwner(services),
      limits: { pendingPerAccount: MAX_PENDING, ttlMs: CODE_TTL_MS },
    };
  },
});

const approve = defineMethod({
  ...COMMON,
  name: "channels.pairing.approve",
  params: SenderPairingApproveParams,
  result: SenderPairingApproveResult,
  description: "Lets a waiting sender in, by the id of the request or by its code",
  async handle({ params }, services) {
    const { channel, accountId, requestId: wanted } = params;
    const request = services.senders.approve({ channel, accountId, wanted });
    if (!request) throw invalid("unknown requestId");
    publishResolved(services, request, "approved");
    services.log.info("pairing.approved", { channel, account: request.accountId, sender: request.senderId });
    return {
      requestId: request.requestId,
      senderId: request.senderId,
      notification: params.notify === true ? await notify(services, request) : "not-requested" as const,
      commandOwnerBootstrap: params.bootstrapCommandOwner === true ? ownerState(services) : "not-requested" as const,
    };
  },
});

const dismiss = defineMethod({
  ...COMMON,
  name: "channels.pairing.dismiss",
  params: SenderPairingDismissParams,
  result: SenderPairingDismissResult,
  description: "Forgets a sender's request; the sender hears nothing and may ask again",
  handle({ params: { channel, accountId, requestId: wanted } }, services) {
    const request = services.senders.dismiss({ channel, accountId, wanted });
    if (!request) throw invalid("unknown requestId");
    publishResolved(services, request, "dismissed");
    return { requestId: request.requestId, senderId: request.senderId };
  },
});

export const senderPairingMethods: readonly MethodDef[] = [list, approve, dismiss];

const labelOf = ({ channels }: Services, channel: string): string =>
  channels.manifests().find(({ id }) => id === channel)?.label ?? channel;

const hasOwner = ({ live }: Services): boolean => (live.current().commands.ownerAllowFrom ?? []).length > 0;

/** Who may give commands stands in the owner's file, and only the owner writes it. */
const ownerState = (services: Services) => hasOwner(services) ? "already-configured" as const : "unavailable" as const;

const senderLabel = ({ name, senderId }: SenderRequest): string => name ?? senderId;

function rowOf(services: Services, request: SenderRequest): SenderRequestRow {
  const { requestId, channel, accountId, senderId, preview } = request;
  const name = services.channels.account(channel, accountId)?.name;
  return {
    requestId,
    channel,
    channelLabel: labelOf(services, channel),
    accountId,
    ...(name === undefined ? {} : { accountLabel: name }),
    senderId,
    senderLabel: senderLabel(request),
    ...(preview === undefined ? {} : { metadata: { preview } }),
    createdAt: new Date(request.createdAt).toISOString(),
    lastSeenAt: new Date(request.lastSeenAt).toISOString(),
    expiresAt: new Date(request.expiresAt).toISOString(),
    notifySupported: true,
  };
}

function publishResolved(services: Services, request: SenderRequest, decision: "approved" | "dismissed"): void {
  const { requestId, channel, accountId, senderId } = request;
  services.bus.publish(SenderPairingResolvedEvent, {
    requestId,
    channel,
    accountId,
    senderId,
    senderLabel: senderLabel(request),
    decision,
    ts: services.clock.now(),
  });
}

/** Tells the sender in the chat that the request came from, and waits a little to say truthfully whether it arrived. */
async function notify(services: Services, request: SenderRequest): Promise<"sent" | "failed"> {
  const target = chatOf(services, request);
  if (!target) return "failed";
  const { channel, accountId, requestId } = request;
  const groupId = `approved:${requestId}`;
  services.outbox.enqueue({
    class: "notice",
    channel,
    accountId,
    target,
    text: WELCOME,
    media: [],
    groupId,
    inboxId: undefined,
    runId: undefined,
    sessionKey: undefined,
  });
  const { state } = await services.outbox.settled(groupId, NOTIFY_MS);
  return state === "sent" ? "sent" : "failed";
}

function chatOf({ db, inbox }: Services, { channel, accountId, senderId }: SenderRequest): Target | undefined {
  const rows = db.all(LAST_ROWS, channel, accountId, senderId).map((row) => inbox.get(String(row["id"])));
  const chat = rows.find((row) => row?.event.chat.kind === "direct")?.event.chat;
  if (!chat) return undefined;
  return { chatId: chat.id, kind: chat.kind, ...(chat.threadId === undefined ? {} : { threadId: chat.threadId }) };
}

const LAST_ROWS =
  "SELECT id FROM inbox WHERE channel = ? AND account = ? AND sender_id = ? ORDER BY rowid DESC LIMIT 20";
