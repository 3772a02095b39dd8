/** The words of `openclaw approvals` in the command table. */
import { CONNECTION } from "./common_options.ts";
import type { GroupSpec, OptionSpec } from "./program.ts";

const approvalsModule = () => import("./approvals.ts");

const ID = ["<id>", "Id of the request, or its beginning"] as const;
const NODE: OptionSpec = { flags: "--node <id>", help: "The rules that a node keeps, by its id or name" };

export const approvalsGroup: GroupSpec = {
  name: "approvals",
  summary: "Decide about commands that agents want to run, and about what runs without asking",
  usual: "list",
  commands: [
    {
      name: "list",
      summary: "List commands that wait for a decision",
      options: CONNECTION,
      examples: [["approvals list", "each whole, with its id"]],
      load: async () => (await approvalsModule()).listCommand,
    },
    {
      name: "allow",
      summary: "Let a command run",
      args: [ID],
      options: [{ flags: "--always", help: "And from now on every call of its program by this agent" }, ...CONNECTION],
      examples: [["approvals allow 3f1c9a2e", "by the start of its id"]],
      load: async () => (await approvalsModule()).allowCommand,
    },
    {
      name: "deny",
      summary: "Refuse a command",
      args: [ID],
      options: CONNECTION,
      examples: [["approvals deny 3f1c9a2e", "the agent is told"]],
      load: async () => (await approvalsModule()).denyCommand,
    },
    {
      name: "get",
      summary: "Show the rules: what runs without asking",
      options: [NODE, ...CONNECTION],
      examples: [["approvals get --node Kitchen", "of a node"]],
      load: async () => (await approvalsModule()).getCommand,
    },
    {
      name: "set",
      summary: "Replace the rules by those of a file",
      args: [["<file>", "JSON, such as approvals get --json prints; - reads standard input"]],
      options: [
        NODE,
        { flags: "--base-hash <hash>", help: "Refuse when the rules are no longer those of this hash" },
        ...CONNECTION,
      ],
      examples: [["approvals set rules.json", "on the gateway's host"]],
      load: async () => (await approvalsModule()).setCommand,
    },
  ],
};
