/** The gateway's own presence entry. */
import { hostname, platform, release } from "node:os";
import type { PresenceEntry } from "../../schemas/event/presence.ts";

const FAMILIES: Readonly<Record<string, string>> = { linux: "Linux", darwin: "Mac", win32: "Windows" };

/**
 * Makes the entry for a moment (ms since the epoch). What the system says is read once: two system calls at every list
 * were 3 % of a handshake. Needs the system permissions `hostname` and `osRelease`.
 */
export function createSelfEntry(version: string): (now: number) => PresenceEntry {
  const host = hostname();
  const facts = {
    host,
    version,
    platform: `${platform()} ${release()}`,
    deviceFamily: FAMILIES[platform()] ?? platform(),
    mode: "gateway",
    reason: "self",
    instanceId: "gateway",
    text: `Gateway: ${host} · app ${version} · mode gateway · reason self`,
  };
  return (now) => ({ ...facts, ts: now });
}
