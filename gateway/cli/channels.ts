/** `openclaw channels`: what there is and how it is; start, stop and log out one account. */
import type { CliContext, Command } from "./context.ts";
import { AccountRow, ChannelChange, ChannelsStatus } from "./channel_payloads.ts";
import { confirm } from "./confirm.ts";
import { type Session, withGateway } from "./connect.ts";
import { CliError, EXITS } from "./exit.ts";
import { ago, duration } from "./format.ts";
import { clean, type Style } from "./output.ts";
import { read } from "./payloads.ts";

/** Channels answer for themselves: longer than any other method. */
const PROBE_MS = 20_000;
const CHANGE_MS = 35_000;

export const listCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const payload = await session.call("channels.status", {});
    if (options.flag("json")) return out.json(payload);
    const status = read("channels.status", ChannelsStatus, payload);
    const rows = accountsOf(status);
    if (rows.length > 0) {
      out.table(
        ["CHANNEL", "ACCOUNT", "STATE", "SINCE", "WHAT"],
        rows.map(({ channel, row }) => [
          channel,
          row.name === undefined ? row.accountId : `${row.accountId} (${row.name})`,
          row.state?.replaceAll("_", " ") ?? "",
          ago(row.since, clock.now()),
          row.sentence ?? "",
        ]),
      );
    } else out.line("No channel is set up yet.");
    const free = status.channelOrder.filter((id) => (status.channelAccounts[id] ?? []).length === 0);
    if (free.length > 0) out.line(`To be added with openclaw channels add <id>: ${clean(free.join(", "))}`);
  });

export const statusCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const { out } = context;
    const params = options.flag("probe") ? { probe: true, timeoutMs: 10_000 } : {};
    const payload = await session.client.request("channels.status", params, { timeoutMs: PROBE_MS });
    if (options.flag("json")) return out.json(payload);
    const rows = accountsOf(read("channels.status", ChannelsStatus, payload)).filter(({ channel }) =>
      wanted === undefined || channel === wanted
    );
    if (rows.length === 0) {
      throw new CliError("failed", wanted === undefined ? "No channel is set up" : `"${clean(wanted)}" is not set up`, [
        `Set it up: openclaw channels add ${clean(wanted ?? "<id>")}`,
      ]);
    }
    for (const [index, { channel, label, row }] of rows.entries()) {
      if (index > 0) out.line();
      showAccount(context, channel, label, row);
    }
    return rows.some(({ row }) => row.probe?.ok === false) ? EXITS.failed.code : EXITS.ok.code;
  });

const STATE_STYLES: Readonly<Record<string, Style>> = {
  connected: "green",
  connecting: "yellow",
  reconnecting: "yellow",
  starting: "yellow",
  login_required: "yellow",
  bad_credentials: "red",
  conflict: "red",
  crashed: "red",
  wedged: "red",
  logged_out: "red",
};

/** What a person can do for each `userAction`. */
function actionText(action: string | undefined, channel: string, accountId: string): string | undefined {
  const account = accountId === "default" ? channel : `${channel} ${accountId}`;
  const texts: Record<string, string> = {
    login: `openclaw channels login ${account}`,
    set_token: `Set its token: openclaw channels add ${channel}`,
    enable_intents: "Switch on the intents that the sentence names, on the platform's own page",
    stop_other_session: `Stop the other program that uses this account, then: openclaw channels start ${account}`,
    restart_gateway: "Restart the gateway: deno task gateway",
    fix_config: "Correct the configuration: openclaw config validate",
    wait: "Nothing: it tries again by itself",
    start_daemon: "Start the program that the sentence names",
  };
  return action === undefined ? undefined : texts[action];
}

function showAccount({ out, clock }: CliContext, channel: string, label: string, row: AccountRow): void {
  const now = clock.now();
  const state = row.state?.replaceAll("_", " ") ?? "unknown";
  const style = STATE_STYLES[row.state ?? ""];
  const next = row.nextRetryAt === undefined ? "" : `, next try in ${duration(row.nextRetryAt - now)}`;
  out.line(
    out.style("bold", clean(`${label} (${channel}), account ${row.accountId}${row.name ? `, ${row.name}` : ""}`)),
  );
  out.fields([
    [
      "  State",
      `${style === undefined ? state : out.style(style, state)} for ${duration(now - (row.since ?? now))}${next}`,
    ],
    ["  What", clean(row.sentence ?? "")],
    ["  To do", actionText(row.userAction, channel, row.accountId)],
    ["  Who", row.self === undefined ? undefined : clean(Object.values(row.self).filter(isPlain).join(", "))],
    ["  Access", `direct messages ${row.dmPolicy ?? "-"}, groups ${row.groupPolicy ?? "-"}`],
    [
      "  Traffic",
      `in ${ago(row.lastInboundAt, now)}, out ${ago(row.lastOutboundAt, now)}, ${row.waitingToSend ?? 0} waiting`,
    ],
    ["  Refused", row.refusals?.map(({ reason, count: n }) => `${clean(reason)} ${n}`).join(", ")],
    ["  Rights", `${row.isolation ?? ""}: ${clean((row.permissions ?? []).join(" "))}`],
    ["  Address", clean((row.foreignAddresses ?? []).map((each) => `${each} is not the platform's own`).join(", "))],
    ["  Probe", probeText(row.probe)],
  ]);
}

const isPlain = (value: unknown): boolean => typeof value === "string" || typeof value === "number";
const probeText = (probe: AccountRow["probe"]): string | undefined =>
  probe && (probe.ok ? `answered in ${probe.elapsedMs ?? 0} ms` : `failed: ${clean(probe.error ?? "")}`);

const accountsOf = (status: ChannelsStatus) =>
  status.channelOrder.flatMap((channel) =>
    (status.channelAccounts[channel] ?? []).map((row) => ({
      channel,
      label: status.channelLabels[channel] ?? channel,
      row,
    }))
  );

const change = (method: "channels.start" | "channels.stop", done: string): Command => (context, options, args) =>
  withGateway(context, options, async (session) => {
    const { out } = context;
    const payload = await callFor(session, method, args);
    if (options.flag("json")) return out.json(payload);
    const { channel, accountId, account } = read(method, ChannelChange, payload);
    out.line(`${done}: ${clean(channel)}, account ${clean(accountId)}. ${clean(account.sentence ?? "")}`);
  });

export const startCommand = change("channels.start", "Started");
export const stopCommand = change("channels.stop", "Stopped");

export const logoutCommand: Command = async (context, options, args) => {
  const [channel = "", accountId = "default"] = args;
  await confirm(
    context,
    options,
    `Log out of ${clean(channel)}, account ${clean(accountId)}? A new login is needed then.`,
  );
  return await withGateway(context, options, async (session) => {
    const payload = await callFor(session, "channels.logout", args);
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`Logged out: ${clean(channel)}. Log in again: openclaw channels login ${clean(channel)}`);
  });
};

const callFor = ({ client }: Session, method: string, [channel = "", accountId]: readonly string[]): Promise<unknown> =>
  client.request(method, { channel, ...(accountId === undefined ? {} : { accountId }) }, { timeoutMs: CHANGE_MS });
