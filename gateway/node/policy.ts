/** Which declared commands of a node may be called (methods facts, section 11.3): platform, owner's lists, approval. */

/** As nodes say what they run on; claims, like everything a node declares. */
export interface NodePlatform {
  readonly platform?: string | undefined;
  readonly deviceFamily?: string | undefined;
}

/** The owner's lists of the configuration: `gateway.nodes`. A name may end in `.*`. */
export interface CommandLists {
  readonly allowCommands: readonly string[];
  readonly denyCommands: readonly string[];
}

export interface PolicyFacts extends NodePlatform {
  readonly declared: readonly string[];
  /** What an owner approved; undefined for a node that needs no approval (protocol 3). */
  readonly approved: readonly string[] | undefined;
  /** Commands beyond the platform's list that the owner allows on this node. */
  readonly allowedHere: readonly string[];
  readonly lists: CommandLists;
}

export type RefusalReason =
  | "command required"
  | "command not allowlisted"
  | "command not declared by node"
  | "node did not declare commands"
  | "command not approved";

/** `sentence` says what the owner can do about it. */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: RefusalReason; readonly sentence: string };

type Group = "ios" | "android" | "macos" | "desktop" | "web" | "unknown";

const CANVAS = [
  "canvas.present",
  "canvas.hide",
  "canvas.navigate",
  "canvas.eval",
  "canvas.snapshot",
  "canvas.a2ui.push",
  "canvas.a2ui.pushJSONL",
  "canvas.a2ui.reset",
];
const DEVICE = ["device.info", "device.status"];
const PERSONAL = [
  ...DEVICE,
  "contacts.search",
  "calendar.events",
  "reminders.list",
  "photos.latest",
  "motion.activity",
  "motion.pedometer",
];
/** `system.run.prepare` only says how a command would be run. */
const HOST = [
  "system.which",
  "system.run.prepare",
  "system.execApprovals.get",
  "system.execApprovals.set",
  "browser.proxy",
  // Only of folders that the node's own owner named (our headless node).
  "file.list",
  "file.read",
];

const TABLE: Readonly<Record<Group, ReadonlySet<string>>> = {
  ios: new Set([...CANVAS, "location.get", ...PERSONAL, "system.notify"]),
  android: new Set([...CANVAS, "location.get", ...PERSONAL]),
  macos: new Set([...CANVAS, "location.get", ...PERSONAL, "system.notify", ...HOST]),
  desktop: new Set(["system.notify", ...HOST]),
  web: new Set([...CANVAS, "location.get", ...DEVICE, "system.notify"]),
  unknown: new Set([...CANVAS, "location.get", "system.notify", ...HOST]),
};

const DANGEROUS = new Set([
  "screen.record",
  "sms.send",
  "system.run",
  "contacts.add",
  "calendar.add",
  "reminders.add",
]);

/** Whether a command is off on every platform until the owner names it. */
export const isDangerous = (command: string): boolean => command.startsWith("camera.") || DANGEROUS.has(command);

const HARMLESS = new Set([...CANVAS, "location.get", ...PERSONAL]);

/** Whether the approval of `command` needs operator.admin: what acts on the node's host, and what nobody here knows. */
export const needsAdmin = (command: string): boolean => !HARMLESS.has(command);

/** Whether a list holds the command, by name or by `<family>.*`. */
export const listed = (list: readonly string[], command: string): boolean =>
  list.some((name) => name === command || (name.endsWith(".*") && command.startsWith(name.slice(0, -1))));

/** A lone `*` denies all: who writes it means that, and a list that is misread must not open anything. */
const denied = (list: readonly string[], command: string): boolean =>
  list.some((name) => name.trim() === "*" || listed([name.trim()], command));

/** Whether `command` may be called on the node, and otherwise why not. */
export function judge(command: string, facts: PolicyFacts): Verdict {
  if (command.trim() === "") return refused("command required", "name the command to call");
  const { lists, allowedHere, declared, approved } = facts;
  if (denied(lists.denyCommands, command)) {
    return refused("command not allowlisted", `gateway.nodes.denyCommands of the configuration names "${command}"`);
  }
  const isOn = TABLE[groupOf(facts)].has(command) || listed(lists.allowCommands, command) ||
    listed(allowedHere, command);
  // Nobody should allow what the node does not even have, such as a name that was mistyped.
  const absent = declared.length > 0 && !declared.includes(command);
  if (!isOn) {
    const why = absent ? notOffered(command) : isDangerous(command) ? dangerous(command) : strange(command);
    return refused("command not allowlisted", why);
  }
  if (declared.length === 0) {
    return refused("node did not declare commands", "the node offers none; look at its own settings");
  }
  if (absent) return refused("command not declared by node", notOffered(command));
  if (approved && !approved.includes(command)) {
    return refused("command not approved", `approve what this node offers: openclaw nodes approve`);
  }
  return { ok: true };
}

const refused = (reason: RefusalReason, sentence: string): Verdict => ({ ok: false, reason, sentence });

const notOffered = (command: string): string => `the node does not offer "${command}"`;

const dangerous = (command: string): string =>
  `"${command}" is dangerous and off until the owner allows it: openclaw nodes allow <node> ${command}, or for every ` +
  `node gateway.nodes.allowCommands in the configuration`;

const strange = (command: string): string =>
  `"${command}" is not on the list of this node's platform; the owner can allow it: openclaw nodes allow <node> ` +
  `${command}, or for every node gateway.nodes.allowCommands in the configuration`;

/** The platform decides by its first word, else the device family does. */
function groupOf({ platform, deviceFamily }: NodePlatform): Group {
  return groupByName(platform) ?? groupByName(deviceFamily) ?? "unknown";
}

function groupByName(name = ""): Group | undefined {
  const text = name.trim().toLowerCase();
  return PREFIXES.find(([prefix]) => text.startsWith(prefix))?.[1];
}

const PREFIXES: readonly (readonly [prefix: string, group: Group])[] = [
  ["web", "web"],
  ["ios", "ios"],
  ["iphone", "ios"],
  ["ipad", "ios"],
  ["android", "android"],
  ["mac", "macos"],
  ["darwin", "macos"],
  ["win", "desktop"],
  ["linux", "desktop"],
];
