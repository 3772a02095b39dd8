/** Frames that no client should send, from a fixed seed: malformed, truncated, deep, oversized, type-confused. */

/** A small generator of numbers (xorshift): the same seed gives the same frames on every machine. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }
  /** A whole number from 0 to `below` - 1. */
  int(below: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % below;
  }
  pick<T>(values: readonly T[]): T {
    const value = values[this.int(values.length)];
    if (value === undefined) throw new Error("Cannot pick: list is empty");
    return value;
  }
}

export type Frame = string | Uint8Array;

const WEIRD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  1.5,
  "",
  "x",
  "\u0000",
  "\ud800",
  "__proto__",
  "constructor",
  [],
  {},
  [[[[]]]],
  { toString: 1 },
  { length: 1e9 },
  "a".repeat(5000),
  Number.MAX_SAFE_INTEGER,
  "agent:main:main",
  "../../etc/passwd",
  "'; DROP TABLE session; --",
];

const KEYS = [
  "sessionKey",
  "message",
  "idempotencyKey",
  "key",
  "keys",
  "limit",
  "runId",
  "timeoutMs",
  "requestId",
  "deviceId",
  "role",
  "scopes",
  "to",
  "channel",
  "attachments",
  "text",
  "probe",
  "agentId",
  "__proto__",
  "constructor",
  "toJSON",
  "then",
] as const;

/** One bad frame. Some are well-formed requests with wrong content, so that methods see them too. */
export function badFrame(random: Random, methods: readonly string[], id: number): Frame {
  const kinds = [truncated, garbage, bytes, typeConfused, wrongEnvelope, deep, weirdParams, weirdParams, bigParams];
  return random.pick(kinds)(random, methods, id);
}

type Maker = (random: Random, methods: readonly string[], id: number) => Frame;

const request = (id: unknown, method: unknown, params: unknown): string =>
  JSON.stringify({ type: "req", id, method, params });

const truncated: Maker = (random, methods, id) => {
  const text = request(`f${id}`, random.pick(methods), { sessionKey: "main", message: "hello" });
  return text.slice(0, random.int(text.length));
};

const garbage: Maker = (random) =>
  Array.from({ length: random.int(200) }, () => String.fromCharCode(random.int(0xd7ff))).join("");

const bytes: Maker = (random) => Uint8Array.from({ length: random.int(300) }, () => random.int(256));

const typeConfused: Maker = (random) => request(random.pick(WEIRD), random.pick(WEIRD), random.pick(WEIRD));

const wrongEnvelope: Maker = (random, methods, id) => {
  const frame: Record<string, unknown> = { type: "req", id: `f${id}`, method: random.pick(methods), params: {} };
  frame[random.pick(["type", "id", "method", "params", "extra"])] = random.pick(WEIRD);
  if (random.int(3) === 0) delete frame[random.pick(["type", "id", "method"])];
  return JSON.stringify(frame);
};

/** Far deeper than any parser's stack likes; both closed and left open. */
const deep: Maker = (random, methods, id) => {
  const depth = random.pick([100, 2_000, 20_000]);
  const [open, close] = random.pick([["[", "]"], ['{"a":', "}"]] as const);
  const core = open.repeat(depth) + "1" + (random.int(4) === 0 ? "" : close.repeat(depth));
  return `{"type":"req","id":"f${id}","method":"${random.pick(methods)}","params":${core}}`;
};

const weirdParams: Maker = (random, methods, id) => {
  const params = Object.fromEntries(
    Array.from({ length: random.int(5) }, () => [random.pick(KEYS), random.pick(WEIRD)]),
  );
  return request(`f${id}`, random.pick(methods), random.int(8) === 0 ? random.pick(WEIRD) : params);
};

/** Large, but below the limits: oversized ones close the socket and are sent by the test on sockets of their own. */
const bigParams: Maker = (random, methods, id) =>
  random.int(10) === 0
    ? request(`f${id}`, random.pick(methods), { text: "y".repeat(60_000), keys: Array(200).fill("k") })
    : request(`f${id}`, random.pick(methods), { keys: Array(50).fill(random.pick(WEIRD)) });
