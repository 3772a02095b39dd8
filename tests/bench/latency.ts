/**
 * What a message of a person waits for inside the gateway: from the platform's event to the start of the run, and from the
 * end of the run to the call at the platform. Once with nothing else to do, and while another account is flooded.
 */
import type { Json } from "../helpers/client.ts";
import { openDb } from "../../gateway/storage/db.ts";
import { FAKE_MAIN, ROOT, TestGateway } from "../helpers/gateway.ts";
import { within } from "../helpers/wait.ts";
import { type FakePlatform, type SeenCall, startFakePlatform } from "../servers/fake/platform.ts";
import { open } from "./load.ts";
import { quantile, Target } from "./target.ts";

const CALM = "calm";
const WILD = "wild";
const WARM_UP = 20;
const MESSAGES = 200;

export interface Latency {
  readonly toRun: { readonly medianMs: number; readonly p99Ms: number };
  readonly toCall: { readonly medianMs: number; readonly p99Ms: number };
  /** Messages of the flood that the gateway took a second. */
  readonly floodPerSecond: number;
}

/** What the flooded account does with a stranger: refuses, or lets the agent answer. */
export type Flood = "none" | "refused" | "answered";

/** `modelConfig`: the parts of a configuration that make the bench's model the default one. */
export async function measureLatency(flood: Flood, modelConfig: Json): Promise<Latency> {
  const talk = new Talk();
  await using platform = startFakePlatform({ answer: talk.onCall });
  await using flooder = await startFlooder();
  const strangers = flood === "answered" ? { dmPolicy: "open", allowFrom: ["*"] } : { dmPolicy: "allowlist" };
  const accounts = {
    [CALM]: { url: platform.url, dmPolicy: "open", allowFrom: ["*"] },
    [WILD]: { url: flooder.url, ...strangers },
  };
  await using gateway = await TestGateway.start({
    main: FAKE_MAIN,
    config: { ...modelConfig, session: { dmScope: "per-account-channel-peer" }, channels: { fake: { accounts } } },
  });
  await platform.waitConnected();
  const client = await open(new Target("gateway", gateway.url, gateway.token, gateway.pid));
  client.onAgent = talk.onAgent;
  for (let index = 0; index < WARM_UP; index++) await talk.say(platform);
  if (flood !== "none") await flooder.begin();
  const began = performance.now();
  const waits: Waits[] = [];
  while (waits.length < MESSAGES) waits.push(await talk.say(platform));
  const seconds = (performance.now() - began) / 1_000;
  client.close();
  const floodPerSecond = await taken(gateway) / seconds;
  if (flood !== "none" && floodPerSecond === 0) throw new Error("Cannot measure beside a flood: there was none");
  return { toRun: spread(waits.map((w) => w.toRunMs)), toCall: spread(waits.map((w) => w.toCallMs)), floodPerSecond };
}

interface Waits {
  readonly toRunMs: number;
  readonly toCallMs: number;
}

/** A person who says a word, waits for the answer and says the next one. */
class Talk {
  #platform: FakePlatform | undefined;
  #origin = 0;
  #saidAt = 0;
  #runAt: number | undefined;
  #endAt: number | undefined;
  #callAt: number | undefined;
  #done = Promise.withResolvers<Waits>();

  async say(platform: FakePlatform): Promise<Waits> {
    [this.#runAt, this.#endAt, this.#callAt] = [undefined, undefined, undefined];
    this.#done = Promise.withResolvers();
    this.#platform = platform;
    this.#origin = wallClockOrigin();
    this.#saidAt = performance.now();
    platform.say("echo:word", { chatId: "talk" });
    return await within("an answer", this.#done.promise, 60_000);
  }

  /** Of the agent's events. The start counts when it is heard of; the end when the gateway says that it was. */
  readonly onAgent = ({ sessionKey, stream, data, ts }: Record<string, unknown>): void => {
    if (!String(sessionKey).includes(`:${CALM}:`)) return;
    // Nagle: the runtime's WebSocket keeps a small frame back while an earlier one waits for its TCP acknowledgement, up to
    // 40 ms. Any frame of ours brings it at once, as an answering platform would.
    this.#platform?.order({ do: "alive" });
    if (stream !== "lifecycle") return;
    if (Object(data).phase === "start") this.#runAt = performance.now();
    else this.#endAt = Number(ts) - this.#origin;
    this.#finish();
  };

  readonly onCall = ({ at, time }: SeenCall): { readonly value: Record<string, unknown> } => {
    if (at === "send") this.#callAt = time;
    this.#finish();
    return { value: {} };
  };

  #finish(): void {
    if (this.#runAt === undefined || this.#endAt === undefined || this.#callAt === undefined) return;
    this.#done.resolve({ toRunMs: this.#runAt - this.#saidAt, toCallMs: this.#callAt - this.#endAt });
  }
}

/**
 * The wall clock's time when `performance.now()` was zero, read where a millisecond begins. `performance.timeOrigin` is
 * that of the process's start: a wall clock that was adjusted since is several milliseconds away from it.
 */
function wallClockOrigin(): number {
  const before = Date.now();
  while (Date.now() === before);
  return Date.now() - performance.now();
}

interface Flooder extends AsyncDisposable {
  readonly url: string;
  begin(): Promise<void>;
}

async function startFlooder(): Promise<Flooder> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--cached-only", "--no-prompt", "--allow-net=127.0.0.1", `${ROOT}tests/bench/flood_process.ts`],
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  const stdin = child.stdin.getWriter();
  return {
    url: new TextDecoder().decode(value).trim(),
    begin: () => stdin.write(new TextEncoder().encode("\n")),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await stdin.abort().catch(() => {});
      await child.stdout.cancel();
      await child.status;
    },
  };
}

/** How much of the flood is in the inbox. */
async function taken(gateway: TestGateway): Promise<number> {
  const db = await openDb(`${gateway.stateDir}/gateway.sqlite`);
  try {
    return Number(db.get("SELECT count(*) AS count FROM inbox WHERE account = ?", WILD)?.["count"]);
  } finally {
    db.close();
  }
}

const spread = (values: readonly number[]) => ({ medianMs: quantile(values, 0.5), p99Ms: quantile(values, 0.99) });
