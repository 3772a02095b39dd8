/** The table of `openclaw nodes`: names, arguments and help of its commands. */
import { CONNECTION, YES } from "./common_options.ts";
import type { CommandSpec, GroupSpec, OptionSpec } from "./program.ts";

const nodes = () => import("./nodes.ts");
const media = () => import("./nodes_media.ts");
const canvas = () => import("./nodes_canvas.ts");

const NODE = ["<node>", "Node id, the beginning of it, or display name"] as const;
const ANY_NODE = ["[node]", "Node id or name (default: the only one that is connected)"] as const;
const REQUEST = ["[request]", "Request id, or the node that asks"] as const;
const LATEST: OptionSpec = { flags: "--latest", help: "The newest request" };
const ON: OptionSpec = { flags: "--node <node>", help: "Node id or name (default: the only one that is connected)" };
const OUTPUT: OptionSpec = {
  flags: "--output <file>",
  help: "Where to save it (default: a new file in <state>/nodes)",
};
const MUTE: OptionSpec = { flags: "--mute", help: "Without sound" };
const FACING: OptionSpec = { flags: "--facing <side>", help: "front or back" };
const CAMERA: OptionSpec = { flags: "--device <id>", help: "One camera of camera list" };
const BESIDE: OptionSpec = { flags: "-s, --session <key>", help: "Beside this chat in WebChat, instead of on a node" };
/** The time of a call is the node's to use. */
const CALL: readonly OptionSpec[] = [
  ...CONNECTION.filter(({ flags }) => !flags.startsWith("--timeout")),
  { flags: "--timeout <time>", help: "Longest wait for the node: 500ms, 10s, 2m (default: 30s)" },
];

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

const cameraGroup: GroupSpec = {
  name: "camera",
  summary: "Cameras of a node: list, photograph, film",
  usual: "list",
  commands: [
    {
      name: "list",
      summary: "List the cameras of a node",
      args: [ANY_NODE],
      options: [ON, ...CALL],
      examples: [["nodes camera list phone", "ids for --device"]],
      load: async () => (await media()).cameraListCommand,
    },
    {
      name: "snap",
      summary: "Take a photograph",
      args: [ANY_NODE],
      options: [
        ON,
        FACING,
        CAMERA,
        { flags: "--max-width <pixels>", help: "Default: 1600" },
        { flags: "--quality <0..1>", help: "Default: 0.9" },
        { flags: "--delay <time>", help: "Wait for light and focus, such as 1s" },
        OUTPUT,
        ...CALL,
      ],
      examples: [["nodes camera snap phone --facing back", "saved, and its place printed"]],
      load: async () => (await media()).snapCommand,
    },
    {
      name: "clip",
      summary: "Film for a few seconds",
      args: [ANY_NODE],
      options: [
        ON,
        FACING,
        CAMERA,
        { flags: "--duration <time>", help: "1m at most (default: 3s)" },
        MUTE,
        OUTPUT,
        ...CALL,
      ],
      examples: [["nodes camera clip phone --duration 5s --mute", "five seconds without sound"]],
      load: async () => (await media()).clipCommand,
    },
  ],
};

const screenGroup: GroupSpec = {
  name: "screen",
  summary: "The screen of a node",
  commands: [
    {
      name: "record",
      summary: "Record the screen; a person at the node may have to agree",
      args: [ANY_NODE],
      options: [
        ON,
        { flags: "--screen <n>", help: "Which screen (default: 0)" },
        { flags: "--duration <time>", help: "1m at most (default: 10s)" },
        { flags: "--fps <n>", help: "Pictures a second (default: 10)" },
        MUTE,
        OUTPUT,
        ...CALL,
      ],
      examples: [["nodes screen record desk --duration 10s", "saved, and its place printed"]],
      load: async () => (await media()).recordCommand,
    },
  ],
};

const locationGroup: GroupSpec = {
  name: "location",
  summary: "Where a node is",
  usual: "get",
  commands: [
    {
      name: "get",
      summary: "Ask a node where it is",
      args: [ANY_NODE],
      options: [
        ON,
        { flags: "--accuracy <level>", help: "coarse, balanced or precise" },
        { flags: "--max-age <time>", help: "Take a position that is so old" },
        ...CALL,
      ],
      examples: [["nodes location get phone --accuracy precise", "latitude, longitude, accuracy"]],
      load: async () => (await media()).locationCommand,
    },
  ],
};

const a2uiGroup: GroupSpec = {
  name: "a2ui",
  summary: "A2UI surfaces of a canvas",
  commands: [
    {
      name: "push",
      summary: "Show A2UI messages, one JSON object a line",
      options: [
        ON,
        BESIDE,
        { flags: "--jsonl <file>", help: "The messages; - or a pipe: standard input" },
        { flags: "--dry-run", help: "Only check them" },
        ...CALL,
      ],
      examples: [
        ["nodes canvas a2ui push --jsonl - < form.jsonl", "on the only node that is connected"],
        ["nodes canvas a2ui push -s main --dry-run < form.jsonl", "errors with the line they are in"],
      ],
      load: async () => (await canvas()).pushCommand,
    },
    {
      name: "reset",
      summary: "Remove all surfaces",
      options: [ON, BESIDE, ...CALL],
      examples: [["nodes canvas a2ui reset -s main", "beside the main chat"]],
      load: async () => (await canvas()).resetCommand,
    },
  ],
};

const canvasGroup: GroupSpec = {
  name: "canvas",
  summary: "The canvas of a node, or the one beside a chat",
  commands: [
    {
      name: "present",
      summary: "Show a page of the canvas folder, or an address",
      args: [["[target]", "Path in the canvas folder, or http(s) address (default: its first page)"]],
      options: [
        ON,
        BESIDE,
        ...["x", "y", "width", "height"].map((side) => ({ flags: `--${side} <n>`, help: `Of the window: ${side}` })),
        ...CALL,
      ],
      examples: [
        ["nodes canvas present report/index.html", "on the only node that is connected"],
        ["nodes canvas present report/index.html -s main", "beside the main chat"],
      ],
      load: async () => (await canvas()).presentCommand,
    },
    {
      name: "hide",
      summary: "Put the canvas away",
      options: [ON, BESIDE, ...CALL],
      examples: [["nodes canvas hide --node phone", "the page stays as it is"]],
      load: async () => (await canvas()).hideCommand,
    },
    {
      name: "navigate",
      summary: "Go to another page",
      args: [["<url>", "Path in the canvas folder, or http(s) address"]],
      options: [ON, ...CALL],
      examples: [["nodes canvas navigate report/two.html", "in the canvas that is open"]],
      load: async () => (await canvas()).navigateCommand,
    },
    {
      name: "eval",
      summary: "Run a script in the page and print its value",
      args: [["[script]", "JavaScript; - reads standard input"]],
      options: [{ flags: "--js <script>", help: "The script, instead of the argument" }, ON, ...CALL],
      examples: [[`nodes canvas eval "document.title"`, "the value as text"]],
      load: async () => (await canvas()).evalCommand,
    },
    {
      name: "snapshot",
      summary: "Save a picture of the canvas",
      options: [
        { flags: "--format <png|jpg>", help: "Default: png" },
        { flags: "--max-width <pixels>", help: "Make it smaller" },
        ON,
        OUTPUT,
        ...CALL,
      ],
      examples: [["nodes canvas snapshot --node phone", "saved, and its place printed"]],
      load: async () => (await canvas()).snapshotCommand,
    },
    a2uiGroup,
  ],
};

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
];

export const nodesGroup: GroupSpec = {
  name: "nodes",
  summary: "Machines and phones that the agent can use: list, approve, ask",
  usual: "list",
  commands: [...manage, cameraGroup, screenGroup, locationGroup, canvasGroup, ...acts],
};
