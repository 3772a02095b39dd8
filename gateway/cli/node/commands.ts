/** What our headless node can be asked for: name → action. */
import { NonEmpty, OneOf, Open, Type } from "../../../schemas/primitives.ts";
import { ExecApprovalsSetParams } from "../../../schemas/method/approvals.ts";
import { checker } from "../../../schemas/validate.ts";
import type { Static, TSchema } from "../../../schemas/primitives.ts";
import type { ExecApprovalsStore } from "../../approval/types.ts";
import type { Clock } from "../../observe/clock.ts";
import { invalid } from "./error.ts";
import { DEFAULT_READ_BYTES, type Folders, MAX_READ_BYTES } from "./folders.ts";
import { notify } from "./notify.ts";
import type { Programs } from "./programs.ts";
import type { Runner } from "./run.ts";

export const NODE_CAPS = ["system", "file"] as const;
export const NODE_COMMANDS = [
  "system.run",
  "system.which",
  "system.notify",
  "system.execApprovals.get",
  "system.execApprovals.set",
  "file.list",
  "file.read",
] as const;
export type NodeCommand = (typeof NODE_COMMANDS)[number];

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

const Opt = Type.Optional;
const WhichParams = Open({ bins: Type.Array(Type.String({ maxLength: 256 }), { maxItems: 256 }) });
const NotifyParams = Open({
  title: Opt(Type.String()),
  body: Opt(Type.String()),
  priority: Opt(OneOf(["passive", "active", "timeSensitive"])),
});
const ListParams = Open({ path: Opt(Type.String()) });
const ReadParams = Open({
  path: NonEmpty,
  maxBytes: Opt(Type.Integer({ minimum: 1, maximum: MAX_READ_BYTES })),
  encoding: Opt(OneOf(["utf8", "base64"])),
});

export function nodeActions(deps: CommandDeps): Readonly<Record<NodeCommand, NodeAction>> {
  const { approvals, folders } = deps;
  return {
    "system.run": (params, signal) => deps.runner.run(params, signal),
    "system.which": checked("system.which", WhichParams, async ({ bins }) => ({ bins: await found(deps, bins) })),
    "system.notify": checked("system.notify", NotifyParams, async (note, signal) => {
      if (!note.title && !note.body) throw invalid("Cannot show a notification: title and body are empty");
      await notify(note, { programs: deps.programs, clock: deps.clock, env: deps.desktop, signal });
      return {};
    }),
    "system.execApprovals.get": () => approvals.get(),
    "system.execApprovals.set": checked(
      "system.execApprovals.set",
      ExecApprovalsSetParams,
      ({ file, baseHash }) => approvals.set(file, baseHash),
    ),
    "file.list": checked("file.list", ListParams, ({ path }) => folders.list(path)),
    "file.read": checked(
      "file.read",
      ReadParams,
      ({ path, maxBytes = DEFAULT_READ_BYTES, encoding = "utf8" }) => folders.read(path, { maxBytes, encoding }),
    ),
  };
}

function checked<S extends TSchema>(
  name: string,
  schema: S,
  action: (params: Static<S>, signal: AbortSignal) => Promise<unknown>,
): NodeAction {
  const check = checker(schema);
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
