/** Start-up and memory of every provider's worker beside its library alone, each in a process of its own. */
import { Closed, Type } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import { CHANNELS } from "../../workers/registry.ts";
import { denoDir, ROOT } from "../helpers/gateway.ts";
import { ACCOUNTS } from "./accounts.ts";
import { quantile } from "./target.ts";

const RUNS = 3;
const checkMeasured = checker(Closed({ startMs: Type.Number(), mb: Type.Number() }));

export interface WorkerCost {
  readonly startMs: number;
  readonly mb: number;
}

export interface WorkerResult {
  readonly label: string;
  readonly library: string | undefined;
  readonly worker: WorkerCost;
  /** The library in a worker of its own; of a provider without one, an empty worker. */
  readonly alone: WorkerCost;
}

export async function measureWorkers(): Promise<WorkerResult[]> {
  const results: WorkerResult[] = [];
  for (const { manifest } of CHANNELS) {
    const account = ACCOUNTS[manifest.id];
    if (!account) throw new Error(`Cannot measure "${manifest.id}": tests/bench/accounts.ts has no account of it`);
    const asked = manifest.permissions(account.config);
    results.push({
      label: manifest.label,
      library: account.library?.name,
      worker: await cost([manifest.id], asked),
      alone: await cost(["library", account.library?.file ?? "none"], {
        net: [],
        sys: ["hostname", "osRelease"],
        run: [],
      }),
    });
  }
  return results;
}

interface Asked {
  readonly net: readonly string[];
  readonly sys: readonly string[];
  readonly run: readonly string[];
}

/** The median of some processes; the first one of all fills the caches and is not counted. */
async function cost(args: readonly string[], asked: Asked): Promise<WorkerCost> {
  await once(args, asked);
  const costs: WorkerCost[] = [];
  while (costs.length < RUNS) costs.push(await once(args, asked));
  return { startMs: quantile(costs.map((c) => c.startMs), 0.5), mb: quantile(costs.map((c) => c.mb), 0.5) };
}

async function once(args: readonly string[], { net, sys, run }: Asked): Promise<WorkerCost> {
  const allow = (name: string, list: readonly string[]) =>
    list.length === 0 ? [] : [`--allow-${name}=${list.join(",")}`];
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--cached-only", "--no-prompt", `--allow-read=${ROOT}`],
      ...[...allow("net", net), ...allow("sys", sys), ...allow("run", run)],
      ...[`${ROOT}tests/bench/worker_process.ts`, ...args],
    ],
    env: { PATH: "/usr/bin:/bin", DENO_DIR: await denoDir(), NO_COLOR: "1" },
    clearEnv: true,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const line = new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
  if (code !== 0) throw new Error(`Cannot measure "${args.join(" ")}": ${new TextDecoder().decode(stderr)}`);
  const checked = checkMeasured(JSON.parse(line));
  if (!checked.ok) throw new Error(`Cannot measure "${args.join(" ")}": ${checked.error}`);
  return checked.value;
}
