/** The tables of the channels: what each provider's worker costs, and what a message waits for in the gateway. */
import type { Flood, Latency } from "./latency.ts";
import { number } from "./report.ts";
import type { WorkerResult } from "./workers.ts";

/** What a library alone was measured to need in a worker when the targets were set, in MB; a worker may take 15 % more. */
const LIBRARY_MB: Readonly<Record<string, number>> = { grammY: 25, Bolt: 48, "discord.js": 67, Baileys: 84 };
const MARGIN = 1.15;

export interface LatencyRow {
  readonly flood: Flood;
  readonly latency: Latency;
}

export function workerTable(results: readonly WorkerResult[]): string {
  const lines = results.map(({ label, library, worker, alone }) => {
    const most = library === undefined ? undefined : (LIBRARY_MB[library] ?? NaN) * MARGIN;
    const target = most === undefined ? "–" : `under ${number(most)} MB`;
    const verdict = most === undefined
      ? ""
      : worker.mb < most
      ? "met"
      : `missed by ${Math.round((worker.mb / most - 1) * 100)} %`;
    return [
      label,
      `${number(worker.startMs)} ms`,
      `${number(worker.mb)} MB`,
      library ?? "an empty worker",
      `${number(alone.startMs)} ms`,
      `${number(alone.mb)} MB`,
      target,
      verdict,
    ];
  });
  return markdown(
    ["", "start", "memory", "of that", "start alone", "memory alone", "target", ""],
    lines,
  );
}

const NAMES: Readonly<Record<Flood, string>> = {
  none: "nothing else to do",
  refused: "another account is flooded by a stranger who is refused",
  answered: "another account is flooded by somebody who is answered",
};

export function latencyTable(rows: readonly LatencyRow[]): string {
  const lines = rows.map(({ flood, latency: { toRun, toCall, floodPerSecond } }) => [
    NAMES[flood],
    `${number(toRun.medianMs)} ms`,
    `${number(toRun.p99Ms)} ms`,
    `${number(toCall.medianMs)} ms`,
    `${number(toCall.p99Ms)} ms`,
    flood === "none" ? "–" : `${number(floodPerSecond)} /s`,
  ]);
  return markdown(
    ["", "event to run, median", "99th percentile", "end of run to call, median", "99th percentile", "flood taken"],
    lines,
  );
}

const markdown = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The part of the committed page about channels. */
export function channelSection(workers: readonly WorkerResult[], rows: readonly LatencyRow[]): string {
  return `## Channels

Each provider's worker with its real library under its real permissions, in a process of its own: from \`new Worker\` to the
account's first attempt to connect (its platform is a closed port), and what the process grew by until three seconds later.
Beside it the library alone in a worker.

${workerTable(workers)}

A message of a person through the running gateway (the fake provider and its platform, a model that answers one word):
from the platform's event to the start of the run as a client hears of it, and from the end of the run to the call at the
platform. The inbox's and outbox's durable writes are inside the figures.

${latencyTable(rows)}
`;
}
