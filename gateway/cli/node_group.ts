/** The table of `openclaw node`: this machine as a node of a gateway. */
import type { GroupSpec, OptionSpec } from "./program.ts";

/** `openclaw permissions --for node` takes them too, so that the same words give the flags for them. */
export const NODE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--url <url>", help: "Gateway address (default: this host's gateway, or gateway.remote.url)" },
  { flags: "--host <host>", help: "Gateway host, instead of --url" },
  { flags: "--port <port>", help: "Gateway port, instead of --url" },
  { flags: "--tls", help: "With --host or --port: wss instead of ws" },
  { flags: "--allow-dir <path>", help: "A folder whose files may be listed and read; may be repeated", repeat: true },
  { flags: "--allow-program <name>", help: "A program that may be run, name or path; may be repeated", repeat: true },
  { flags: "--token <token>", help: "Shared token of the gateway" },
  { flags: "--password <password>", help: "Shared password of the gateway" },
  { flags: "--code <code>", help: "A one-use code of the gateway, for the first time" },
  { flags: "--name <name>", help: "Display name (default: nodeHost.displayName, else the host's name)" },
  { flags: "--once", help: "End with the connection instead of coming back" },
];

export const nodeGroup: GroupSpec = {
  name: "node",
  summary: "Run this machine as a node: commands behind approvals, files of named folders, notifications",
  usual: "run",
  commands: [
    {
      name: "run",
      summary: "Connect to the gateway as a node and stay connected until stopped",
      options: NODE_OPTIONS,
      examples: [
        ["node run", "a node of this host's gateway"],
        ["node run --url wss://gateway.example --code <code>", "of another one, let in by a one-use code"],
        ["permissions --for node --allow-dir /srv/share --allow-program git", "the flags that these options need"],
      ],
      notes: `Rights: the process can do no more than the flags that it was started with. deno task node takes them from
nodeHost.allowDirs and nodeHost.programs of the configuration, from the allow list in exec-approvals.json, and from
OPENCLAW_GATEWAY_URL. An option that goes beyond them is told at the start; print the flags for it with
  openclaw permissions --for node --flags <the same options>
A gateway with a certificate of its own: copy its <state>/tls/cert.pem here and set DENO_CERT=<file>.
A compiled executable has one set for all commands, the one that it was compiled with: for a node compile one with the
flags of --for node. A program that may be run has all the rights of its user, so name few; sh or env means: everything.`,
      load: async () => (await import("./node/run_command.ts")).runCommand,
    },
  ],
};
