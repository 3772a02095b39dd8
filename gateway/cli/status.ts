/** `openclaw status`: the gateway, its model, sessions, channels, devices that wait and the state of the configuration. */
import { CallError } from "./client.ts";
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { ago, count, duration } from "./format.ts";
import { NodeRows } from "./nodes_payloads.ts";
import { clean, oneLine, type Output } from "./output.ts";
import { Channels, DeviceList, read, type SessionRow, Status } from "./payloads.ts";

/** The methods that make up the summary. Only `status` must succeed; the others may be refused to a narrow scope. */
const PARTS = [
  "status",
  "health",
  "system-presence",
  "channels.status",
  "models.list",
  "device.pair.list",
  "node.list",
] as const;
type Part = (typeof PARTS)[number];

type Answer = { readonly ok: true; readonly payload: unknown } | { readonly ok: false; readonly error: CallError };

export const statusCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const answers = await ask(session);
    const main = answers.status;
    if (!main.ok) throw main.error;
    if (options.flag("json")) return context.out.json(asJson(session, answers));
    const status = read("status", Status, main.payload);
    show(context, session, status, answers);
  });

async function ask(session: Session): Promise<Record<Part, Answer>> {
  const one = async (method: Part): Promise<Answer> => {
    try {
      return { ok: true, payload: await session.call(method, method === "channels.status" ? { probe: false } : {}) };
    } catch (error) {
      if (error instanceof CallError) return { ok: false, error };
      throw error;
    }
  };
  const [status, health, presence, channels, models, devices, nodes] = await Promise.all([
    one("status"),
    one("health"),
    one("system-presence"),
    one("channels.status"),
    one("models.list"),
    one("device.pair.list"),
    one("node.list"),
  ]);
  return {
    status,
    health,
    "system-presence": presence,
    "channels.status": channels,
    "models.list": models,
    "device.pair.list": devices,
    "node.list": nodes,
  };
}

/** Each answer under its method's name as it came, and the connection beside them. */
function asJson(session: Session, answers: Record<Part, Answer>): unknown {
  const { hello } = session.client;
  return {
    connection: {
      url: session.target.url,
      protocol: hello.protocol,
      version: hello.server.version,
      deviceId: session.deviceId,
      role: hello.auth?.role,
      scopes: hello.auth?.scopes,
      methods: hello.features?.methods,
    },
    ...Object.fromEntries(PARTS.map((part) => {
      const answer = answers[part];
      return [part, answer.ok ? answer.payload : { error: answer.error.error }];
    })),
  };
}

function show(context: CliContext, session: Session, status: Status, answers: Record<Part, Answer>): void {
  const { out } = context;
  const { gateway, sessions } = status;
  const { hello } = session.client;
  const model = gateway?.model;
  const up = gateway?.uptimeMs ?? hello.snapshot?.uptimeMs;
  out.fields([
    ["Gateway", gatewayLine(session, gateway?.pid, up)],
    ["Model", clean(modelLine(model) ?? sessions?.defaults?.model ?? "")],
    [
      "Sessions",
      sessions?.count === undefined ? undefined : count(sessions.count, "session") + runs(gateway?.activeRuns),
    ],
    ["Clients", gateway?.connections === undefined ? undefined : `${gateway.connections} connected`],
    ["Channels", clean(channelsLine(answers["channels.status"], status.channelSummary))],
    ["Devices", devicesLine(answers["device.pair.list"], gateway?.devicesWaiting)],
    ["Nodes", nodesLine(answers["node.list"])],
    ["Config", configLine(out, session, gateway?.configIssues?.length ?? 0, gateway?.configWarnings?.length ?? 0)],
  ]);
  for (const issue of gateway?.configIssues ?? []) out.line(out.style("red", `  issue    ${issueLine(issue)}`));
  for (const reason of gateway?.restartRequired ?? []) out.line(out.style("yellow", `  ${reason}`));
  for (const issue of gateway?.configWarnings ?? []) out.line(out.style("yellow", `  warning  ${issueLine(issue)}`));
  showRecent(context, sessions?.recent ?? []);
  showWaiting(out, answers["device.pair.list"]);
}

function gatewayLine(session: Session, pid: number | undefined, upMs: number | undefined): string {
  const { hello } = session.client;
  return [
    session.target.url,
    `version ${clean(hello.server.version)}`,
    `protocol ${hello.protocol}`,
    pid === undefined ? "" : `process ${pid}`,
    upMs === undefined ? "" : `up ${duration(upMs)}`,
  ].filter((part) => part !== "").join(", ");
}

const modelLine = (model: NonNullable<Status["gateway"]>["model"]): string | undefined =>
  model === undefined
    ? undefined
    : `${model.provider}/${model.model}${model.source === undefined ? "" : ` (${model.source})`}`;

const runs = (active: number | undefined): string =>
  active === undefined || active === 0 ? "" : `, ${count(active, "run")} in progress`;

const issueLine = ({ path, message }: { path: string; message: string }): string =>
  oneLine(path === "" || message.includes(path) ? message : `${path}: ${message}`, 200);

function channelsLine(answer: Answer, summary: readonly string[] | undefined): string {
  if (summary !== undefined && summary.length > 0) return summary.join("; ");
  if (!answer.ok) return `not available: ${answer.error.error.message}`;
  const { channelOrder, channelLabels, channels } = read("channels.status", Channels, answer.payload);
  const ids = channelOrder ?? Object.keys(channels ?? {});
  return ids.length === 0 ? "none" : ids.map((id) => channelLabels?.[id] ?? id).join(", ");
}

function devicesLine(answer: Answer, waiting: number | undefined): string | undefined {
  if (!answer.ok) return waiting === undefined ? undefined : `${waiting} waiting for approval`;
  const { pending, paired } = read("device.pair.list", DeviceList, answer.payload);
  return `${count(paired.length, "device")} approved, ${pending.length} waiting for approval`;
}

/** Undefined where there is none, or where the asker may not know. */
function nodesLine(answer: Answer): string | undefined {
  if (!answer.ok) return undefined;
  const { nodes } = read("node.list", NodeRows, answer.payload);
  if (nodes.length === 0) return undefined;
  const waiting = nodes.filter(({ pendingRequestId }) => pendingRequestId !== undefined).length;
  const connected = nodes.filter((node) => node.connected === true).length;
  const ask = waiting === 0 ? "" : `, ${waiting} waiting for approval (openclaw nodes)`;
  return `${count(nodes.length, "node")}, ${connected} connected${ask}`;
}

function configLine(out: Output, session: Session, issues: number, warnings: number): string {
  const state = issues > 0
    ? out.style("red", `${count(issues, "issue")}, ${count(warnings, "warning")}`)
    : warnings > 0
    ? out.style("yellow", count(warnings, "warning"))
    : "valid";
  const path = session.client.hello.snapshot?.configPath;
  return path === undefined ? state : `${clean(path)}, ${state}`;
}

function showRecent({ out, clock }: CliContext, recent: readonly SessionRow[]): void {
  if (recent.length === 0) return;
  out.line();
  out.table(
    ["RECENT SESSION", "TITLE", "LAST", "MODEL"],
    recent.slice(0, 5).map((row) => [
      row.key,
      row.label ?? row.displayName ?? row.derivedTitle ?? "",
      ago(row.updatedAt, clock.now()),
      row.model ?? "",
    ]),
  );
}

function showWaiting(out: Output, answer: Answer): void {
  if (!answer.ok) return;
  const { pending } = read("device.pair.list", DeviceList, answer.payload);
  if (pending.length === 0) return;
  out.line();
  out.line("Devices that wait for approval (openclaw devices approve <request>):");
  for (const device of pending) {
    out.line(`  ${oneLine(device.requestId, 128)}  ${oneLine(device.displayName ?? device.deviceId, 40)}`);
  }
}
