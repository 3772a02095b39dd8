/** Handshakes without a socket: a real store in memory, a clock that stands still, a bus that records. */
import { createAuth } from "../../gateway/auth/create.ts";
import { type HostFacts, knownHosts } from "../../gateway/auth/known_hosts.ts";
import { configFromText } from "../../gateway/config/load.ts";
import type { Config } from "../../gateway/config/types.ts";
import type { Bus } from "../../gateway/bus.ts";
import { Handshake, type HandshakeOutcome, type Peer } from "../../gateway/connection/handshake.ts";
import { silentLog } from "../../gateway/observe/log.ts";
import { type Db, memoryDb } from "../../gateway/storage/db.ts";
import { type ConnectOptions, connectParams } from "./connect_params.ts";
import { FakeClock } from "./fake_clock.ts";

export const SECRET = "shared-secret-of-the-test";
export const HOST = "127.0.0.1:18789";

export type Where = "local" | "remote" | Partial<Omit<Peer, "headers">> & { headers?: Record<string, string> };

export interface World {
  readonly clock: FakeClock;
  readonly db: Db;
  readonly config: Config;
  readonly auth: ReturnType<typeof createAuth>;
  /** Every published event. */
  readonly events: { readonly event: string; readonly payload: Record<string, unknown> }[];
  open(where?: Where): Handshake;
  /** One connect from `where`; v2 and v3 proofs use the clock of the test. */
  connect(options: ConnectOptions, where?: Where): Promise<HandshakeOutcome>;
}

/**
 * `gateway`: that part of the configuration; default: mode token with SECRET. `unset`: as if the secret of this mode had
 * been lost, which the configuration's reader itself does not let happen.
 */
export async function makeWorld(
  gateway: Record<string, unknown> = {},
  facts: Partial<HostFacts> = {},
  unset?: "token" | "password",
): Promise<World> {
  const clock = new FakeClock();
  const db = memoryDb();
  const read = await testConfig({ auth: { mode: "token", token: SECRET }, ...gateway });
  const config = unset === undefined ? read : withoutSecret(read, unset);
  const hosts = knownHosts({
    hostname: "box",
    interfaces: ["127.0.0.1", "::1", "192.168.1.5", "100.101.102.103"],
    bound: ["127.0.0.1"],
    publicUrl: config.gateway.publicUrl,
    ...facts,
  });
  const auth = createAuth({ config, clock, db, hosts });
  const events: World["events"] = [];
  const bus: Bus = {
    publish: (event, payload) => void events.push({ event: event.name, payload: { ...Object(payload) } }),
  };
  let sockets = 0;
  const open = (where: Where = "local") =>
    new Handshake({ ...auth, config, clock, log: silentLog, bus }, peerAt(where), `conn-${++sockets}`);
  return {
    clock,
    db,
    config,
    auth,
    events,
    open,
    connect(options, where) {
      const handshake = open(where);
      return handshake.connect(connectParams({ signedAt: clock.now(), ...options }, handshake.challenge));
    },
  };
}

function peerAt(where: Where): Peer {
  const base = { address: "127.0.0.1", host: HOST, origin: undefined, secure: false };
  const over = where === "local" ? {} : where === "remote" ? { address: "9.9.9.9" } : where;
  const { headers = {}, ...rest } = over;
  return { ...base, ...rest, headers: { get: (name) => headers[name] } };
}

const withoutSecret = (config: Config, mode: "token" | "password"): Config => ({
  ...config,
  gateway: { ...config.gateway, auth: { mode, token: undefined, password: undefined } },
});

async function testConfig(gateway: Record<string, unknown>): Promise<Config> {
  const folder = "/nonexistent";
  const paths = {
    stateDir: folder,
    configPath: `${folder}/openclaw.json`,
    configDir: folder,
    projectDir: folder,
    staticDir: folder,
    hostLockDir: undefined,
  };
  const { config } = await configFromText(JSON.stringify({ gateway }), { env: { get: () => undefined }, paths });
  if (config.issues.length > 0) throw new Error(`Cannot build test configuration: ${JSON.stringify(config.issues)}`);
  return config;
}
