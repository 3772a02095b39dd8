/** The words of `openclaw outbox` and `openclaw explain` in the command table. */
import { CONNECTION } from "./common_options.ts";
import type { CommandSpec, GroupSpec } from "./program.ts";

const outboxModule = () => import("./outbox.ts");
const ID = ["<id>", "Id of a message, from outbox list"] as const;

export const outboxGroup: GroupSpec = {
  name: "outbox",
  summary: "Show what goes out to the channels; decide about what is held",
  usual: "list",
  commands: [
    {
      name: "list",
      summary: "List messages, the latest first",
      options: [
        { flags: "--state <state>", help: "queued, sent, failed, unknown, expired or dropped" },
        { flags: "--channel <id>", help: "Only this channel" },
        { flags: "--limit <n>", help: "How many (default: 50)" },
        ...CONNECTION,
      ],
      examples: [["outbox list --state unknown", "those that may or may not have arrived"]],
      load: async () => (await outboxModule()).listCommand,
    },
    {
      name: "retry",
      summary: "Send a held, failed or expired message again",
      args: [ID],
      options: CONNECTION,
      examples: [["outbox retry 69439c6e-9fc8-4bf2-8c02-986722c44d6d", "it may then stand in the chat twice"]],
      load: async () => (await outboxModule()).retryCommand,
    },
    {
      name: "drop",
      summary: "End a message that waits or is held",
      args: [ID],
      options: CONNECTION,
      examples: [["outbox drop 69439c6e-9fc8-4bf2-8c02-986722c44d6d", "nothing is sent"]],
      load: async () => (await outboxModule()).dropCommand,
    },
  ],
};

export const explain: CommandSpec = {
  name: "explain",
  summary: "Tell each step and decision of one message; without an id, what was refused and why",
  args: [["[id]", "The platform's id of the message, or the one from explain or outbox list"]],
  options: CONNECTION,
  examples: [
    ["explain 4711", "why message 4711 was answered, or was not"],
    ["explain", "refusals by reason, and the last ones"],
  ],
  load: async () => (await import("./explain.ts")).explainCommand,
};
