/** The table of `openclaw channels`: names, arguments and help of its commands. */
import { CONNECTION, JSON_OPTION, YES } from "./common_options.ts";
import type { CommandSpec, GroupSpec } from "./program.ts";

const module = () => import("./channels.ts");
const CHANNEL = ["<channel>", "Channel id; openclaw channels list names them"] as const;
const ACCOUNT = ["[account]", "Account (default: the channel's default one)"] as const;

const change = (
  name: "start" | "stop" | "logout",
  summary: string,
  what: string,
  load: CommandSpec["load"],
): CommandSpec => ({
  name,
  summary,
  args: [CHANNEL, ACCOUNT],
  options: name === "logout" ? [YES, ...CONNECTION] : CONNECTION,
  examples: [[`channels ${name} telegram work`, what]],
  load,
});

export const channelsGroup: GroupSpec = {
  name: "channels",
  summary: "Set up, look at, log in, start and stop the messaging channels",
  usual: "list",
  commands: [
    {
      name: "list",
      summary: "List accounts and the channels that can be added",
      options: CONNECTION,
      examples: [["channels list", "one line an account"]],
      load: async () => (await module()).listCommand,
    },
    {
      name: "status",
      summary: "Show state, access, traffic and rights of each account",
      args: [["[channel]", "Only this one"]],
      options: [{ flags: "--probe", help: "Ask the platforms too" }, ...CONNECTION],
      examples: [["channels status --probe", "exit code 1 when a platform does not answer"]],
      load: async () => (await module()).statusCommand,
    },
    {
      name: "add",
      summary: "Ask for what a channel needs, write the configuration and test it",
      args: [CHANNEL],
      options: [
        { flags: "--account <id>", help: "As an account beside the others" },
        { flags: "--set <key=value>", help: "Answers a question; may be repeated", repeat: true },
        ...CONNECTION,
      ],
      examples: [
        ["channels add telegram", "asks for the token"],
        ["channels add telegram --set botToken=file:/home/me/.telegram", "without questions"],
      ],
      load: async () => (await import("./channels_add.ts")).addCommand,
    },
    {
      name: "login",
      summary: "Log an account in, step by step; codes to scan are drawn here",
      args: [CHANNEL, ACCOUNT],
      options: [
        { flags: "--flow <id>", help: "The way to log in, when there are several" },
        { flags: "--force", help: "Log out first" },
        ...CONNECTION,
      ],
      examples: [["channels login whatsapp", "scan the code with the phone"]],
      load: async () => (await import("./channels_login.ts")).loginCommand,
    },
    change(
      "logout",
      "Log an account out and forget its keys",
      "asks first",
      async () => (await module()).logoutCommand,
    ),
    change("start", "Start an account now", "also after it gave up", async () => (await module()).startCommand),
    change("stop", "Stop an account", "until it is started again", async () => (await module()).stopCommand),
    {
      name: "permissions",
      summary: "Print what the worker of each account may do; needs no gateway",
      args: [["[channel]", "Only this one"]],
      options: [JSON_OPTION],
      examples: [["channels permissions", "every flag written out"]],
      load: async () => (await import("./channels_permissions.ts")).permissionsCommand,
    },
  ],
};
