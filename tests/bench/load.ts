/** The load generator: the same work against whatever speaks the protocol. Figures are plain numbers, see `Figures`. */
import { WebSocket } from "ws";
import { type Challenge, connectParams } from "../helpers/connect_params.ts";
import { type Identity, makeIdentity } from "../helpers/identity.ts";
import { pause } from "../helpers/wait.ts";
import { quantile, type Target } from "./target.ts";

export interface Figures {
  readonly handshakeMs: number;
  readonly handshakeCpuMs: number;
  readonly healthPerSecond: number;
  readonly healthCpuUs: number;
  readonly kbPerClient: number;
  readonly burstPerSecond: number;
  readonly burstCpuUs: number;
  readonly lagMedianMs: number;
  readonly lagP99Ms: number;
  readonly firstTokenMs: number;
  readonly runMs: number;
  readonly runCpuMs: number;
  readonly runsPerSecond: number;
  readonly rssAfterMb: number;
  readonly rssSettledMb: number;
}

type Frame = { type: string; id?: string; ok?: boolean; event?: string; payload?: Record<string, unknown> };

/** A client with nothing but what the measurements need. */
class Client {
  readonly #pending = new Map<string, (frame: Frame) => boolean>();
  onAgent: ((payload: Record<string, unknown>) => void) | undefined;
  #next = 0;
  private constructor(private readonly socket: WebSocket) {}

  static open(target: Target, identity: Identity): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(target.url, { perMessageDeflate: false, maxPayload: 64 << 20 });
      const client = new Client(socket);
      socket.on("error", reject);
      socket.on("message", (data) => {
        const frame: Frame = JSON.parse(data.toString());
        if (frame.type === "res") client.#answer(frame);
        else if (frame.event === "agent") client.onAgent?.(frame.payload ?? {});
        else if (frame.event === "connect.challenge") {
          const { nonce, ts } = frame.payload ?? {};
          const challenge: Challenge = { nonce: String(nonce), ts: Number(ts) };
          const params = connectParams({
            token: target.token,
            device: identity,
            client: { id: "gateway-client", mode: "backend" },
            scopes: ["operator.read", "operator.write", "operator.admin"],
          }, challenge);
          client.request("connect", params).then(() => resolve(client), reject);
        }
      });
    });
  }

  /** The payload of the answer; with `final` that of the second one. */
  request(method: string, params: unknown, final = false): Promise<Record<string, unknown>> {
    const id = String(++this.#next);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, (frame) => {
        if (!frame.ok) reject(new Error(`${method}: ${JSON.stringify(frame)}`));
        else if (final && frame.payload?.["status"] === "accepted") return false;
        else resolve(frame.payload ?? {});
        return true;
      });
      this.socket.send(JSON.stringify({ type: "req", id, method, params }));
    });
  }

  close(): void {
    this.socket.terminate();
  }

  #answer(frame: Frame): void {
    if (this.#pending.get(frame.id ?? "")?.(frame)) this.#pending.delete(frame.id ?? "");
  }
}

const identity = makeIdentity();
/** A client of the bench's own device, with the usual scopes. */
export const open = (target: Target): Promise<Client> => Client.open(target, identity);

async function many(target: Target, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const batch = Math.min(50, count - clients.length);
    clients.push(...await Promise.all(Array.from({ length: batch }, () => open(target))));
  }
  return clients;
}

const closeAll = (clients: readonly Client[]): void => clients.forEach((client) => client.close());

/** All measurements, in the order in which a gateway lives: idle first, loaded last. */
export async function measure(target: Target): Promise<Figures> {
  const figures = {
    ...await handshakes(target),
    ...await health(target),
    ...await idleClients(target),
    ...await fanOut(target),
    ...await runs(target),
  };
  await pause(1_500);
  const rssAfterMb = target.rss();
  // The engine gives memory back some seconds after the last work.
  await pause(20_000);
  return { ...figures, rssAfterMb, rssSettledMb: target.rss() };
}

async function handshakes(target: Target) {
  const times: number[] = [];
  for (let i = 0; i < 60; i++) {
    const started = performance.now();
    const client = await open(target);
    if (i >= 10) times.push(performance.now() - started);
    client.close();
  }
  const total = 400;
  const cpu = target.cpu();
  let left = total;
  const lane = async () => {
    while (left-- > 0) (await open(target)).close();
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  return { handshakeMs: quantile(times, 0.5), handshakeCpuMs: (target.cpu() - cpu) / total };
}

async function health(target: Target) {
  const clients = await many(target, 16);
  const ask = async (total: number) => {
    let left = total;
    const lane = async (client: Client) => {
      while (left-- > 0) await client.request("health", {});
    };
    await Promise.all(clients.flatMap((client) => Array.from({ length: 8 }, () => lane(client))));
  };
  await ask(4_000);
  const total = 24_000;
  const [cpu, started] = [target.cpu(), performance.now()];
  await ask(total);
  const seconds = (performance.now() - started) / 1_000;
  closeAll(clients);
  return { healthPerSecond: total / seconds, healthCpuUs: (target.cpu() - cpu) * 1_000 / total };
}

async function idleClients(target: Target) {
  const count = 2_000;
  const before = target.rss();
  const clients = await many(target, count);
  await pause(2_000);
  const kbPerClient = (target.rss() - before) * 1024 / count;
  closeAll(clients);
  await pause(1_000);
  return { kbPerClient };
}

/** Two runs streamed to 200 clients: paced (what a user feels) and all at once (what the server can carry). */
async function fanOut(target: Target) {
  const driver = await open(target);
  const clients = await many(target, 200);
  let received = 0;
  let last = 0;
  let lags: number[] = [];
  for (const client of clients) {
    client.onAgent = ({ ts }) => {
      received++;
      last = performance.now();
      lags.push(Date.now() - Number(ts));
    };
  }
  const stream = async (message: string) => {
    [received, lags] = [0, []];
    const [cpu, started] = [target.cpu(), performance.now()];
    await run(driver, message, "main");
    for (let seen = -1; seen !== received;) {
      seen = received;
      await pause(400);
    }
    return { perSecond: received * 1_000 / (last - started), cpuUs: (target.cpu() - cpu) * 1_000 / received, lags };
  };
  const paced = await stream("bench:400:2");
  const burst = await stream("bench:2000:0");
  closeAll([driver, ...clients]);
  return {
    burstPerSecond: burst.perSecond,
    burstCpuUs: burst.cpuUs,
    lagMedianMs: quantile(paced.lags, 0.5),
    lagP99Ms: quantile(paced.lags, 0.99),
  };
}

const run = (client: Client, message: string, sessionKey: string) =>
  client.request("agent", { message, sessionKey, idempotencyKey: crypto.randomUUID() }, true);

async function runs(target: Target) {
  const client = await open(target);
  const first: number[] = [];
  const whole: number[] = [];
  for (let i = 0; i < 20; i++) {
    const started = performance.now();
    let seen = false;
    client.onAgent = ({ stream }) => {
      if (seen || stream !== "assistant") return;
      seen = true;
      first.push(performance.now() - started);
    };
    await run(client, "bench:20:0", "agent:main:bench");
    whole.push(performance.now() - started);
  }
  client.onAgent = undefined;
  const total = 200;
  let left = total;
  const lane = async (_: unknown, index: number) => {
    while (left-- > 0) await run(client, "bench:20:0", `agent:main:lane${index}`);
  };
  const [cpu, started] = [target.cpu(), performance.now()];
  await Promise.all(Array.from({ length: 4 }, lane));
  const seconds = (performance.now() - started) / 1_000;
  client.close();
  return {
    firstTokenMs: quantile(first, 0.5),
    runMs: quantile(whole, 0.5),
    runCpuMs: (target.cpu() - cpu) / total,
    runsPerSecond: total / seconds,
  };
}
