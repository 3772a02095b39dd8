/**
 * Hosts one worker and prints what it costs: a process of its own, so that nothing else moves its memory. Arguments: the
 * id of a shipped provider for its real worker with a started account, or `library` and a file of tests/bench/libraries.
 */
import { channelPermissions } from "../../gateway/supervisor/permissions.ts";
import { startWorker, type WorkerHost } from "../../gateway/supervisor/worker_host.ts";
import { ChannelReport } from "../../schemas/worker/channel.ts";
import { messageChecker } from "../../schemas/worker/runtime.ts";
import { CHANNELS } from "../../workers/registry.ts";
import { print } from "../helpers/print.ts";
import { pause, within } from "../helpers/wait.ts";
import { ACCOUNTS, type BenchAccount } from "./accounts.ts";

/** From the start of the account until its first tries are over and the engine has cleaned up after the loading. */
const SETTLE_MS = 3_000;
const [kind = "", file = ""] = Deno.args;
const checkReport = messageChecker(ChannelReport);
const rssMb = (): number => Deno.memoryUsage().rss / 2 ** 20;

/** The worker's own share of the process: what was there before it is taken off. */
async function measured(start: (onStarted: () => void) => WorkerHost) {
  await pause(500);
  const before = rssMb();
  const { promise, resolve } = Promise.withResolvers<void>();
  const began = performance.now();
  const host = start(resolve);
  await within(`worker ${kind} ${file}`, promise, 60_000);
  const startMs = performance.now() - began;
  await pause(SETTLE_MS);
  const result = { startMs, mb: rssMb() - before };
  host.terminate();
  return result;
}

function library() {
  const permissions = channelPermissions({ net: [], sys: ["hostname", "osRelease"], run: [] });
  const url = new URL(`./libraries/${file}.ts`, import.meta.url);
  return measured((onMessage) => startWorker({ url, name: file, permissions, onMessage, onError: fail }));
}

function provider() {
  const found = CHANNELS.find(({ manifest }) => manifest.id === kind);
  const account = ACCOUNTS[kind];
  if (!found || !account) throw new Error(`Cannot measure "${kind}": not in workers/registry.ts and accounts.ts`);
  return measured((onStarted) => {
    const host = startWorker({
      url: found.entry,
      name: kind,
      permissions: channelPermissions(found.manifest.permissions(account.config)),
      onError: fail,
      onMessage(data) {
        const report = checkReport(data);
        if (!report.ok) return fail(report.error);
        // The first state: the library is loaded and the account has begun to connect.
        if (report.value.type === "state") onStarted();
        const answer = answerTo(report.value, account);
        if (answer) host.post(answer);
      },
    });
    return host;
  });
}

/** What main would say: the start, and that the key store is empty. */
function answerTo(report: ChannelReport, { config, secrets }: BenchAccount): object | undefined {
  switch (report.type) {
    case "ready":
      return { type: "start", accountId: "default", generation: 1, config, secrets, saved: {} };
    case "store.get":
      return { type: "store.rows", op: report.op, rows: { [report.kind]: {} } };
    case "store.set":
    case "store.clear":
    case "state.save":
      return { type: "done", op: report.op };
    default:
      return undefined;
  }
}

function fail(message: string): never {
  throw new Error(`Cannot measure "${kind}": ${message}`);
}

const result = kind === "library" ? await library() : await provider();
print(JSON.stringify(result));
Deno.exit(0);
