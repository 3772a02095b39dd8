/** `openclaw pairing`: strangers who wrote to a channel. List, approve, dismiss. */
import { SenderPairingApproveResult, SenderPairingListResult } from "../../schemas/method/pairing.ts";
import type { Static } from "../../schemas/primitives.ts";
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { ago } from "./format.ts";
import type { Options } from "./options.ts";
import { clean, oneLine } from "./output.ts";
import { read } from "./payloads.ts";

type PairingList = Static<typeof SenderPairingListResult>;
type Request = PairingList["requests"][number];

export const listCommand: Command = (context, options, [channel]) =>
  withGateway(context, options, async (session) => {
    const payload = await session.call("channels.pairing.list", filterOf(options, channel));
    if (options.flag("json")) return context.out.json(payload);
    show(context, read("channels.pairing.list", SenderPairingListResult, payload));
  });

function filterOf(options: Options, channel: string | undefined) {
  const accountId = options.text("account");
  return {
    ...(channel === undefined ? {} : { channel: channel.toLowerCase() }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}

function show({ out, clock }: CliContext, { requests }: PairingList): void {
  if (requests.length === 0) return out.line("Nobody waits for approval.");
  out.table(
    ["REQUEST", "CHANNEL", "ACCOUNT", "SENDER", "NAME", "WROTE", "SINCE"],
    requests.map((request) => [
      request.requestId,
      request.channel,
      request.accountId,
      request.senderId,
      request.senderLabel === request.senderId ? "" : request.senderLabel,
      request.metadata?.["preview"] ?? "",
      ago(Date.parse(request.createdAt), clock.now()),
    ]),
  );
  out.line("Let one in: openclaw pairing approve <channel> <request or code>");
}

export const approveCommand: Command = (context, options, [channel = "", wanted]) =>
  withGateway(context, options, async (session) => {
    const choice = await choose(session, options, channel, wanted);
    const notify = options.flag("notify");
    const payload = await session.call("channels.pairing.approve", { ...choice, ...(notify ? { notify } : {}) });
    if (options.flag("json")) return context.out.json(payload);
    const { senderId, notification } = read("channels.pairing.approve", SenderPairingApproveResult, payload);
    context.out.line(`Approved: ${oneLine(senderId)} on ${clean(choice.channel)}`);
    if (notification === "sent") context.out.line("The sender was told.");
    if (notification === "failed") context.out.note("The sender could not be told.");
  });

export const dismissCommand: Command = (context, options, [channel = "", wanted]) =>
  withGateway(context, options, async (session) => {
    const choice = await choose(session, options, channel, wanted);
    const payload = await session.call("channels.pairing.dismiss", choice);
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`Dismissed: ${oneLine(choice.requestId)} on ${clean(choice.channel)}`);
  });

/** `<channel> <request>` as the official client has it, or the request or code alone when only one can be meant. */
async function choose(session: Session, options: Options, first: string, second: string | undefined) {
  if (second !== undefined) return { ...filterOf(options, first), channel: first.toLowerCase(), requestId: second };
  const payload = await session.call("channels.pairing.list", filterOf(options, undefined));
  const { requests, accounts } = read("channels.pairing.list", SenderPairingListResult, payload);
  const found = requests.find(({ requestId }) => requestId === first);
  if (found) return of(found);
  // A code is not in the list: with one channel there is no doubt where it belongs.
  const channels = new Set([...requests, ...accounts].map(({ channel }) => channel));
  const [only] = channels;
  if (only !== undefined && channels.size === 1) return { ...filterOf(options, only), channel: only, requestId: first };
  throw new CliError("usage", `Cannot choose "${clean(first)}": the channel is missing`, [
    "Name it: openclaw pairing approve <channel> <request or code>",
    "The requests that wait: openclaw pairing list",
  ]);
}

const of = ({ channel, accountId, requestId }: Request) => ({ channel, accountId, requestId });
