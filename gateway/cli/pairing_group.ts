/** The words of `openclaw pairing` in the command table. */
import { CONNECTION } from "./common_options.ts";
import type { GroupSpec, OptionSpec } from "./program.ts";

const pairingModule = () => import("./pairing.ts");

const ACCOUNT: OptionSpec = { flags: "--account <id>", help: "The channel account; without it any" };
const CHANNEL = ["<channel>", "Channel id; a request id alone is enough where only one can be meant"] as const;
const REQUEST = ["[request]", "Request id, or the code that the sender told"] as const;

export const pairingGroup: GroupSpec = {
  name: "pairing",
  summary: "Let in, or forget, people who wrote to a channel and are not known yet",
  usual: "list",
  commands: [
    {
      name: "list",
      summary: "List senders who wait for approval",
      args: [["[channel]", "Only this channel"]],
      options: [ACCOUNT, ...CONNECTION],
      examples: [["pairing list", "with the request ids to approve"]],
      load: async () => (await pairingModule()).listCommand,
    },
    {
      name: "approve",
      summary: "Let a sender in",
      args: [CHANNEL, REQUEST],
      options: [{ flags: "--notify", help: "Tell the sender" }, ACCOUNT, ...CONNECTION],
      examples: [["pairing approve telegram ABCD2345", "by the code that the sender told you"]],
      load: async () => (await pairingModule()).approveCommand,
    },
    {
      name: "dismiss",
      summary: "Forget a request; the sender hears nothing and may ask again",
      args: [CHANNEL, REQUEST],
      options: [ACCOUNT, ...CONNECTION],
      examples: [["pairing dismiss telegram 3f1c9a2e5b7d0a11", "by its request id"]],
      load: async () => (await pairingModule()).dismissCommand,
    },
  ],
};
