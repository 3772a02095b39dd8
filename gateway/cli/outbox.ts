/** `openclaw outbox`: what goes out to the channels. List it, send what is held again, drop it. */
import { OutboxChangeResult, OutboxListResult, type OutboxMessage } from "../../schemas/method/outbox.ts";
import type { Static } from "../../schemas/primitives.ts";
import { withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { ago } from "./format.ts";
import { clean, oneLine } from "./output.ts";
import { read } from "./payloads.ts";

const DEFAULT_LIMIT = 50;
type Message = Static<typeof OutboxMessage>;

/** States that an owner has to look at. */
const HELD: readonly string[] = ["unknown", "failed", "expired"];

export const listCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const state = options.text("state");
    const channel = options.text("channel");
    const payload = await session.call("outbox.list", {
      limit: options.whole("limit") ?? DEFAULT_LIMIT,
      ...(state === undefined ? {} : { state }),
      ...(channel === undefined ? {} : { channel: channel.toLowerCase() }),
    });
    if (options.flag("json")) return context.out.json(payload);
    show(context, read("outbox.list", OutboxListResult, payload).messages);
  });

function show({ out, clock }: CliContext, messages: readonly Message[]): void {
  if (messages.length === 0) return out.line("Nothing was sent to a channel yet, or nothing matches.");
  out.table(
    ["ID", "STATE", "CHANNEL", "ACCOUNT", "CHAT", "TEXT", "WHEN"],
    messages.map((message) => [
      message.id,
      stateOf(message),
      message.channel,
      message.accountId,
      message.chatId,
      oneLine(message.preview, 40),
      ago(message.updatedAt, clock.now()),
    ]),
  );
  for (const { id, error } of messages.filter(({ error }) => error !== undefined)) {
    out.line(`${id}: ${oneLine(error ?? "", 200)}`);
  }
  if (messages.some(({ state }) => HELD.includes(state))) {
    out.line("Send one again: openclaw outbox retry <id>; end it: openclaw outbox drop <id>");
  }
}

const stateOf = ({ state, possibleDuplicate }: Message): string => possibleDuplicate ? `${state}, maybe twice` : state;

const change = (verb: "retry" | "drop", done: (message: Message) => string): Command => (context, options, [id = ""]) =>
  withGateway(context, options, async (session) => {
    if (id.trim() === "") throw new CliError("usage", `Cannot ${verb}: no id is given`, ["See: openclaw outbox list"]);
    const payload = await session.call(`outbox.${verb}`, { id });
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(done(read(`outbox.${verb}`, OutboxChangeResult, payload).message));
  });

export const retryCommand: Command = change(
  "retry",
  ({ id, possibleDuplicate }) =>
    `Queued again: ${clean(id)}${possibleDuplicate ? ". It may stand in the chat twice afterwards." : ""}`,
);
export const dropCommand: Command = change("drop", ({ id }) => `Dropped: ${clean(id)}`);
