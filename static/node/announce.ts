/** What this browser says of itself when it connects as a node. */
import { type Announcement, browserName } from "../client/hello.ts";
import { deviceFamily } from "./device/facts.ts";
import { isThere } from "./device/permissions.ts";
import { ABILITIES, type Ability } from "./state/model.ts";

/** The database of the node's own key: the same browser can be WebChat too, as another device. */
export const VAULT = "openclaw-node";

/** Commands stand for what the browser can do at all; switches and permissions decide at the time of a call. */
export function announce(commands: readonly string[], usable: (ability: Ability) => boolean): Announcement {
  const there = ABILITIES.filter(isThere);
  return {
    client: {
      id: "node-host",
      displayName: browserName(),
      version: "1.0.0",
      platform: "web",
      deviceFamily: deviceFamily(),
      mode: "node",
    },
    role: "node",
    scopes: [],
    caps: ["device", ...there.filter((ability) => ability !== "microphone" && ability !== "notify")],
    commands,
    permissions: Object.fromEntries(there.map((ability) => [ability, usable(ability)])),
  };
}
