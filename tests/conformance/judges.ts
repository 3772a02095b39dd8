/**
 * Who says whether a frame of ours is right: the official schema package where it holds a schema, else the recorded frames
 * of the official gateways, else our own schema. The official recordings overrule the official schema where they differ.
 */
import { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import { METHODS } from "../../gateway/rpc/registry.ts";
import { EVENTS } from "../../schemas/event/mod.ts";
import { EventFrame, ResponseFrame } from "../../schemas/frame.ts";
import type { TSchema } from "../../schemas/primitives.ts";
import { checker } from "../../schemas/validate.ts";
import type { Ev, Received, Res } from "../helpers/client.ts";
import { readRecordings, type Recordings } from "./recordings.ts";
import { missing, shapeOf } from "./shape.ts";

export type Judge = "official schema" | "recordings" | "our schema";

export interface Verdict {
  /** `result <method>` or `event <name>`. */
  readonly subject: string;
  readonly judge: Judge;
  readonly faults: readonly string[];
}

/** Subjects whose official schema refuses what the official gateway itself was recorded sending; why, in one line. */
export const DISAGREEMENTS: ReadonlyMap<string, string> = new Map([
  ["event agent", "the schema has no sessionKey and no agentId; both recorded gateways send sessionKey"],
  ["event shutdown", "the schema wants an integer restartExpectedMs; the gateways send null for a plain stop"],
]);

/** Official names that do not follow `<Method>Result` and `<Event>Event`. */
const NAMES: Readonly<Record<string, string>> = {
  "result connect": "HelloOk",
  "result config.schema": "ConfigSchemaResponse",
  "event connect.challenge": "",
  "event health": "",
};

export class Court {
  readonly #official = new Map<string, ReturnType<typeof checker>>();
  readonly #own = new Map<string, ReturnType<typeof checker>>();
  private constructor(private readonly recordings: Recordings) {
    for (const method of METHODS) this.#own.set(`result ${method.name}`, checker(method.result));
    for (const event of EVENTS) this.#own.set(`event ${event.name}`, checker(event.payload));
  }

  static async open(): Promise<Court> {
    return new Court(await readRecordings());
  }

  /** Judges a successful answer of `method`. `stage` 2: the second answer of `agent`. */
  result(method: string, res: Res, stage: 1 | 2 = 1): Verdict {
    return this.#judge(`result ${method}`, res.payload, this.recordings.results(method, stage));
  }

  event(event: Ev): Verdict {
    return this.#judge(`event ${event.event}`, event.payload, this.recordings.events(event));
  }

  /** What our own tables say about a frame: envelope, and payload of events. Empty: nothing wrong. */
  ownFaults(frame: Received, method?: string): string[] {
    const envelope = frame.type === "res" ? own.res(frame) : own.event(frame);
    if (!envelope.ok) return [envelope.error];
    if (frame.type === "res" && !frame.ok) return [];
    if (frame.type === "res" && (method === undefined || method === "connect" || isFirstOfTwo(frame, method))) {
      return [];
    }
    const subject = frame.type === "event" ? `event ${frame.event}` : `result ${method}`;
    const check = this.#own.get(subject);
    if (!check) return frame.type === "event" ? [`${subject} is not declared`] : [];
    const checked = check(frame.payload);
    return checked.ok ? [] : [`${subject}: ${checked.error}`];
  }

  #judge(subject: string, payload: unknown, recorded: readonly unknown[]): Verdict {
    const schema = DISAGREEMENTS.has(subject) ? undefined : officialSchema(subject);
    if (schema) {
      let check = this.#official.get(subject);
      if (!check) this.#official.set(subject, check = checker(schema));
      const checked = check(payload);
      return { subject, judge: "official schema", faults: checked.ok ? [] : [checked.error] };
    }
    if (recorded.length > 0) return { subject, judge: "recordings", faults: missing(payload, shapeOf(recorded)) };
    const checked = this.#own.get(subject)?.(payload);
    return { subject, judge: "our schema", faults: checked && !checked.ok ? [checked.error] : [] };
  }
}

/** The result schema of `agent` speaks of its second answer; the first is judged by recordings. */
const isFirstOfTwo = (res: Res, method: string): boolean =>
  method === "agent" && Object(res.payload).status === "accepted";

const own = { res: checker(ResponseFrame), event: checker(EventFrame) };
const schemas: Readonly<Record<string, unknown>> = ProtocolSchemas;

/** The official schema of a subject; undefined when the package holds none. */
export function officialSchema(subject: string): TSchema | undefined {
  const [kind, name = ""] = subject.split(" ");
  const pascal = name.split(/[.-]/u).map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
  const key = NAMES[subject] ?? pascal + (kind === "event" ? "Event" : "Result");
  const schema = schemas[key];
  return typeof schema === "object" && schema !== null ? schema as TSchema : undefined;
}

/** Lines for people: which judge decided on what. */
export function report(verdicts: readonly Verdict[]): string {
  const judges: readonly Judge[] = ["official schema", "recordings", "our schema"];
  const lines = judges.map((judge) => {
    const subjects = new Set(verdicts.filter((verdict) => verdict.judge === judge).map((verdict) => verdict.subject));
    return `  judged by ${judge} (${subjects.size}): ${[...subjects].sort().join(", ")}`;
  });
  const known = [...DISAGREEMENTS].map(([subject, why]) => `  ${subject}: ${why}`);
  return ["", ...lines, "  known disagreements of the official schema with the official recordings:", ...known].join(
    "\n",
  );
}
