/** The table: our figures beside the bare server's and the targets, with what was missed and by how much. */
import type { Figures } from "./load.ts";

export interface Result extends Figures {
  readonly startMs: number;
  readonly idleMb: number;
  readonly idleAfterRunMb: number;
}

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly value: (result: Result) => number;
  /** What ours must reach, given what the bare server reached in the same run. */
  readonly target: (
    bare: Result,
  ) => { readonly text: string; readonly met: (value: number) => boolean; readonly at: number };
}

const below = (at: number, unit: string) => () => ({
  text: `under ${at} ${unit}`,
  met: (value: number) => value < at,
  at,
});
const atLeast = (at: number, unit: string) => () => ({
  text: `${at} ${unit}`,
  met: (value: number) => value >= at,
  at,
});
const share = (part: number, of: (bare: Result) => number) => (bare: Result) => ({
  text: `${Math.round(part * 100)} % of bare`,
  met: (value: number) => value >= part * of(bare),
  at: part * of(bare),
});

export const ROWS: readonly Row[] = [
  { name: "Start to first challenge", unit: "ms", value: (r) => r.startMs, target: below(500, "ms") },
  { name: "Memory idle, before the first run", unit: "MB", value: (r) => r.idleMb, target: below(110, "MB") },
  { name: "Memory idle, after the first run", unit: "MB", value: (r) => r.idleAfterRunMb, target: below(155, "MB") },
  { name: "Memory after the load", unit: "MB", value: (r) => r.rssAfterMb, target: below(180, "MB") },
  { name: "The same, 20 s later", unit: "MB", value: (r) => r.rssSettledMb, target: () => NONE },
  { name: "Handshake with device signature, median", unit: "ms", value: (r) => r.handshakeMs, target: below(3, "ms") },
  { name: "Handshake, server CPU", unit: "ms", value: (r) => r.handshakeCpuMs, target: below(1, "ms") },
  {
    name: "`health` round trips, 16 clients × 8",
    unit: "/s",
    value: (r) => r.healthPerSecond,
    target: share(0.7, (bare) => bare.healthPerSecond),
  },
  { name: "`health`, server CPU", unit: "µs", value: (r) => r.healthCpuUs, target: () => NONE },
  { name: "Memory per idle client", unit: "KB", value: (r) => r.kbPerClient, target: below(25, "KB") },
  {
    name: "One run to 200 clients, all at once",
    unit: "deliveries/s",
    value: (r) => r.burstPerSecond,
    target: share(0.85, (bare) => bare.burstPerSecond),
  },
  { name: "The same, server CPU a delivery", unit: "µs", value: (r) => r.burstCpuUs, target: () => NONE },
  { name: "A chunk every 2 ms: lag, median", unit: "ms", value: (r) => r.lagMedianMs, target: below(2.01, "ms") },
  {
    name: "A chunk every 2 ms: lag, 99th percentile",
    unit: "ms",
    value: (r) => r.lagP99Ms,
    target: below(12.01, "ms"),
  },
  { name: "Agent run of 20 chunks: first token", unit: "ms", value: (r) => r.firstTokenMs, target: below(8, "ms") },
  { name: "Agent run: whole", unit: "ms", value: (r) => r.runMs, target: below(15, "ms") },
  { name: "Agent run: CPU", unit: "ms", value: (r) => r.runCpuMs, target: below(8, "ms") },
  { name: "Parallel runs, 4 lanes", unit: "/s", value: (r) => r.runsPerSecond, target: atLeast(150, "/s") },
];

const NONE = { text: "–", met: () => true, at: NaN };

/** A Markdown table. */
export function table(ours: Result, bare: Result): string {
  const lines = ROWS.map((row) => {
    const value = row.value(ours);
    const { text, met, at } = row.target(bare);
    const verdict = text === "–"
      ? ""
      : met(value)
      ? "met"
      : `missed by ${Math.round(Math.abs(value / at - 1) * 100)} %`;
    return `| ${row.name} | ${number(value)} ${row.unit} | ${
      number(row.value(bare))
    } ${row.unit} | ${text} | ${verdict} |`;
  });
  return ["| | gateway | bare server | target | |", "|---|---|---|---|---|", ...lines].join("\n");
}

export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** The committed page. */
export function page(ours: Result, bare: Result, machine: string, channels: string): string {
  return `# Benchmarks

\`deno task bench\` measures this gateway and a bare \`ws\` server (tests/bench/bare_server.ts: the least work that answers
the load generator) in one run, on one machine that also runs the load generator and the model. Read the figures as
ratios. \`deno task bench --write\` writes this page.

${machine}

${table(ours, bare)}

What the rows mean: a handshake includes the WebSocket upgrade, the challenge, an Ed25519 signature and its check, pairing
and the device token. An agent run goes through the session's lane, the ledger, the agent worker, the model over HTTP, the
transcript and two answers; every durable write is inside the figures.

Where a target is missed: memory right after the load is what waited for clients that read slower than the gateway sends
(the load generator shares the two cores); the engine gives it back within 20 seconds, as the next row shows. CPU of a
handshake above 1 ms is spread thin: signature check, five small SQLite statements, the upgrade's middleware.

${channels}`;
}
