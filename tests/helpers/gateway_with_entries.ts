/**
 * A test's own executable: the gateway with more worker entries than it ships. The table goes in by code, since no
 * command line, variable or file may set it. A main file of tests/ calls `runWithEntries` and nothing else.
 */
import { dirname } from "node:path";
import { gatewayCommand } from "../../gateway/cli/gateway.ts";
import { LISTEN } from "../../gateway/cli/common_options.ts";
import { permissionsCommand } from "../../gateway/cli/permissions.ts";
import { runProcess } from "../../gateway/cli/process.ts";
import type { CommandSpec } from "../../gateway/cli/program.ts";
import type { ChannelEntry } from "../../gateway/config/types.ts";
import { environment } from "../../gateway/observe/env.ts";

/** `gateway` and `permissions --flags` as main.ts has them, with the entries. */
export async function runWithEntries(workerEntries: readonly ChannelEntry[]): Promise<never> {
  const common = { args: [], examples: [] } as const;
  const gateway: CommandSpec = {
    ...common,
    name: "gateway",
    summary: "Run the gateway",
    options: LISTEN,
    load: () =>
      Promise.resolve(({ env, version, out }, options) =>
        gatewayCommand({
          env,
          version,
          print: (line) => out.line(line),
          port: options.text("port"),
          verbose: options.flag("verbose"),
          workerEntries,
        })
      ),
  };
  const permissions: CommandSpec = {
    ...common,
    name: "permissions",
    summary: "Print the flags",
    options: [{ flags: "--flags", help: "As flags" }, ...LISTEN],
    load: () =>
      Promise.resolve(({ env, out }, options) =>
        permissionsCommand({
          env,
          print: (line) => out.line(readable(line, workerEntries)),
          flags: options.flag("flags"),
          port: options.text("port"),
          workerEntries,
        })
      ),
  };
  const entries = [gateway, permissions];
  const program = { version: "0.0.0-test", description: "", sections: [{ title: "Test:", entries }], footer: "" };
  return await runProcess(program, environment, Deno.args);
}

/** The shipped entries lie where the gateway may read; a test's own entry lies in its folder under tests/. */
function readable(flags: string, entries: readonly ChannelEntry[]): string {
  const folders = new Set(
    entries.map(({ entry }) => entry.pathname).filter((path) => path.includes("/tests/")).map((path) => dirname(path)),
  );
  return [...folders].reduce((text, folder) => text.replace("--allow-read=", `--allow-read=${folder},`), flags);
}
