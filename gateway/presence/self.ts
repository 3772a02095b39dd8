/** The gateway's own presence entry. */
import { hostname, platform, release } from "node:os";
import type { PresenceEntry } from "../../schemas/event/presence.ts";

const FAMILIES: Readonly<Record<string, string>> = { linux: "Linux", darwin: "Mac", win32: "Windows" };

/** Needs the system permissions `hostname` and `osRelease`. */
export function selfEntry(version: string, now: number): PresenceEntry {
  const host = hostname();
  return {
    host,
    version,
    platform: `${platform()} ${release()}`,
    deviceFamily: FAMILIES[platform()] ?? platform(),
    mode: "gateway",
    reason: "self",
    instanceId: "gateway",
    text: `Gateway: ${host} · app ${version} · mode gateway · reason self`,
    ts: now,
  };
}
