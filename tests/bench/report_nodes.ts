/** The table of nodes and canvas, and its part of the committed page. */
import type { NodeFigures } from "./nodes.ts";
import { number } from "./report.ts";

export function nodeTable(figures: NodeFigures): string {
  const rows: readonly (readonly [string, string])[] = [
    ["`node.invoke` round trip (operator, gateway, node and back), median", `${number(figures.invokeMedianMs)} ms`],
    ["The same, 99th percentile", `${number(figures.invokeP99Ms)} ms`],
    ["The same, server CPU", `${number(figures.invokeCpuUs)} µs`],
    ["A snapshot of 10 MB, median", `${number(figures.snapshotMs)} ms`],
    ["The longest wait of another client meanwhile", `${number(figures.snapshotStallMs)} ms`],
    ["Memory after ten snapshots of 10 MB, more than before", `${number(figures.snapshotMb)} MB`],
    ["200 nodes connect and pair", `${number(figures.connectManyMs)} ms`],
    ["Memory per connected node", `${number(figures.kbPerNode)} KB`],
    ["All of them invoked at once, until the last answer", `${number(figures.roundMs)} ms`],
    ["The same, server CPU", `${number(figures.roundCpuMs)} ms`],
    ["An A2UI update to 100 viewers: sent to seen, median", `${number(figures.a2uiMedianMs)} ms`],
    ["The same, 99th percentile", `${number(figures.a2uiP99Ms)} ms`],
    ["The same, server CPU an update", `${number(figures.a2uiCpuMs)} ms`],
  ];
  return ["|  |  |", "| --- | --- |", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join("\n");
}

export const nodeSection = (figures: NodeFigures): string =>
  `## Nodes and canvas

One operator, protocol 3 nodes of an iPhone that answer at once, all in the process of the load generator; pairing,
policy, idempotency and, for A2UI, validation and the durable write are inside the figures.

${nodeTable(figures)}
`;
