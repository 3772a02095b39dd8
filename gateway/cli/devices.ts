/** `openclaw devices`: who may connect. List, approve, reject, remove, rotate, revoke. */
import { type Session, withGateway } from "./connect.ts";
import type { CliContext, Command } from "./context.ts";
import { confirm } from "./confirm.ts";
import { CliError } from "./exit.ts";
import { ago } from "./format.ts";
import { redact } from "../observe/redact.ts";
import { clean, oneLine } from "./output.ts";
import { DeviceList, DeviceRotated, type PairedDevice, type PendingDevice, read } from "./payloads.ts";
import type { Options } from "./options.ts";

/** Characters of an id that the tables show and that commands take for the whole. */
const SHORT = 12;
const MIN_PREFIX = 4;

export const listCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out } = context;
    const payload = await session.call("device.pair.list", {});
    if (options.flag("json")) return out.json(payload);
    const { pending, paired } = read("device.pair.list", DeviceList, payload);
    showPending(context, pending);
    if (pending.length > 0) out.line();
    showPaired(context, paired, session.deviceId);
  });

function showPending({ out, clock }: CliContext, pending: readonly PendingDevice[]): void {
  if (pending.length === 0) return;
  out.line(out.style("yellow", "Waiting for approval"));
  out.table(
    ["REQUEST", "DEVICE", "NAME", "ASKS FOR", "FROM", "SINCE"],
    pending.map((device) => [
      device.requestId,
      device.deviceId.slice(0, SHORT),
      nameOf(device),
      asks(device),
      device.remoteIp ?? "this host",
      ago(device.ts, clock.now()),
    ]),
  );
  out.line("Approve one: openclaw devices approve <request>");
}

function showPaired({ out, clock }: CliContext, paired: readonly PairedDevice[], self: string): void {
  if (paired.length === 0) return out.line("No devices yet.");
  out.table(
    ["DEVICE", "NAME", "ROLES", "SCOPES", "SEEN", ""],
    paired.map((device) => [
      device.deviceId.slice(0, SHORT),
      nameOf(device),
      (device.roles ?? [device.role ?? "-"]).join(", "),
      shortScopes(device.scopes),
      device.connected === true ? "connected" : ago(device.lastSeenAtMs ?? device.approvedAtMs, clock.now()),
      device.deviceId === self ? "this device" : "",
    ]),
  );
}

const nameOf = (device: PendingDevice | PairedDevice): string =>
  [device.displayName ?? device.clientId, device.platform].filter((part) => part !== undefined).join(", ");
const shortScopes = (scopes: readonly string[] | undefined): string =>
  (scopes ?? []).map((scope) => scope.replace(/^operator\./u, "")).join(" ") || "-";
const asks = (device: PendingDevice): string =>
  [(device.roles ?? [device.role ?? "operator"]).join("+"), shortScopes(device.scopes)].join(": ");

export const approveCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const request = await pendingRequest(session, options, wanted);
    const payload = await session.call("device.pair.approve", { requestId: request.requestId });
    if (options.flag("json")) return context.out.json(redact(payload));
    context.out.line(`Approved: ${oneLine(nameOf(request) || request.deviceId)} (${asks(request)})`);
  });

export const rejectCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const request = await pendingRequest(session, options, wanted);
    const payload = await session.call("device.pair.reject", { requestId: request.requestId });
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`Rejected: ${oneLine(nameOf(request) || request.deviceId)}`);
  });

/** The waiting request by its id, the start of it, or `--latest`. An id that is not in the list goes to the gateway as it is. */
async function pendingRequest(session: Session, options: Options, wanted: string | undefined): Promise<PendingDevice> {
  const latest = options.flag("latest");
  if (latest === (wanted !== undefined)) {
    throw new CliError("usage", "Cannot choose a request: name one, or use --latest", [
      "The requests that wait: openclaw devices list",
    ]);
  }
  const { pending } = read("device.pair.list", DeviceList, await session.call("device.pair.list", {}));
  if (wanted !== undefined) {
    return pick(pending, (device) => device.requestId, wanted) ?? { requestId: wanted, deviceId: wanted };
  }
  const newest = pending.toSorted((a, b) => (b.ts ?? 0) - (a.ts ?? 0))[0];
  if (newest === undefined) throw new CliError("failed", "No device waits for approval");
  return newest;
}

/** The one item whose id is `wanted` or starts with it. Throws when several do. */
function pick<T>(items: readonly T[], idOf: (item: T) => string, wanted: string): T | undefined {
  const exact = items.find((item) => idOf(item) === wanted);
  if (exact !== undefined || wanted.length < MIN_PREFIX) return exact;
  const found = items.filter((item) => idOf(item).startsWith(wanted));
  if (found.length > 1) {
    throw new CliError("usage", `Cannot choose "${clean(wanted)}": ${found.length} ids start with it`);
  }
  return found[0];
}

export const removeCommand: Command = async (context, options, [wanted = ""]) => {
  await confirm(context, options, `Remove device ${clean(wanted)}? It then has to be approved again.`);
  await withGateway(context, options, async (session) => {
    const deviceId = await deviceIdOf(session, wanted);
    const payload = await session.call("device.pair.remove", { deviceId });
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`Removed: ${oneLine(deviceId)}`);
  });
};

export const rotateCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const deviceId = await deviceIdOf(session, named(options, wanted));
    const role = options.text("role") ?? "operator";
    const scopes = options.list("scope");
    const payload = await session.call("device.token.rotate", {
      deviceId,
      role,
      ...(scopes.length === 0 ? {} : { scopes }),
    });
    const rotated = read("device.token.rotate", DeviceRotated, payload);
    if (deviceId === session.deviceId && rotated.token !== undefined) {
      await session.auth.store({
        token: rotated.token,
        role: rotated.role ?? role,
        scopes: [...rotated.scopes ?? []],
        updatedAtMs: rotated.rotatedAtMs ?? context.clock.now(),
      });
    }
    if (options.flag("json")) return context.out.json(redact(payload));
    const kept = deviceId === session.deviceId ? " This device keeps the new one." : "";
    context.out.line(`Rotated the ${clean(role)} token of ${deviceId.slice(0, SHORT)}; the old one is void.${kept}`);
  });

export const revokeCommand: Command = (context, options, [wanted]) =>
  withGateway(context, options, async (session) => {
    const deviceId = await deviceIdOf(session, named(options, wanted));
    const role = options.text("role") ?? "operator";
    const payload = await session.call("device.token.revoke", { deviceId, role });
    if (deviceId === session.deviceId) await session.auth.forget(role);
    if (options.flag("json")) return context.out.json(payload);
    context.out.line(`Revoked the ${clean(role)} token of ${deviceId.slice(0, SHORT)}; its connections are closed.`);
  });

/** The device as argument or, as the official client has it, with `--device`. */
function named(options: Options, argument: string | undefined): string {
  const device = argument ?? options.text("device");
  if (device !== undefined) return device;
  throw new CliError("usage", "Cannot choose a device: none is named", [
    "The devices there are: openclaw devices list",
  ]);
}

/** The full id of a paired device from its id, the start of it, or `self`. */
async function deviceIdOf(session: Session, wanted: string): Promise<string> {
  if (wanted === "self") return session.deviceId;
  const { paired } = read("device.pair.list", DeviceList, await session.call("device.pair.list", {}));
  return pick(paired, (device) => device.deviceId, wanted)?.deviceId ?? wanted;
}
