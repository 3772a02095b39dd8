/** `openclaw nodes`: which nodes there are, what they may do, and who lets them. */
import { type Session, withGateway } from "./connect.ts";
import { confirm } from "./confirm.ts";
import type { CliContext, Command } from "./context.ts";
import { CliError } from "./exit.ts";
import { ago, count } from "./format.ts";
import { commandsOf, hintsForName } from "./nodes_call.ts";
import { nodeName, nodesOf, pickNode, SHORT_ID } from "./nodes_pick.ts";
import { NodeRow, NodeRows, PairLists, type PendingNode } from "./nodes_payloads.ts";
import type { Options } from "./options.ts";
import { clean, oneLine } from "./output.ts";
import { DeviceList, read } from "./payloads.ts";

export const listCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out } = context;
    const payload = await session.call("node.list", {});
    const only = options.flag("connected");
    const nodes = read("node.list", NodeRows, payload).nodes.filter(({ connected }) => !only || connected === true);
    if (options.flag("json")) return out.json(only ? { ...Object(payload), nodes } : payload);
    if (nodes.length === 0) {
      return out.line(only ? "No node is connected." : "No nodes yet: openclaw nodes qr, or openclaw node run");
    }
    showTable(context, nodes);
    showWaiting(context, nodes);
    showOff(context, nodes);
  });

function showTable({ out, clock }: CliContext, nodes: readonly NodeRow[]): void {
  out.table(
    ["NODE", "NAME", "PLATFORM", "STATE", "COMMANDS"],
    nodes.map((node) => [
      node.nodeId.slice(0, SHORT_ID),
      node.displayName ?? "-",
      [node.platform, node.deviceFamily].filter((part) => part !== undefined).join(", ") || "-",
      node.connected === true ? stateOf(node) : `away, seen ${ago(node.lastSeenAtMs, clock.now())}`,
      node.connected === true ? (node.commands ?? []).join(" ") || "none" : "-",
    ]),
  );
}

const stateOf = ({ approvalState }: NodeRow): string =>
  approvalState === "pending-approval" ? "connected, waits for approval" : "connected";

function showWaiting({ out }: CliContext, nodes: readonly NodeRow[]): void {
  for (const node of nodes.filter(({ pendingRequestId }) => pendingRequestId !== undefined)) {
    out.line();
    out.line(
      out.style(
        "yellow",
        `"${nodeName(node)}" waits for approval of: ${oneLine((node.pendingDeclaredCommands ?? []).join(" "), 400)}`,
      ),
    );
    out.line(`Approve it: openclaw nodes approve ${clean(node.pendingRequestId ?? "")}`);
  }
}

function showOff({ out }: CliContext, nodes: readonly NodeRow[]): void {
  for (const node of nodes) {
    // Those that wait for approval were named above.
    const off = (node.offCommands ?? []).filter(({ reason }) => !reason.startsWith("command not approved"));
    if (off.length === 0) continue;
    out.line();
    const name = nodeName(node);
    const [dangerous, others] = partition(off, ({ reason }) => reason.includes("off until the owner allows it"));
    if (dangerous.length > 0) {
      const commands = dangerous.map(({ command }) => oneLine(command, 60));
      out.line(`Off on "${name}" until you allow them: ${commands.join(" ")}`);
      out.line(`Allow one: openclaw nodes allow ${node.nodeId.slice(0, SHORT_ID)} ${commands[0]}`);
    }
    if (others.length > 0) out.line(`Off on "${name}":`);
    for (const { command, reason } of others) out.line(`  ${oneLine(command, 60)}  ${oneLine(reason, 300)}`);
  }
}

function partition<T>(all: readonly T[], fits: (one: T) => boolean): readonly [fitting: T[], others: T[]] {
  return [all.filter(fits), all.filter((one) => !fits(one))];
}

export const describeCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const { nodeId } = await pickNode(session, wanted);
    const payload = await session.call("node.describe", { nodeId });
    if (options.flag("json")) return out.json(payload);
    const node = read("node.describe", NodeRow, payload);
    out.fields([
      ["Node", node.nodeId],
      ["Name", oneLine(node.displayName ?? "")],
      [
        "Platform",
        oneLine([node.platform, node.deviceFamily, node.version].filter((part) => part !== undefined).join(", ")),
      ],
      ["Address", oneLine(node.remoteIp ?? "")],
      ["State", node.connected === true ? stateOf(node) : "away"],
      ["Since", node.connected === true ? ago(node.connectedAtMs, clock.now()) : undefined],
      ["Seen", node.connected === true ? undefined : ago(node.lastSeenAtMs, clock.now())],
      ["Capabilities", oneLine((node.caps ?? []).join(" "), 400)],
      ["Commands", oneLine((node.commands ?? []).join(" "), 1000)],
    ]);
    showWaiting(context, [node]);
    showOff(context, [node]);
  });

export const renameCommand: Command = (context, options, [wanted, name = ""]) =>
  withGateway(context, options, async (session) => {
    const node = await pickNode(session, wanted);
    const payload = await session.call("node.rename", { nodeId: node.nodeId, displayName: name });
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`"${nodeName(node)}" is now "${oneLine(name)}"`);
  });

export const approveCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const { out } = context;
    const request = await pendingRequest(session, options, wanted);
    const allow = options.list("allow");
    const { requestId } = request;
    const payload = await session.call("node.pair.approve", {
      requestId,
      ...(allow.length === 0 ? {} : { allowCommands: allow }),
    });
    if (options.flag("json")) return out.json(payload);
    out.line(`Approved: "${nodeName(request)}" (${count(request.commands?.length ?? 0, "command")})`);
    const off = (request.dangerousCommands ?? []).filter((command) => !allow.includes(command));
    if (off.length === 0) return;
    out.line(`Still off: ${oneLine(off.join(" "), 300)}`);
    out.line(`Allow one: openclaw nodes allow ${request.nodeId.slice(0, SHORT_ID)} ${oneLine(off[0] ?? "", 60)}`);
  });

export const rejectCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const request = await pendingRequest(session, options, wanted);
    const payload = await session.call("node.pair.reject", { requestId: request.requestId });
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`Rejected: "${nodeName(request)}"`);
  });

/** The waiting request by its id, by its node, or `--latest`. Throws a CliError that lists what waits. */
async function pendingRequest(session: Session, options: Options, wanted: string | undefined): Promise<PendingNode> {
  const latest = options.flag("latest");
  if (latest === (wanted !== undefined)) {
    throw new CliError("usage", "Cannot choose a request: name it or its node, or use --latest");
  }
  const { pending } = read("node.pair.list", PairLists, await session.call("node.pair.list", {}));
  if (pending.length === 0) throw await nothingWaits(session);
  const newest = pending.toSorted((a, b) => (b.ts ?? 0) - (a.ts ?? 0))[0];
  if (wanted === undefined && newest !== undefined) return newest;
  const text = (wanted ?? "").trim().toLowerCase();
  const fits = (request: PendingNode): boolean =>
    request.requestId.toLowerCase().startsWith(text) || request.nodeId.startsWith(text) ||
    request.displayName?.trim().toLowerCase() === text;
  const exact = pending.find(({ requestId, nodeId }) => requestId === wanted || nodeId === wanted);
  const [found, another] = exact === undefined ? pending.filter(fits) : [exact];
  if (found !== undefined && another === undefined) return found;
  throw new CliError(
    "usage",
    found === undefined
      ? `No request is called "${oneLine(wanted ?? "")}"`
      : `Cannot choose "${oneLine(wanted ?? "")}": several fit`,
    ["Those that wait:", ...pending.slice(0, 20).map((one) => `${clean(one.requestId)}  ${nodeName(one)}`)],
  );
}

/** A node that is not paired as a device yet cannot wait for approval of its commands: say which step comes first. */
async function nothingWaits(session: Session): Promise<CliError> {
  const devices = await session.call("device.pair.list", {}).catch(() => undefined);
  const waiting = devices === undefined ? [] : read("device.pair.list", DeviceList, devices).pending;
  const first = waiting.find(({ role, roles }) => role === "node" || roles?.includes("node"));
  return new CliError(
    "failed",
    "No node waits for approval",
    first === undefined ? ["See: openclaw nodes list"] : [
      `A device that wants to be a node waits to be let in first: openclaw devices approve ${clean(first.requestId)}`,
    ],
  );
}

export const removeCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const node = await pickNode(session, wanted);
    await confirm(context, options, `Take back the approval of "${nodeName(node)}"?`);
    const payload = await session.call("node.pair.remove", { nodeId: node.nodeId });
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`Took back the approval of "${nodeName(node)}"`);
    context.out.line(
      `Its device stays paired; remove that too with: openclaw devices remove ${node.nodeId.slice(0, SHORT_ID)}`,
    );
  });

/** A word that fits nothing of a node that is there is most likely mistyped; a family or a later command may be meant. */
function warnOfName({ out }: CliContext, node: NodeRow, command: string): void {
  const known = commandsOf(node);
  if (known.length === 0 || known.includes(command) || command.endsWith(".*")) return;
  out.warn(`"${nodeName(node)}" does not offer "${oneLine(command, 60)}"`);
  for (const hint of hintsForName(command, node)) out.note(`  ${hint}`);
}

export const allowCommand: Command = (context, options, [wanted, ...commands]) =>
  withGateway(context, options, async (session) => {
    const none = options.flag("none");
    if (none === (commands.length > 0)) {
      throw new CliError("usage", "Cannot allow: name at least one command, or use --none to take all back");
    }
    const node = await pickNode(session, wanted);
    const { nodeId, allowedCommands: before = [] } = node;
    const allowCommands = none ? [] : [...new Set([...before, ...commands])].sort();
    const payload = await session.call("node.commands.set", { nodeId, allowCommands });
    for (const command of commands) warnOfName(context, node, command);
    if (options.flag("json")) return context.out.json(payload);
    const name = nodeName(node);
    context.out.line(
      none
        ? `Allowed on "${name}" beyond the usual: nothing`
        : `Allowed on "${name}" beyond the usual: ${oneLine(allowCommands.join(" "), 400)}`,
    );
    const now = (await nodesOf(session)).find((node) => node.nodeId === nodeId);
    if (now !== undefined) {
      showOff(context, [{
        ...now,
        offCommands: (now.offCommands ?? []).filter(({ command }) => commands.includes(command)),
      }]);
    }
  });
