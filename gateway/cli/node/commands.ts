/** What our headless node can be asked for: name → action. */
import { NODE_COMMANDS, type NodeCommandParams } from "../../../schemas/node_command.ts";
import { checker } from "../../../schemas/validate.ts";
import type { ExecApprovalsStore } from "../../approval/types.ts";
import type { Clock } from "../../observe/clock.ts";
import { invalid } from "./error.ts";
import { DEFAULT_READ_BYTES, type Folders } from "./folders.ts";
import { notify } from "./notify.ts";
import type { Programs } from "./programs.ts";
import type { Runner } from "./run.ts";

export const CAPS = ["system", "file"] as const;
export const OFFERED = [
  "system.run",
  "system.which",
  "system.notify",
  "system.execApprovals.get",
  "system.execApprovals.set",
  "file.list",
  "file.read",
] as const;
export type NodeCommand = (typeof OFFERED)[number];

/** Gets the parameters as they came, and a signal that ends it with the node. */
export type NodeAction = (params: unknown, signal: AbortSignal) => Promise<unknown>;

export interface CommandDeps {
  readonly clock: Clock;
  readonly programs: Programs;
  readonly runner: Pick<Runner, "run">;
  readonly folders: Folders;
  readonly approvals: ExecApprovalsStore;
  /** The environment of the notification program. */
  readonly desktop: Readonly<Record<string, string>>;
}

export function nodeActions(deps: CommandDeps): Readonly<Record<NodeCommand, NodeAction>> {
  const { approvals, folders } = deps;
  return {
    "system.run": (params, signal) => deps.runner.run(params, signal),
    "system.which": checked("system.which", async ({ bins }) => ({ bins: await found(deps, bins) })),
    "system.notify": checked("system.notify", async (note, signal) => {
      if (!note.title && !note.body) throw invalid("Cannot show a notification: title and body are empty");
      await notify(note, { programs: deps.programs, clock: deps.clock, env: deps.desktop, signal });
      return {};
    }),
    "system.execApprovals.get": () => approvals.get(),
    "system.execApprovals.set": checked(
      "system.execApprovals.set",
      ({ file, baseHash }) => approvals.set(file, baseHash),
    ),
    "file.list": checked("file.list", ({ path }) => folders.list(path)),
    "file.read": checked(
      "file.read",
      ({ path, maxBytes = DEFAULT_READ_BYTES, encoding = "utf8" }) => folders.read(path, { maxBytes, encoding }),
    ),
  };
}

function checked<N extends NodeCommand>(
  name: N,
  action: (params: NodeCommandParams<N>, signal: AbortSignal) => Promise<unknown>,
): NodeAction {
  const check = checker(NODE_COMMANDS[name].params);
  return async (params, signal) => {
    const result = check(params);
    if (!result.ok) throw invalid(`Cannot read the parameters of ${name}: ${result.error}`);
    return await action(result.value, signal);
  };
}

async function found({ programs }: CommandDeps, bins: readonly string[]): Promise<Record<string, string>> {
  const paths: [string, string][] = [];
  for (const bin of bins) {
    const path = await programs.which(bin);
    if (path !== undefined) paths.push([bin, path]);
  }
  return Object.fromEntries(paths);
}
