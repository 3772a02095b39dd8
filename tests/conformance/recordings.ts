/** Frames that the official gateways of both generations sent, recorded from the running programs and shortened. */
import type { Ev } from "../helpers/client.ts";

const DIR = new URL("../fixtures/recorded/", import.meta.url);

interface Line {
  readonly generation: "feb" | "sep";
  readonly scenario: string;
  readonly method?: string;
  readonly role?: string;
  readonly frame: {
    readonly type: string;
    readonly id?: string;
    readonly ok?: boolean;
    readonly event?: string;
    readonly payload?: unknown;
    readonly error?: unknown;
  };
}

export interface Recordings {
  /** Payloads of successful answers; for `agent` the first or the second one. */
  results(method: string, stage: 1 | 2): unknown[];
  /** Payloads of events of the same name and, where it has them, stream, state and phase. */
  events(event: Ev): unknown[];
  /** Answers that refuse. */
  refusals(method: string): unknown[];
}

export async function readRecordings(): Promise<Recordings> {
  const lines = (await Promise.all((["feb", "sep"] as const).map(readGeneration))).flat();
  return {
    results: (method, stage) =>
      lines.filter((line) => line.method === method && line.frame.ok === true && stageOf(line) === stage)
        .map((line) => line.frame.payload),
    events: (event) =>
      lines.filter((line) => line.frame.event === event.event && kind(line.frame.payload) === kind(event.payload))
        .map((line) => line.frame.payload),
    refusals: (method) =>
      lines.filter((line) => line.method === method && line.frame.ok === false).map((line) => line.frame),
  };
}

async function readGeneration(generation: "feb" | "sep"): Promise<Line[]> {
  const text = await Deno.readTextFile(new URL(`${generation}.jsonl`, DIR));
  return text.trim().split("\n").map((line) => ({ generation, ...JSON.parse(line) }));
}

/** `agent` answers first with `accepted`, then with its end. */
const stageOf = (line: Line): 1 | 2 =>
  line.method === "agent" && field(line.frame.payload, "status") !== "accepted" ? 2 : 1;

function kind(payload: unknown): string {
  const data = field(payload, "data");
  return [field(payload, "stream"), field(payload, "state"), field(data, "phase")].map(String).join(" ");
}

const field = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && key in value ? (value as Record<string, unknown>)[key] : undefined;
