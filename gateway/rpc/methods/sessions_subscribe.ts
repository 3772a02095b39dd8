/** sessions.subscribe, sessions.messages.subscribe and their opposites. Subscriptions are topics that die with the socket. */
import { invalid } from "../../../schemas/error.ts";
import {
  MessagesSubscribeResult,
  SessionKeyParams,
  SubscribeParams,
  SubscribeResult,
} from "../../../schemas/method/sessions.ts";
import { messagesTopic, SESSIONS_TOPIC } from "../../session/notify.ts";
import { defineMethod, type MethodDef } from "../define.ts";

const DEADLINE_MS = 10_000;
/** Subscriptions of one client; every published message looks at them. */
const MAX_TOPICS = 256;

const common = { access: "operator.read", idempotency: "none", deadlineMs: DEADLINE_MS } as const;

const subscribe = defineMethod({
  ...common,
  name: "sessions.subscribe",
  params: SubscribeParams,
  result: SubscribeResult,
  description: "From now on this client gets sessions.changed",
  handle({ client }) {
    client.topics.add(SESSIONS_TOPIC);
    return { subscribed: true };
  },
});

const unsubscribe = defineMethod({
  ...common,
  name: "sessions.unsubscribe",
  params: SubscribeParams,
  result: SubscribeResult,
  description: "Ends sessions.subscribe",
  handle({ client }) {
    client.topics.delete(SESSIONS_TOPIC);
    return { subscribed: false };
  },
});

const messagesSubscribe = defineMethod({
  ...common,
  name: "sessions.messages.subscribe",
  params: SessionKeyParams,
  result: MessagesSubscribeResult,
  description: "From now on this client gets session.message for the session",
  handle({ params, client }, { sessions }) {
    const key = sessions.canonical(params.key, params.agentId);
    const topic = messagesTopic(key);
    if (client.topics.size >= MAX_TOPICS && !client.topics.has(topic)) {
      throw invalid(`Cannot subscribe to "${key}": ${MAX_TOPICS} subscriptions are open; end one first`);
    }
    client.topics.add(topic);
    return { subscribed: true, key };
  },
});

const messagesUnsubscribe = defineMethod({
  ...common,
  name: "sessions.messages.unsubscribe",
  params: SessionKeyParams,
  result: MessagesSubscribeResult,
  description: "Ends sessions.messages.subscribe for the session",
  handle({ params, client }, { sessions }) {
    const key = sessions.canonical(params.key, params.agentId);
    client.topics.delete(messagesTopic(key));
    return { subscribed: false, key };
  },
});

export const sessionSubscribeMethods: readonly MethodDef[] = [
  subscribe,
  unsubscribe,
  messagesSubscribe,
  messagesUnsubscribe,
];
