/** `openclaw explain <id>`: each step and decision of one message. Without an id: what was refused, and why. */
import { MessageExplainResult, MessageRefusalsResult } from "../../schemas/method/outbox.ts";
import type { Static } from "../../schemas/primitives.ts";
import { withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { ago } from "./format.ts";
import { oneLine } from "./output.ts";
import { read } from "./payloads.ts";

export const explainCommand: Command = (context, options, [id]) =>
  withGateway(context, options, async (session) => {
    const method = id === undefined ? "message.refusals" : "message.explain";
    const payload = await session.call(method, id === undefined ? {} : { id });
    if (options.flag("json")) return context.out.json(payload);
    if (id === undefined) return showRefusals(context, read(method, MessageRefusalsResult, payload));
    showSteps(context, read(method, MessageExplainResult, payload));
  });

function showSteps({ out }: CliContext, { steps }: Static<typeof MessageExplainResult>): void {
  const [first] = steps;
  if (first === undefined) return out.line("Nothing is known of this message.");
  out.line(new Date(first.at).toISOString());
  for (const { at, step, detail } of steps) {
    const facts = Object.entries(detail).map(([key, value]) => `${key}=${textOf(value)}`).join(" ");
    out.line(`${`+${at - first.at} ms`.padStart(12)}  ${step.padEnd(22)}  ${oneLine(facts, 200)}`.trimEnd());
  }
}

const textOf = (value: unknown): string => typeof value === "string" ? value : JSON.stringify(value) ?? "";

function showRefusals({ out, clock }: CliContext, { counts, latest }: Static<typeof MessageRefusalsResult>): void {
  if (counts.length === 0) return out.line("No message was refused.");
  out.table(
    ["CHANNEL", "ACCOUNT", "REASON", { title: "COUNT", right: true }, "LAST"],
    counts.map((
      each,
    ) => [each.channel, each.accountId, each.reason, String(each.count), ago(each.lastAt, clock.now())]),
  );
  if (latest.length === 0) return;
  out.line();
  out.table(
    ["MESSAGE", "CHANNEL", "CHAT", "SENDER", "REASON", "WHEN"],
    latest.map((each) => [
      each.id,
      each.channel,
      each.chatId,
      each.senderName === undefined ? each.senderId : `${each.senderName} (${each.senderId})`,
      each.reason ?? "",
      ago(each.at, clock.now()),
    ]),
  );
  out.line("Each step of one: openclaw explain <message>");
}
