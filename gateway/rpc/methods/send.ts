/** send: a message that nobody asked for, into a session of this gateway. Other channels come later. */
import { OWN_CHANNEL } from "../../session/channel_ids.ts";
import { invalid } from "../../../schemas/error.ts";
import { ChatEvent } from "../../../schemas/event/chat.ts";
import type { AssistantMessage } from "../../../schemas/message.ts";
import { SendParams, SendResult } from "../../../schemas/method/send.ts";
import type { Static } from "../../../schemas/primitives.ts";
import { isMainKey, keyRules } from "../../session/key.ts";
import { createSessionNotifier } from "../../session/notify.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

const DEADLINE_MS = 30_000;

const send = defineMethod({
  name: "send",
  access: "operator.write",
  params: SendParams,
  result: SendResult,
  idempotency: "shared",
  deadlineMs: DEADLINE_MS,
  description: "Puts a message into a WebChat session without a model run; `to` or `sessionKey` names the session",
  handle({ params }, services) {
    const text = textOf(params);
    if (text === "") throw invalid("invalid send params: text or media is required");
    const channel = params.channel?.trim().toLowerCase() || OWN_CHANNEL;
    if (channel !== OWN_CHANNEL) throw invalid(`unsupported channel: ${params.channel}`);
    const key = targetKey(params, services);
    const message: AssistantMessage = {
      role: "assistant",
      content: [{ type: "text", text }],
      timestamp: services.clock.now(),
      provider: "openclaw",
      model: "gateway-injected",
      stopReason: "stop",
      runId: params.idempotencyKey,
    };
    const { session, stored } = services.db.transaction(() => {
      const session = services.sessions.update(key, {});
      return { session, stored: services.transcript.append(session.sessionId, message) };
    });
    createSessionNotifier(services).messageAppended(session, stored);
    const { agentId } = session;
    services.bus.publish(ChatEvent, {
      runId: params.idempotencyKey,
      sessionKey: key,
      agentId,
      seq: 0,
      state: "final",
      message,
    });
    return { runId: params.idempotencyKey, messageId: stored.id, channel, conversationId: key };
  },
});

/** The message, then one line for each media address. */
function textOf({ message, mediaUrl, mediaUrls }: Static<typeof SendParams>): string {
  const media = [mediaUrl ?? "", ...mediaUrls ?? []].map((url) => url.trim()).filter((url) => url !== "");
  return [message?.trim() ?? "", ...new Set(media)].filter((line) => line !== "").join("\n");
}

/** A phone number without a channel must not become a session that nobody reads: only known sessions are targets. */
function targetKey(params: Static<typeof SendParams>, { sessions, config }: Services): string {
  const name = params.sessionKey?.trim() || params.to;
  const key = sessions.canonical(name, params.agentId);
  const session = sessions.get(key);
  if (!session && !isMainKey(key, keyRules(config))) {
    throw invalid(`Cannot send to "${name}": there is no such session`);
  }
  if (session?.entry.sendPolicy === "deny") throw invalid("send blocked by session policy");
  return key;
}

export const sendMethods: readonly MethodDef[] = [send];
