/** send: a message that nobody asked for, into a session of this gateway or a chat of a channel. */
import { LAST_CHANNEL, OWN_CHANNEL } from "../../session/channel_ids.ts";
import { invalid } from "../../../schemas/error.ts";
import { ChatEvent } from "../../../schemas/event/chat.ts";
import type { AssistantMessage } from "../../../schemas/message.ts";
import { SendParams, SendResult } from "../../../schemas/method/send.ts";
import type { Static } from "../../../schemas/primitives.ts";
import { isMainKey, keyRules } from "../../session/key.ts";
import { createSessionNotifier, nodeChatTopic } from "../../session/notify.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";
import { poll } from "./poll.ts";
import { sendToChannel } from "./send_channel.ts";

/** Fetching attachments takes its time; the platform's answer is waited for eight seconds only. */
const DEADLINE_MS = 120_000;

type Params = Static<typeof SendParams>;

const send = defineMethod({
  name: "send",
  access: "operator.write",
  params: SendParams,
  result: SendResult,
  idempotency: "shared",
  deadlineMs: DEADLINE_MS,
  description:
    "Sends a message to a chat of a channel, or into a WebChat session without a model run; says truthfully " +
    "whether it was sent, waits, or may have arrived",
  handle(call, services) {
    const { params } = call;
    if (blank(params.message) && mediaUrls(params).length === 0) {
      throw invalid("invalid send params: text or media is required");
    }
    const channel = channelOf(params, services);
    if (channel !== OWN_CHANNEL) return sendToChannel(call, services, channel, mediaUrls(params));
    return sendToSession(params, services);
  },
});

const blank = (text: string | undefined): boolean => text === undefined || text.trim() === "";

/** Each address once. */
function mediaUrls({ mediaUrl, mediaUrls }: Params): string[] {
  return [...new Set([mediaUrl ?? "", ...mediaUrls ?? []].map((url) => url.trim()).filter((url) => url !== ""))];
}

/** `last` is the channel that the named session was last used in. */
function channelOf(params: Params, { sessions }: Services): string {
  const channel = params.channel?.trim().toLowerCase() || OWN_CHANNEL;
  if (channel !== LAST_CHANNEL) return channel;
  const entry = sessions.get(sessions.canonical(params.sessionKey?.trim() || params.to, params.agentId))?.entry;
  return entry?.lastChannel ?? OWN_CHANNEL;
}

function sendToSession(params: Params, services: Services): Static<typeof SendResult> {
  // A session shows addresses as text: one line for each.
  const text = [params.message?.trim() ?? "", ...mediaUrls(params)].filter((line) => line !== "").join("\n");
  const key = targetKey(params, services);
  const { idempotencyKey: runId } = params;
  if (params.dryRun === true) {
    return { runId, channel: OWN_CHANNEL, conversationId: key, status: "dry_run", parts: [{ text, media: 0 }] };
  }
  const message: AssistantMessage = {
    role: "assistant",
    content: [{ type: "text", text }],
    timestamp: services.clock.now(),
    provider: "openclaw",
    model: "gateway-injected",
    stopReason: "stop",
    runId,
  };
  const { session, stored } = services.db.transaction(() => {
    const session = services.sessions.update(key, {});
    return { session, stored: services.transcript.append(session.sessionId, message) };
  });
  createSessionNotifier(services).messageAppended(session, stored);
  const { agentId } = session;
  services.bus.publish(ChatEvent, { runId, sessionKey: key, agentId, seq: 0, state: "final", message }, {
    nodeTopic: nodeChatTopic(key),
  });
  return { runId, messageId: stored.id, channel: OWN_CHANNEL, conversationId: key };
}

/** A phone number without a channel must not become a session that nobody reads: only known sessions are targets. */
function targetKey(params: Params, { sessions, config }: Services): string {
  const name = params.sessionKey?.trim() || params.to;
  const key = sessions.canonical(name, params.agentId);
  const session = sessions.get(key);
  if (!session && !isMainKey(key, keyRules(config))) {
    throw invalid(`Cannot send to "${name}": there is no such session`);
  }
  if (session?.entry.sendPolicy === "deny") throw invalid("send blocked by session policy");
  return key;
}

export const sendMethods: readonly MethodDef[] = [send, poll];
