/**
 * Who says whether a frame of ours is right: the official schema package where it holds a schema, else the recorded frames
 * of the official gateways, else our own schema. The official recordings overrule the official schema where they differ.
 */
import { ProtocolSchemas } from "@openclaw/gateway-protocol/schema";
import { METHODS } from "../../gateway/rpc/registry.ts";
import { EVENTS } from "../../schemas/event/mod.ts";
import { EventFrame, ResponseFrame } from "../../schemas/frame.ts";
import { type TSchema, Type } from "../../schemas/primitives.ts";
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

/** Where the official schema refuses what the official gateways were recorded sending: there the recordings judge. */
export const DISAGREEMENTS: ReadonlyMap<string, { readonly fault: RegExp; readonly why: string }> = new Map([
  ["result connect", {
    fault: /^at \/auth: unexpected property 'method'$/u,
    why: "the schema has no auth.method; 2026.9.6 sends it with every hello",
  }],
  ["event agent", {
    fault: /^at root: unexpected property '(sessionKey|agentId)'$/u,
    why: "the schema has no sessionKey and no agentId; both recorded gateways send sessionKey",
  }],
  ["event shutdown", {
    fault: /^at \/restartExpectedMs: must be integer$/u,
    why: "the schema wants an integer restartExpectedMs; the gateways send null for a plain stop",
  }],
]);

/** Members that every recording holds and that we do not send, and why a client does not miss them. */
export const WAIVED: readonly (readonly [subject: string, path: RegExp, why: string])[] = [
  [
    "result agent",
    /^\/result\/meta\/(agentMeta\/(lastCallUsage|promptTokens)|systemPromptReport)$/u,
    "the recorded agent's account of its own prompt; no client reads it",
  ],
  ["result chat.history", /^\/messages\/\d+\/content\/\d+\/(text|thinking)$/u, "content parts differ by their kind"],
  [
    "result sessions.patch",
    /^\/entry\/(abortedLastRun|chatType|compactionCount|skillsSnapshot)$/u,
    "optional in the facts: no compaction, no skills; the flag is there only when true",
  ],
  ["result sessions.list", /^\/sessions\/\d+\/abortedLastRun$/u, "optional in the facts: there only when true"],
  ["result node.invoke", /^\/payload\/\w+$/u, "the payload belongs to the command"],
  ["result node.pair.approve", /^\/node\/lastSeenReason$/u, "a word for people; no client reads it"],
  [
    "event node.pair.requested",
    /^\/(clientId|clientMode|platform|version|deviceFamily|silent)$/u,
    "optional in the facts: what was asked for by node.pair.request names no client",
  ],
  ["event agent", /^\/data\/(args\/\w+|meta)$/u, "arguments belong to the tool; meta is optional in the facts"],
];

/** Official names that do not follow `<Method>Result` and `<Event>Event`. */
const NAMES: Readonly<Record<string, string>> = {
  "result connect": "HelloOk",
  "result config.schema": "ConfigSchemaResponse",
  "result agent.identity.get": "AgentIdentityResult",
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
    const official = officialFrame[frame.type](frame);
    if (!official.ok) return [`official envelope: ${official.error}`];
    if (frame.type === "res" && !frame.ok) return [];
    if (frame.type === "res" && (method === undefined || method === "connect")) {
      return [];
    }
    const subject = frame.type === "event" ? `event ${frame.event}` : `result ${method}`;
    const check = this.#own.get(subject);
    if (!check) return frame.type === "event" ? [`${subject} is not declared`] : [];
    const checked = check(frame.payload);
    return checked.ok ? [] : [`${subject}: ${checked.error}`];
  }

  #judge(subject: string, payload: unknown, recorded: readonly unknown[]): Verdict {
    const faults = this.#officialFaults(subject, payload);
    const known = DISAGREEMENTS.get(subject);
    const overruled = known !== undefined && faults !== undefined && faults.length > 0 &&
      faults.every((fault) => known.fault.test(fault));
    if (faults && !overruled) return { subject, judge: "official schema", faults };
    if (recorded.length > 0) {
      const lacks = missing(payload, shapeOf(recorded)).filter((fault) => !isWaived(subject, fault));
      return { subject, judge: "recordings", faults: lacks };
    }
    const checked = this.#own.get(subject)?.(payload);
    return { subject, judge: "our schema", faults: checked && !checked.ok ? [checked.error] : [] };
  }

  #officialFaults(subject: string, payload: unknown): string[] | undefined {
    const schema = officialSchema(subject);
    if (!schema) return undefined;
    let check = this.#official.get(subject);
    if (!check) this.#official.set(subject, check = checker(schema));
    const checked = check(payload);
    return checked.ok ? [] : checked.error.split("; ");
  }
}

const isWaived = (subject: string, fault: string): boolean =>
  WAIVED.some(([of, path]) => of === subject && path.test(fault.replace(/: is missing$/u, "")));

const own = { res: checker(ResponseFrame), event: checker(EventFrame) };
const schemas: Readonly<Record<string, unknown>> = ProtocolSchemas;
const PRESENCE = Type.Unsafe(ProtocolSchemas.PresenceEntry);
/** The official envelopes judge every frame, whatever it carries. */
const officialFrame = {
  res: checker(Type.Unsafe(ProtocolSchemas.ResponseFrame)),
  event: checker(Type.Unsafe(ProtocolSchemas.EventFrame)),
};

/** The official schema of a subject; undefined when the package holds none. */
export function officialSchema(subject: string): TSchema | undefined {
  if (subject === "result system-presence") return Type.Array(PRESENCE);
  if (subject === "event presence") {
    return Type.Object({ presence: Type.Array(PRESENCE) }, { additionalProperties: false });
  }
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
  const known = [...DISAGREEMENTS].map(([subject, { why }]) => `    ${subject}: ${why}`);
  const waived = WAIVED.map(([subject, path, why]) => `    ${subject} ${path.source.replaceAll("\\/", "/")}: ${why}`);
  return [
    "",
    ...lines,
    "  known disagreements of the official schema with the official recordings:",
    ...known,
    "  recorded members that we do not send:",
    ...waived,
  ].join("\n");
}
