/** After `channels add`: waits for the new account, logs it in when it asks for that, and asks its platform who we are. */
import type { ChannelManifest } from "../../schemas/worker/manifest.ts";
import type { Questions } from "./ask.ts";
import { type AccountRow, ChannelsStatus } from "./channel_payloads.ts";
import { login } from "./channels_login.ts";
import type { Session } from "./connect.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./exit.ts";
import { clean } from "./output.ts";
import { read } from "./payloads.ts";

const WAIT_MS = 30_000;
const LOOK_MS = 300;
/** States that change by themselves within the wait. */
const ON_THE_WAY = ["starting", "connecting", "reconnecting", "stopped"];

export async function testAccount(
  context: CliContext,
  session: Session,
  asked: Questions,
  { id, label }: ChannelManifest,
  accountId: string | undefined,
): Promise<void> {
  const { out } = context;
  let row = await settled(context, session, id, accountId);
  if (row.state === "login_required") {
    await login(context, session, asked, { channel: id, ...(accountId === undefined ? {} : { accountId }) });
    row = await settled(context, session, id, accountId);
  }
  if (row.state !== "connected") {
    throw new CliError("failed", `${label} is set up but not connected: ${clean(row.sentence ?? row.state ?? "")}`, [
      `See: openclaw channels status ${id}`,
    ]);
  }
  const probed = await look(session, id, accountId, { probe: true, timeoutMs: 10_000 });
  if (probed?.probe?.ok === false) {
    throw new CliError("failed", `${label} is connected but does not answer: ${clean(probed.probe.error ?? "")}`);
  }
  out.line(`${label} works. ${clean(row.sentence ?? "")}`);
  out.line("Who writes to it first gets a code to let them in: openclaw pairing list");
}

async function settled(
  { clock }: CliContext,
  session: Session,
  channel: string,
  accountId: string | undefined,
): Promise<AccountRow> {
  const until = clock.now() + WAIT_MS;
  while (true) {
    const row = await look(session, channel, accountId, {});
    if (row !== undefined && !ON_THE_WAY.includes(row.state ?? "")) return row;
    if (clock.now() > until) {
      return row ?? { accountId: accountId ?? "default", sentence: "the gateway does not know it yet" };
    }
    await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
  }
}

async function look(
  { client }: Session,
  channel: string,
  accountId: string | undefined,
  params: Record<string, unknown>,
) {
  const payload = await client.request("channels.status", params, { timeoutMs: 20_000 });
  const { channelAccounts, channelDefaultAccountId } = read("channels.status", ChannelsStatus, payload);
  const wanted = accountId ?? channelDefaultAccountId?.[channel] ?? "default";
  return channelAccounts[channel]?.find((row) => row.accountId === wanted);
}
