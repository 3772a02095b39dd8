/** The table of `openclaw nodes`: names, arguments and help of its commands. */
import { CONNECTION, YES } from "./common_options.ts";
import { CALL, cameraGroup, canvasGroup, locationGroup, ON, screenGroup } from "./nodes_group_media.ts";
import type { CommandSpec, GroupSpec, OptionSpec } from "./program.ts";

const nodes = () => import("./nodes.ts");
const media = () => import("./nodes_media.ts");

const NODE = ["<node>", "Node id, the beginning of it, or display name"] as const;
const REQUEST = ["[request]", "Request id, or the node that asks"] as const;
const LATEST: OptionSpec = { flags: "--latest", help: "The newest request" };

const manage: readonly CommandSpec[] = [
  {
    name: "list",
    summary: "List nodes: who is there, what works, and what is off and why",
    options: [{ flags: "--connected", help: "Only those that are connected" }, ...CONNECTION],
    examples: [["nodes list --connected", "those that can be asked now"]],
    load: async () => (await nodes()).listCommand,
  },
  {
    name: "describe",
    summary: "Show all of one node",
    args: [NODE],
    options: CONNECTION,
    examples: [["nodes describe kitchen", "by its display name"]],
    load: async () => (await nodes()).describeCommand,
  },
  {
    name: "invoke",
    summary: "Call a command of a node and print its answer",
    args: [NODE, ["<command>", "Such as camera.list"], [
      "[json]",
      "Parameters, one JSON object; - reads standard input",
    ]],
    options: [
      { flags: "--params <json>", help: "The parameters, instead of the argument" },
      { flags: "--output <file>", help: "Save the base64 of the answer as a file" },
      ...CALL,
    ],
    examples: [
      [`nodes invoke kitchen system.which '{"bins":["git"]}'`, "with parameters"],
      [`nodes invoke kitchen file.read '{"path":"/srv/a.pdf","encoding":"base64"}' --output a.pdf`, "a file of it"],
    ],
    load: async () => (await import("./nodes_invoke.ts")).invokeCommand,
  },
  {
    name: "rename",
    summary: "Give a node another name",
    args: [NODE, ["<name>", "1 to 128 characters"]],
    options: CONNECTION,
    examples: [['nodes rename 3f1c9a2e "Kitchen tablet"', "shown in lists, and usable in commands"]],
    load: async () => (await nodes()).renameCommand,
  },
  {
    name: "approve",
    summary: "Approve what a waiting node offers",
    args: [REQUEST],
    options: [
      LATEST,
      { flags: "--allow <command>", help: "A dangerous command to switch on with it; may be repeated", repeat: true },
      ...CONNECTION,
    ],
    examples: [
      ["nodes approve --latest", "the one that asked last; dangerous commands stay off"],
      ["nodes approve kitchen --allow system.run", "and let it run commands, each behind an approval"],
    ],
    load: async () => (await nodes()).approveCommand,
  },
  {
    name: "reject",
    summary: "Turn a waiting node down",
    args: [REQUEST],
    options: [LATEST, ...CONNECTION],
    examples: [["nodes reject kitchen", "it asks again when it connects anew"]],
    load: async () => (await nodes()).rejectCommand,
  },
  {
    name: "remove",
    summary: "Take back the approval of a node",
    args: [NODE],
    options: [YES, ...CONNECTION],
    examples: [["nodes remove kitchen", "its commands have to be approved again"]],
    load: async () => (await nodes()).removeCommand,
  },
  {
    name: "allow",
    summary: "Switch dangerous commands on for one node, beside those that are on",
    args: [NODE, ["[commands...]", "Such as camera.snap system.run"]],
    options: [{ flags: "--none", help: "Switch all of them off" }, ...CONNECTION],
    examples: [
      ["nodes allow phone camera.snap camera.clip", "photographs and films"],
      ["nodes allow phone --none", "off again"],
    ],
    load: async () => (await nodes()).allowCommand,
  },
];

const acts: readonly CommandSpec[] = [
  {
    name: "notify",
    summary: "Show a notification on a node",
    args: [["[text...]", "The text"]],
    options: [
      ON,
      { flags: "--title <text>", help: "Default: OpenClaw" },
      { flags: "--body <text>", help: "The text, instead of the arguments" },
      { flags: "--priority <level>", help: "passive, active or timeSensitive" },
      ...CALL,
    ],
    examples: [['nodes notify --node desk --title Build "It is done"', "by the desktop of that machine"]],
    load: async () => (await media()).notifyCommand,
  },
  {
    name: "run",
    summary: "Run a command on a node; when its rules ask for it, a person is asked first",
    args: [["<command...>", "The program and its arguments, best after --"]],
    options: [
      ON,
      { flags: "--cwd <path>", help: "Folder on the node (default: the home folder there)" },
      { flags: "--env <NAME=value>", help: "A variable; may be repeated", repeat: true },
      { flags: "-s, --session <key>", help: "Session that hears of it" },
      { flags: "--agent <id>", help: "Whose rules hold (default: main)" },
      { flags: "--approval-timeout <time>", help: "Longest wait for a person (default: 2m)" },
      ...CALL.filter(({ flags }) => !flags.startsWith("--timeout")),
      { flags: "--timeout <time>", help: "Longest time of the command: 30s, 5m (default: 1m)" },
    ],
    examples: [
      ["nodes run --node build -- git -C /srv/app status", "exit code 0 when the command had 0, else 1"],
      [`nodes run -- sh -c "df -h | tail -n 3"`, "a shell only where the words say so"],
    ],
    load: async () => (await import("./nodes_run.ts")).runCommand,
  },
  {
    name: "qr",
    summary: "Draw a code that makes a phone's browser a node",
    options: CONNECTION,
    examples: [["nodes qr", "scan it with the phone"]],
    load: async () => (await import("./nodes_qr.ts")).qrCommand,
  },
  {
    name: "code",
    summary: "Print a one-use code that lets another computer in as a node",
    options: CONNECTION,
    examples: [["nodes code", "for openclaw node run --code <code>"]],
    load: async () => (await import("./nodes_qr.ts")).codeCommand,
  },
];

export const nodesGroup: GroupSpec = {
  name: "nodes",
  summary: "Machines and phones that the agent can use: list, approve, ask",
  usual: "list",
  commands: [...manage, cameraGroup, screenGroup, locationGroup, canvasGroup, ...acts],
};
