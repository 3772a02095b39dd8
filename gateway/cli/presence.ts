/** `openclaw presence`: who is connected. */
import { withGateway } from "./connect.ts";
import type { Command } from "./context.ts";
import { ago } from "./format.ts";
import { Presence, read } from "./payloads.ts";

export const presenceCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const payload = await session.call("system-presence");
    if (options.flag("json")) return out.json(payload);
    const entries = read("system-presence", Presence, payload);
    if (entries.length === 0) return out.line("Nobody is connected.");
    out.table(
      ["HOST", "MODE", "ROLE", "IP", "PLATFORM", "VERSION", "LAST", "SEEN"],
      entries.map((entry) => [
        entry.host ?? entry.deviceId?.slice(0, 12) ?? "-",
        entry.mode ?? "-",
        entry.roles?.join(",") ?? "-",
        entry.ip ?? "-",
        entry.platform ?? "-",
        entry.version ?? "-",
        entry.reason ?? "-",
        ago(entry.ts, clock.now()),
      ]),
    );
  });
