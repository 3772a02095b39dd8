/** send to a chat of a channel: attachments fetched, the message queued and mirrored in one commit, the outcome told. */
import { invalid } from "../../../schemas/error.ts";
import { ChatEvent } from "../../../schemas/event/chat.ts";
import type { AssistantMessage } from "../../../schemas/message.ts";
import type { SendParams, SendResult } from "../../../schemas/method/send.ts";
import type { Static } from "../../../schemas/primitives.ts";
import { fetchMedia, MediaError } from "../../delivery/media.ts";
import { planParts } from "../../delivery/plan.ts";
import { createPolicy, type DeliveryPolicy } from "../../delivery/policy.ts";
import type { Delivery, MediaOut } from "../../delivery/types.ts";
import { createSessionNotifier, nodeChatTopic } from "../../session/notify.ts";
import type { Call } from "../define.ts";
import { knownChannel, type Place, placeOf, requireSent, sessionOf, WAIT_MS } from "../outbound.ts";
import type { Services } from "../services.ts";

const MB = 1024 * 1024;

type Params = Static<typeof SendParams>;
type Result = Static<typeof SendResult>;

export async function sendToChannel(
  { params, client, signal }: Call<Params>,
  services: Services,
  channel: string,
  urls: readonly string[],
): Promise<Result> {
  const manifest = knownChannel(services, channel);
  if (manifest === undefined) throw invalid(`unsupported channel: ${params.channel}`);
  const place = placeOf(services, manifest, params);
  const { key } = sessionOf(services, place, params.sessionKey?.trim() || undefined);
  const policy = createPolicy(services.channels)(channel, place.accountId);
  if (urls.length > 0 && !manifest.capabilities.mediaOut) {
    throw invalid(`Cannot send media over "${channel}": the channel takes text only`);
  }
  const about = { runId: params.idempotencyKey, channel, accountId: place.accountId, chatId: place.target.chatId };
  const delivery = deliveryOf(params, place, key, groupOf(client.principal, params.idempotencyKey));
  if (params.dryRun === true) {
    return { ...about, conversationId: key, status: "dry_run", parts: preview(delivery, policy, urls.length) };
  }
  const media = await fetchAll(services, urls, policy, signal);
  const ids = queue(services, { ...delivery, media });
  const result = await services.outbox.settled(delivery.groupId, WAIT_MS);
  const deliveryId = ids[0];
  if (deliveryId === undefined) throw invalid("invalid send params: text or media is required");
  const status = requireSent(result, deliveryId);
  const [messageId] = result.messageIds;
  return {
    ...about,
    chatId: result.chatId === "" ? about.chatId : result.chatId,
    conversationId: key,
    status,
    deliveryId,
    ...(messageId === undefined ? {} : { messageId, messageIds: [...result.messageIds] }),
  };
}

/** The group is the idempotency key, so that even a repeat that the answer cache has forgotten sends nothing twice. */
export const groupOf = (principal: string, key: string): string => `send:${principal}:${key}`;

function deliveryOf(
  params: Params,
  { manifest, accountId, target }: Place,
  sessionKey: string,
  groupId: string,
): Delivery {
  return {
    class: "send",
    channel: manifest.id,
    accountId,
    target,
    text: params.message?.trim() ?? "",
    media: [],
    ...(params.silent === true ? { silent: true } : {}),
    groupId,
    inboxId: undefined,
    runId: params.idempotencyKey,
    sessionKey,
  };
}

const preview = (delivery: Delivery, policy: DeliveryPolicy, media: number): NonNullable<Result["parts"]> => {
  const texts = planParts(delivery, policy).map(({ message: { text } }) => ({
    ...text === undefined ? {} : { text },
    media: 0,
  }));
  return media === 0 ? texts : [...texts, { media }];
};

async function fetchAll(
  services: Services,
  urls: readonly string[],
  policy: DeliveryPolicy,
  signal: AbortSignal,
): Promise<MediaOut[]> {
  const fetch = services.fetchMedia ?? fetchMedia;
  const media: MediaOut[] = [];
  for (const url of urls) {
    try {
      media.push(await fetch(url, { maxBytes: Math.floor(policy.mediaMaxMb * MB), signal }));
    } catch (error) {
      // Nothing was sent, so the same key may be used again once the address is right.
      if (error instanceof MediaError) throw invalid(error.message);
      throw error;
    }
  }
  return media;
}

/** The rows and their mirror in the session are one commit; a repeat finds the rows and mirrors nothing. */
function queue(services: Services, delivery: Delivery): readonly string[] {
  const { db, outbox, sessions, transcript, bus, clock } = services;
  const { sessionKey = "main", media } = delivery;
  const known = outbox.parts(delivery.groupId).all > 0;
  const names = media.map(({ fileName, kind }) => `[${fileName ?? kind}]`);
  const message: AssistantMessage = {
    role: "assistant",
    content: [{ type: "text", text: [delivery.text, ...names].filter((line) => line !== "").join("\n") }],
    timestamp: clock.now(),
    provider: "openclaw",
    model: "delivery-mirror",
    stopReason: "stop",
    ...(delivery.runId === undefined ? {} : { runId: delivery.runId }),
  };
  const { ids, session, stored } = db.transaction(() => {
    const ids = outbox.enqueue(delivery);
    if (known || ids.length === 0) return { ids };
    const session = sessions.update(sessionKey, {});
    return { ids, session, stored: transcript.append(session.sessionId, message) };
  });
  if (session === undefined || stored === undefined) return ids;
  createSessionNotifier(services).messageAppended(session, stored);
  const { agentId, key } = session;
  bus.publish(ChatEvent, {
    runId: delivery.runId ?? delivery.groupId,
    sessionKey: key,
    agentId,
    seq: 0,
    state: "final",
    message,
  }, { nodeTopic: nodeChatTopic(key) });
  return ids;
}
