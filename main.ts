/** The command table of the `openclaw` executable. Each command is one lazy import, so that every command starts quickly. */
import { environment } from "./gateway/observe/env.ts";
import { runProcess } from "./gateway/cli/process.ts";
import { CONNECTION, JSON_OPTION, LISTEN, RUN, SESSION, YES } from "./gateway/cli/common_options.ts";
import { approvalsGroup } from "./gateway/cli/approvals_group.ts";
import { explain, outboxGroup } from "./gateway/cli/delivery_group.ts";
import { channelsGroup } from "./gateway/cli/channels_group.ts";
import { NODE_OPTIONS, nodeGroup } from "./gateway/cli/node_group.ts";
import { nodesGroup } from "./gateway/cli/nodes_group.ts";
import { pairingGroup } from "./gateway/cli/pairing_group.ts";
import type { CommandSpec, GroupSpec, OptionSpec, Program } from "./gateway/cli/program.ts";
import manifest from "./deno.json" with { type: "json" };

const gateway: CommandSpec = {
  name: "gateway",
  summary: "Run the gateway in the foreground",
  options: LISTEN,
  examples: [
    ["gateway", "on 127.0.0.1:18789, with the configuration file"],
    ["gateway --port 18800 --verbose", "on another port, logging everything"],
    ["gateway --bind lan", "for the local network; needs a token or password"],
  ],
  load: async () => {
    const { gatewayCommand } = await import("./gateway/cli/gateway.ts");
    return ({ env, version, out }, options) =>
      gatewayCommand({
        env,
        version,
        print: (line) => out.line(line),
        port: options.text("port"),
        bind: options.text("bind"),
        token: options.text("token"),
        password: options.text("password"),
        verbose: options.flag("verbose"),
      });
  },
};

const permissions: CommandSpec = {
  name: "permissions",
  summary: "Print the permissions that this configuration needs",
  options: [
    { flags: "--flags", help: "One line of flags for deno run" },
    { flags: "--json", help: "As JSON" },
    { flags: "--for <what>", help: "gateway (default), node, or cli: the other commands" },
    { flags: "--read-paths", help: "The paths that --flags itself has to read", hidden: true },
    ...new Map([...LISTEN, ...NODE_OPTIONS].map((option) => [option.flags, { ...option, hidden: true }])).values(),
  ],
  examples: [
    ["permissions", "a list with the reason of each"],
    ["permissions --flags", "what deno task gateway starts the gateway with"],
  ],
  load: async () => {
    const { permissionsCommand } = await import("./gateway/cli/permissions.ts");
    return ({ env, out }, options) =>
      permissionsCommand({
        env,
        print: (line) => out.line(line),
        flags: options.flag("flags"),
        json: options.flag("json"),
        readPaths: options.flag("readPaths"),
        for: options.text("for"),
        port: options.text("port"),
        bind: options.text("bind"),
        node: {
          url: options.text("url"),
          host: options.text("host"),
          port: options.text("port"),
          tls: options.flag("tls"),
          allowDirs: options.list("allowDir"),
          programs: options.list("allowProgram"),
        },
      });
  },
};

const agent: CommandSpec = {
  name: "agent",
  summary: "Send one message to the agent and print the answer as it comes",
  args: [["[message...]", "The message; - or a pipe: standard input"]],
  options: [
    { flags: "-m, --message <text>", help: "The message" },
    { flags: "-s, --session <key>", help: "Session key (default: main)" },
    { flags: "--agent <id>", help: "Agent (default: the configured one)" },
    { flags: "--deliver", help: "Also send the answer to a channel" },
    { flags: "--channel <id>", help: "The channel to deliver to (default: the last one)" },
    { flags: "--to <target>", help: "The chat or number to deliver to" },
    ...RUN,
  ],
  examples: [
    ['agent --message "What is on today?"', "in the main session"],
    ['agent -s work --thinking high -m "Plan the release"', "in a session of its own"],
    ["agent < question.txt", "the message from standard input"],
    ['agent --json -m "Hi"', "the final answer of the gateway as JSON"],
  ],
  load: async () => (await import("./gateway/cli/agent.ts")).agentCommand,
};

const chat: CommandSpec = {
  name: "chat",
  summary: "Talk with the agent in the terminal",
  options: [SESSION, { flags: "--history <n>", help: "Messages to show at the start (default: 20)" }, ...RUN],
  examples: [
    ["chat", "in the main session; Ctrl-C stops an answer, /exit leaves"],
    ["chat -s work", "in another session"],
    ["chat < questions.txt", "one message a line"],
  ],
  load: async () => (await import("./gateway/cli/chat.ts")).chatCommand,
};

const health: CommandSpec = {
  name: "health",
  summary: "Ask whether the gateway is well",
  options: [{ flags: "--probe", help: "Look at the channels anew" }, ...CONNECTION],
  examples: [
    ["health", "exit code 0 when all is well"],
    ["health --url wss://gateway.example --token $TOKEN", "of another gateway"],
  ],
  load: async () => (await import("./gateway/cli/health.ts")).healthCommand,
};

const status: CommandSpec = {
  name: "status",
  summary: "Show the gateway, its model, sessions, channels, devices and configuration",
  options: CONNECTION,
  examples: [
    ["status", "a summary"],
    ["status --json", "the answers of all methods that it asks"],
  ],
  load: async () => (await import("./gateway/cli/status.ts")).statusCommand,
};

const presence: CommandSpec = {
  name: "presence",
  summary: "Show who is connected",
  options: CONNECTION,
  examples: [["presence", "clients, nodes and the gateway itself"]],
  load: async () => (await import("./gateway/cli/presence.ts")).presenceCommand,
};

const models: CommandSpec = {
  name: "models",
  summary: "List the models that the agent can use",
  options: CONNECTION,
  examples: [["models", "provider/model, context size, what it takes"]],
  load: async () => (await import("./gateway/cli/models.ts")).modelsCommand,
};

const sessionsModule = () => import("./gateway/cli/sessions.ts");
const KEY = ["<key>", "Session key, such as main or agent:main:work"] as const;
const sessions: GroupSpec = {
  name: "sessions",
  summary: "List, show, reset, rename and delete sessions",
  usual: "list",
  commands: [
    {
      name: "list",
      summary: "List sessions, the latest first",
      options: [
        { flags: "--limit <n>", help: "How many (default: 50)" },
        { flags: "--search <text>", help: "Only those whose key, title or text holds this" },
        { flags: "--agent <id>", help: "Only those of one agent" },
        ...CONNECTION,
      ],
      examples: [["sessions list --search invoice", "those that mention it"]],
      load: async () => (await sessionsModule()).listCommand,
    },
    {
      name: "show",
      summary: "Show a session and its latest messages",
      args: [KEY],
      options: [{ flags: "--limit <n>", help: "How many messages (default: 20)" }, ...CONNECTION],
      examples: [["sessions show main", "settings and the last 20 messages"]],
      load: async () => (await sessionsModule()).showCommand,
    },
    {
      name: "reset",
      summary: "Start a session afresh; the old transcript is kept",
      args: [KEY],
      options: CONNECTION,
      examples: [["sessions reset main", "the agent forgets the conversation"]],
      load: async () => (await sessionsModule()).resetCommand,
    },
    {
      name: "rename",
      summary: "Give a session a title; without one the title is removed",
      args: [KEY, ["[title]", "1 to 64 characters"]],
      options: CONNECTION,
      examples: [['sessions rename agent:main:work "Release plan"', "shown in lists"]],
      load: async () => (await sessionsModule()).renameCommand,
    },
    {
      name: "delete",
      summary: "Delete a session and its transcript",
      args: [KEY],
      options: [YES, ...CONNECTION],
      examples: [["sessions delete agent:main:old --yes", "without asking"]],
      load: async () => (await sessionsModule()).deleteCommand,
    },
  ],
};

const devicesModule = () => import("./gateway/cli/devices.ts");
const REQUEST = ["[request]", "Request id, or the start of it"] as const;
const LATEST: OptionSpec = { flags: "--latest", help: "The newest request" };
const DEVICE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--device <id>", help: "The device, instead of the argument" },
  { flags: "--role <role>", help: "operator or node (default: operator)" },
];
const DEVICE = "Device id, the start of it, or self";
const devices: GroupSpec = {
  name: "devices",
  summary: "Approve, reject and manage the devices that may connect",
  usual: "list",
  commands: [
    {
      name: "list",
      summary: "List devices: those that wait and those that are approved",
      options: CONNECTION,
      examples: [["devices list", "with the request ids to approve"]],
      load: async () => (await devicesModule()).listCommand,
    },
    {
      name: "approve",
      summary: "Let a waiting device in",
      args: [REQUEST],
      options: [LATEST, ...CONNECTION],
      examples: [
        ["devices approve --latest", "the one that asked last"],
        ["devices approve 3f1c9a2e", "by the start of its request id"],
      ],
      load: async () => (await devicesModule()).approveCommand,
    },
    {
      name: "reject",
      summary: "Refuse a waiting device",
      args: [REQUEST],
      options: [LATEST, ...CONNECTION],
      examples: [["devices reject 3f1c9a2e", "it may ask again"]],
      load: async () => (await devicesModule()).rejectCommand,
    },
    {
      name: "remove",
      summary: "Forget an approved device and close its connections",
      args: [["<device>", DEVICE]],
      options: [YES, ...CONNECTION],
      examples: [["devices remove 64db8c0ffee1", "it has to be approved again"]],
      load: async () => (await devicesModule()).removeCommand,
    },
    {
      name: "rotate",
      summary: "Make a device's token void and issue a new one",
      args: [["[device]", DEVICE]],
      options: [
        ...DEVICE_OPTIONS,
        { flags: "--scope <scope>", help: "A scope of the new token; may be repeated", repeat: true },
        ...CONNECTION,
      ],
      examples: [["devices rotate self", "this device's own token"]],
      load: async () => (await devicesModule()).rotateCommand,
    },
    {
      name: "revoke",
      summary: "Make a device's token void and close its connections",
      args: [["[device]", DEVICE]],
      options: [...DEVICE_OPTIONS, ...CONNECTION],
      examples: [["devices revoke 64db8c0ffee1 --role node", "its node token alone"]],
      load: async () => (await devicesModule()).revokeCommand,
    },
  ],
};

const configModule = () => import("./gateway/cli/config.ts");
const config: GroupSpec = {
  name: "config",
  summary: "Read and check the configuration",
  usual: "get",
  commands: [
    {
      name: "get",
      summary: "Print the gateway's configuration, or one value of it; secrets are redacted",
      args: [["[path]", "Dotted path, such as agents.defaults.model.primary"]],
      options: CONNECTION,
      examples: [["config get gateway.port", "one value"]],
      load: async () => (await configModule()).getCommand,
    },
    {
      name: "validate",
      summary: "Check the file without a gateway; exit code 1 when it has issues",
      args: [["[file]", "Default: the configuration file in use"]],
      options: [JSON_OPTION],
      examples: [["config validate", "issues and warnings, with the nearest known key"]],
      load: async () => (await configModule()).validateCommand,
    },
    {
      name: "path",
      summary: "Print where the configuration file is",
      options: [JSON_OPTION],
      examples: [["config path", "OPENCLAW_CONFIG_PATH, else openclaw.json in the state directory"]],
      load: async () => (await configModule()).pathCommand,
    },
  ],
};

const call: CommandSpec = {
  name: "call",
  summary: "Call any method of the protocol and print its answer",
  args: [["<method>", "Such as sessions.list"], ["[json]", "Parameters, one JSON object; - reads standard input"]],
  options: [
    { flags: "--params <json>", help: "The parameters, instead of the argument" },
    { flags: "--expect-final", help: "Wait for the second answer of a run" },
    { flags: "--idempotency-key <key>", help: "Default: a new one, for methods that need one" },
    ...CONNECTION,
  ],
  examples: [
    ["call health", "a method without parameters"],
    [`call sessions.list '{"limit":5}'`, "with parameters"],
    [`call agent '{"message":"Hi","sessionKey":"main"}' --expect-final`, "a whole run"],
  ],
  load: async () => (await import("./gateway/cli/call.ts")).callCommand,
};

const program: Program = {
  version: manifest.version,
  description: "OpenClaw-compatible gateway: one program that runs the gateway and talks to it.",
  sections: [
    { title: "Run:", entries: [gateway, nodeGroup, permissions] },
    { title: "Talk:", entries: [chat, agent] },
    { title: "Look:", entries: [status, health, presence, models, explain] },
    {
      title: "Manage:",
      entries: [channelsGroup, sessions, devices, nodesGroup, pairingGroup, approvalsGroup, outboxGroup, config],
    },
    { title: "Expert:", entries: [call] },
  ],
  footer: `First steps:
  openclaw gateway                        run it; it prints a link for the browser
  openclaw chat                           talk with the agent, in another terminal
  openclaw devices approve --latest       let the phone or browser in that just asked

Which gateway: --url, else OPENCLAW_GATEWAY_URL, else gateway.remote.url when gateway.mode is "remote", else this host.
Which secret:  --token or --password, else OPENCLAW_GATEWAY_TOKEN or OPENCLAW_GATEWAY_PASSWORD, else this device's own
               token, else the one in the configuration file.
Files:         OPENCLAW_STATE_DIR (default ~/.openclaw), OPENCLAW_CONFIG_PATH (default openclaw.json in it).
Output:        --json prints answers as they came; NO_COLOR turns colours off.`,
};

await runProcess(program, environment, Deno.args);
