/** The part of the table of `openclaw nodes` that is about cameras, screens, places and the canvas. */
import { CONNECTION } from "./common_options.ts";
import type { GroupSpec, OptionSpec } from "./program.ts";

const media = () => import("./nodes_media.ts");
const canvas = () => import("./nodes_canvas.ts");

const ANY_NODE = ["[node]", "Node id or name (default: the only one that is connected)"] as const;
const OUTPUT: OptionSpec = {
  flags: "--output <file>",
  help: "Where to save it (default: a new file in <state>/nodes)",
};
const MUTE: OptionSpec = { flags: "--mute", help: "Without sound" };
const FACING: OptionSpec = { flags: "--facing <side>", help: "front or back" };
const CAMERA: OptionSpec = { flags: "--device <id>", help: "One camera of camera list" };
const BESIDE: OptionSpec = { flags: "-s, --session <key>", help: "Beside this chat in WebChat, instead of on a node" };
export const ON: OptionSpec = {
  flags: "--node <node>",
  help: "Node id or name (default: the only one that is connected)",
};
/** The time of a call is the node's to use. */
export const CALL: readonly OptionSpec[] = [
  ...CONNECTION.filter(({ flags }) => !flags.startsWith("--timeout")),
  { flags: "--timeout <time>", help: "Longest wait for the node: 500ms, 10s, 2m (default: 30s)" },
];

export const cameraGroup: GroupSpec = {
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

export const screenGroup: GroupSpec = {
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

export const locationGroup: GroupSpec = {
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

export const canvasGroup: GroupSpec = {
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
