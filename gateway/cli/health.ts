/** `openclaw health`: does the gateway answer, and how fast. */
import { withGateway } from "./connect.ts";
import type { Command } from "./context.ts";
import { count, duration } from "./format.ts";
import { clean } from "./output.ts";
import { Health, read } from "./payloads.ts";

export const healthCommand: Command = (context, options) =>
  withGateway(context, options, async (session) => {
    const { out, clock } = context;
    const started = clock.now();
    const payload = await session.call("health", options.flag("probe") ? { probe: true } : undefined);
    const took = clock.now() - started;
    if (options.flag("json")) return out.json(payload);
    const health = read("health", Health, payload);
    const { server, snapshot } = session.client.hello;
    const agents = (health.agents ?? []).map((agent) => agent.agentId + (agent.isDefault === true ? " (default)" : ""));
    out.line(health.ok === false ? out.style("red", "Not well") : out.style("green", "OK"));
    out.fields([
      ["Gateway", `${session.target.url}, version ${clean(server.version)}, answered in ${took} ms`],
      ["Up", snapshot?.uptimeMs === undefined ? undefined : duration(snapshot.uptimeMs)],
      ["Agents", clean(agents.join(", "))],
      ["Sessions", health.sessions?.count === undefined ? undefined : count(health.sessions.count, "session")],
      ["Channels", clean(channelNames(health.channels, health.channelLabels)) || "none"],
    ]);
    if (health.ok === false) return 1;
  });

const channelNames = (
  channels: Readonly<Record<string, unknown>> | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): string => Object.keys(channels ?? {}).map((id) => labels?.[id] ?? id).join(", ");
