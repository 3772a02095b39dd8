/** poll: a question with options, where the platform has polls. */
import { invalid } from "../../../schemas/error.ts";
import { PollParams, PollResult } from "../../../schemas/method/send.ts";
import { defineMethod } from "../define.ts";
import { knownChannel, placeOf, requireSent, sessionOf, WAIT_MS } from "../outbound.ts";

const DEADLINE_MS = 30_000;

export const poll = defineMethod({
  name: "poll",
  access: "operator.write",
  params: PollParams,
  result: PollResult,
  idempotency: "shared",
  deadlineMs: DEADLINE_MS,
  description: "Sends a poll to a chat of a channel that has polls",
  async handle({ params, client }, services) {
    const channel = params.channel?.trim().toLowerCase() ?? "";
    const manifest = knownChannel(services, channel);
    if (manifest === undefined) throw invalid(`unsupported poll channel: ${params.channel ?? "none"}`);
    const { polls } = manifest.capabilities;
    if (polls === undefined) throw invalid(`unsupported poll channel: ${params.channel}`);
    const { question, options, maxSelections, durationHours } = params;
    if (options.length > polls.maxOptions) {
      throw invalid(`Cannot send poll over "${channel}": at most ${polls.maxOptions} options`);
    }
    if (maxSelections !== undefined && maxSelections > options.length) {
      throw invalid(`Cannot send poll: maxSelections ${maxSelections} is more than the ${options.length} options`);
    }
    const place = placeOf(services, manifest, params);
    const { key } = sessionOf(services, place, undefined);
    const groupId = `poll:${client.principal}:${params.idempotencyKey}`;
    const [deliveryId = groupId] = services.outbox.enqueue({
      class: "send",
      channel,
      accountId: place.accountId,
      target: place.target,
      text: "",
      media: [],
      poll: {
        question,
        options,
        ...(maxSelections === undefined ? {} : { maxSelections }),
        ...(durationHours === undefined ? {} : { durationHours }),
      },
      groupId,
      inboxId: undefined,
      runId: params.idempotencyKey,
      sessionKey: key,
    });
    const result = await services.outbox.settled(groupId, WAIT_MS);
    const status = requireSent(result, deliveryId);
    const [messageId] = result.messageIds;
    return {
      runId: params.idempotencyKey,
      channel,
      accountId: place.accountId,
      chatId: result.chatId === "" ? place.target.chatId : result.chatId,
      status,
      deliveryId,
      ...(messageId === undefined ? {} : { messageId }),
      ...(result.pollId === undefined ? {} : { pollId: result.pollId }),
    };
  },
});
