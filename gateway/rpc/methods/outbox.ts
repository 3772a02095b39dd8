/** outbox.list, outbox.retry, outbox.drop, message.explain, message.refusals: what goes out, what became of it, and why. */
import {
  MessageExplainParams,
  MessageExplainResult,
  MessageRefusalsParams,
  MessageRefusalsResult,
  OutboxChangeParams,
  OutboxChangeResult,
  OutboxListParams,
  OutboxListResult,
  type OutboxMessage,
} from "../../../schemas/method/outbox.ts";
import { invalid } from "../../../schemas/error.ts";
import type { Static } from "../../../schemas/primitives.ts";
import type { InboxRow } from "../../delivery/inbox.ts";
import type { OutboxRow } from "../../delivery/types.ts";
import { defineMethod, type MethodDef } from "../define.ts";

const DEADLINE_MS = 10_000;
const DEFAULT_REFUSALS = 20;

function messageOf({ error, messageIds, ...row }: OutboxRow): Static<typeof OutboxMessage> {
  return { ...row, messageIds: [...messageIds], ...(error === undefined ? {} : { error }) };
}

const list = defineMethod({
  name: "outbox.list",
  access: "operator.read",
  params: OutboxListParams,
  result: OutboxListResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Messages that wait, were sent, failed, or whose outcome nobody knows; the latest first",
  handle: ({ params: { state, channel, limit } }, { outbox }) => ({
    messages: outbox.list({
      ...(state === undefined ? {} : { state }),
      ...(channel === undefined || channel.trim() === "" ? {} : { channel: channel.trim().toLowerCase() }),
      ...(limit === undefined ? {} : { limit }),
    }).map(messageOf),
  }),
});

const change = (verb: "retry" | "drop", description: string): MethodDef =>
  defineMethod({
    name: `outbox.${verb}`,
    access: "operator.write",
    params: OutboxChangeParams,
    result: OutboxChangeResult,
    idempotency: "none",
    deadlineMs: DEADLINE_MS,
    description,
    handle: ({ params }, { outbox }) => ({ message: messageOf(outbox[verb](params.id.trim())) }),
  });

const explain = defineMethod({
  name: "message.explain",
  access: "operator.read",
  params: MessageExplainParams,
  result: MessageExplainResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "Every step and decision of one message, from its arrival to the platform's receipt of the answer",
  handle({ params }, { trail }) {
    const id = params.id.trim();
    const steps = trail.explain(id).map(({ at, step, detail, subject }) => ({
      at,
      step,
      detail: { ...detail },
      ...(subject === undefined ? {} : { subject }),
    }));
    if (steps.length === 0) throw invalid(`Cannot explain "${id}": no such message within the last 30 days`);
    return { id, steps };
  },
});

const refusals = defineMethod({
  name: "message.refusals",
  access: "operator.read",
  params: MessageRefusalsParams,
  result: MessageRefusalsResult,
  idempotency: "none",
  deadlineMs: DEADLINE_MS,
  description: "How many messages were refused and why, and the last ones",
  handle({ params }, { trail, inbox }) {
    const channel = params.channel?.trim().toLowerCase() || undefined;
    const latest = inbox.latest("refused", params.limit ?? DEFAULT_REFUSALS)
      .filter((row) => channel === undefined || row.channel === channel);
    return { counts: trail.refusals(channel).map((each) => ({ ...each })), latest: latest.map(refusalOf) };
  },
});

const refusalOf = ({ id, channel, accountId, event, reason, receivedAt }: InboxRow) => ({
  id,
  channel,
  accountId,
  chatId: event.chat.id,
  senderId: event.sender.id,
  ...(event.sender.name === undefined ? {} : { senderName: event.sender.name }),
  ...(reason === undefined ? {} : { reason }),
  at: receivedAt,
});

export const outboxMethods: readonly MethodDef[] = [
  list,
  change("retry", "Sends a held, failed, expired or dropped message again; the owner has decided about a duplicate"),
  change("drop", "Ends a message that waits or is held; nothing is sent"),
  explain,
  refusals,
];
